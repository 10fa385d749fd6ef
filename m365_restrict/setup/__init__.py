"""Making and completing the lists, once: what is missing, and doing it."""
