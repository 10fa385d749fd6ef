"""m365-restrict makes a council's restricted-contact decisions true in Microsoft 365 mail, and proves it."""

__version__ = "0.1.0"
