"""Writes in the tenant, each read back before it counts."""
