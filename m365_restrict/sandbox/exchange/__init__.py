"""Exchange administration in the sandbox: the cmdlets behind InvokeCommand (exchange.md 1)."""
