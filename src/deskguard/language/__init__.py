"""Text, sound and words of Mandarin: what is the same, how it is spoken, where words end."""
