"""All that is held about one person."""
