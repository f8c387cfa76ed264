"""Candidates: the places of a text that read or sound like a phrase of the rules."""
