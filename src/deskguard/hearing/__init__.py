"""Sound to words: capture, VAD, endpointing, recognition."""
