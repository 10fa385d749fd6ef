"""The only code that talks to Microsoft 365.

Readers and writers are separate types with separate credentials. Asynchronous: `session.open_readers`
and `session.open_writers` open and close everything else here.
"""
