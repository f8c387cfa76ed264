"""Routes that speak JSON."""
