"""Counts over time: from roll-ups of what desks report, and from the night's results."""
