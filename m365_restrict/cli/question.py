"""What `explain` is asked: an address, or the headers of a message file."""

from pathlib import Path

from m365_restrict.cli.request import Request
from m365_restrict.errors import ConfigurationError
from m365_restrict.explaining.mail import (
    MessageHeaders,
    Question,
    question_about,
    question_about_message,
    read_sender,
)

_LONGEST_HEADERS = 256 * 1024
"""Bytes. Exchange takes no more than this of headers, so a file that goes on is no message."""


def question_of(request: Request) -> Question:
    """The question. ConfigurationError for what is no address, and for a file that is no message."""
    if request.message is None:
        return question_about(request.address, request.recipients)
    envelope = request.envelope_from
    headers = MessageHeaders(
        raw=_headers_of(request.message),
        size=request.message.stat().st_size,
        envelope_from=read_sender(envelope) if envelope else envelope,
    )
    return question_about_message(headers, request.recipients)


def _headers_of(path: Path) -> bytes:
    """The lines up to the first empty one; what stands below is never read."""
    lines: list[bytes] = []
    length = 0
    try:
        with path.open("rb") as file:
            for line in file:
                length += len(line)
                if not line.strip(b"\r\n") or length > _LONGEST_HEADERS:
                    break
                lines.append(line)
    except OSError as error:
        raise ConfigurationError(
            f"The message {path} cannot be read: {error}", advice="Correct the path at --message."
        ) from error
    if not any(b":" in line for line in lines) or length > _LONGEST_HEADERS:
        raise ConfigurationError(
            f"{path} is no message with headers.", advice="Save the message as .eml and give that file."
        )
    return b"".join(lines)
