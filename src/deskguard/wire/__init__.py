"""What travels between a desk and the hall's server: events, batches of them, and their names."""
