"""The staff page: one clerk at one window, on this computer only."""
