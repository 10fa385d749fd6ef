"""Did it work: what became of the mail of cases, and whether single contacts' mailboxes are read."""
