"""Hits: candidates followed from hypothesis to hypothesis, believed, confirmed or withdrawn."""
