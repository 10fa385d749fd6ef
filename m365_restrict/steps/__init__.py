"""The steps of the main path, one module each, and what they hand on to one another."""
