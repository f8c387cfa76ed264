"""How long what is kept: retention, what is told or deleted of a person, backup and restore."""
