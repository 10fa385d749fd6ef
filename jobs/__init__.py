"""Scheduled jobs, each a few lines over the package."""
