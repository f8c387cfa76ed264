"""The night at work: recordings in, examined one by one on one machine or many, into the store and into reports."""
