"""Rebuilding a lost ledger from what the tenant holds: rules by stamp and token, lists by their columns."""
