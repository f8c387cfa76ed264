"""The night at work: recordings in, examined on one machine or many, into the store and into reports."""
