"""What a run says of what it found: findings, problems, and how each case stands."""
