"""Two microphones with clocks of their own, joined into one stream of two channels."""
