"""What others tell of changes and approvals: the audit log, and a snapshot of the configuration."""
