"""From a hypothesis to hits: candidates, the second look, meaning, and the states of a hit."""
