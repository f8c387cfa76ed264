"""Where a visit begins and ends, what was said in it, what was not, and how."""
