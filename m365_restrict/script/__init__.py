"""The PowerShell by which an administrator makes the planned changes by hand (design.md 4, `script`)."""
