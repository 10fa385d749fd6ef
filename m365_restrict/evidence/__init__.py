"""What runs saw, kept as they saw it, and runs performed again from it (docs/evidence.md)."""
