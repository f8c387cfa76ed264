"""What is written: rule packs, how their spellings are read, edits to them on disk."""
