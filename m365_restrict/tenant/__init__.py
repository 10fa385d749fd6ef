"""The only code that talks to Microsoft 365."""
