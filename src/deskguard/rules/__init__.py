"""Words to candidates: one sameness of text, rule packs, spotting."""
