"""`doctor`: whether everything around the rules is as it must be, and what only this tenant can answer."""
