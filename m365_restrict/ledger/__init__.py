"""The database: runs, applied state, approval evidence, the lease."""
