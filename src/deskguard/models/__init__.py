"""Weights on disk: which models there are, where they come from, and whether a folder holds one."""
