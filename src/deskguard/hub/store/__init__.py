"""The hall's tables, beside the night's in the same database."""
