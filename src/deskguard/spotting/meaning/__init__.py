"""What a candidate means where it stands: conditions of the packs, laid over what was said around it."""
