"""The hall's server: what the windows report to, and what supervisors look at."""
