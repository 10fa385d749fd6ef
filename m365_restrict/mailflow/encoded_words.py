"""The text behind the encoded words of a header field (RFC 2047), in a time that its sender cannot choose."""

import email.errors
import email.header

LONGEST_DECODED = 4096
"""Characters that are decoded. Reading encoded words takes time by the square of their number."""


def decoded(value: str) -> str:
    """The text behind encoded words; the text itself where they cannot be read, or stand too far back."""
    head, tail = value[:LONGEST_DECODED], value[LONGEST_DECODED:]
    try:
        shown = str(email.header.make_header(email.header.decode_header(head)))
    except (email.errors.MessageError, ValueError, LookupError):
        shown = head
    return (shown + tail).encode("utf-8", "replace").decode("utf-8")
