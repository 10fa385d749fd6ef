"""What people decide at the keyboard, outside a run: accept a difference, open a case, look back, undo."""
