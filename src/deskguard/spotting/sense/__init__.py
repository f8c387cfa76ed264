"""Breaches in words that no list has: sentences weighed as a whole, by what such sentences are made of."""
