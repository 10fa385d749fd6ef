"""Log lines, without addresses or secrets."""
