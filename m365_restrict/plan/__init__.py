"""The three-way difference, its classes, and the guards. Pure."""
