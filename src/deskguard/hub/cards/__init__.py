"""Scorecards in the hall: looked at, their blanks filled in, chosen for a standard from a day on."""
