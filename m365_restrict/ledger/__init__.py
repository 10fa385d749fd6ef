"""The database: runs, what was last applied, pinned approval evidence, and the lease.

`open_ledger` in `m365_restrict.ledger.ledger` is the way in.
"""
