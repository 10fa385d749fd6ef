"""The command line: every verb parses, calls the main path, and renders."""
