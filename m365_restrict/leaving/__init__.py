"""Leaving: what somebody else needs to take over, and taking the installation out of use."""
