"""Findings before people: queues, blind double review, appeals, the clerk's own page, scorecards."""
