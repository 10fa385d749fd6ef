"""Composing the one report model from what a run found and what the ledger remembers (docs/reports.md)."""
