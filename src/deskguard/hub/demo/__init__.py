"""A believable month of a hall that does not exist, made by the real rules and the real scorer."""
