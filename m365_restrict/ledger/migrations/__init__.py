"""Alembic migrations. `open_ledger` runs them; nobody calls Alembic by hand."""
