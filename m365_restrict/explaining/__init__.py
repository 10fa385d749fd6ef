"""What would happen to mail from one address, and why."""
