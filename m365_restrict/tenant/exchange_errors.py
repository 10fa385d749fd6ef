"""What an error answer of the Exchange admin endpoint really says (exchange.md 1.7)."""

import base64
import binascii
import json
import re
from collections.abc import Mapping

_CONCURRENCY = "maximum number of concurrent requests"
_TRANSIENT_WORDS = (
    "CmdletProxyNotAvailableFailure",
    "ServerBusyException",
    "TransientException",
    "BackendCommunicationException",
    "issue may be transient",
    "UnableToWriteToAadException",
)
_PARTS = 3
_UNAUTHORIZED = 401
_CLAIMS = re.compile(r'claims="([^"]+)"', re.IGNORECASE)


def error_text(body: bytes) -> tuple[str, str]:
    """The error's type and its text; ("", "") for a body of NUL bytes, which is how a refusal looks.

    `error.message` is useless ("Invalid Operation"), so the inner exception comes first, then `details`.
    Keys are read without regard to case. A text `ErrorId|Type|Text` is split at the first two bars.
    """
    plain = body.strip(b"\x00 \r\n\t")
    if not plain:
        return "", ""
    try:
        parsed = json.loads(plain)
    except ValueError:
        return "", plain.decode("utf-8", "replace")[:300]
    error = _member(parsed, "error")
    inner = _member(_member(error, "innererror"), "internalexception")
    details = _member(error, "details")
    first = details[0] if isinstance(details, list) and details else None
    for source in (inner, first, error):
        text = _member(source, "message")
        if isinstance(text, str) and text:
            kind, shown = _split(text)
            return kind or _type_of(inner, error), shown
    return _type_of(inner, error), ""


def challenged_claims(status: int, challenge: str | None) -> str:
    """The claims that a new token must carry, or "" where a refusal asks for no other token.

    `challenge` is the WWW-Authenticate header of a 401; it holds them in base 64 (exchange.md 1.8).
    """
    found = _CLAIMS.search(challenge or "") if status == _UNAUTHORIZED else None
    if found is None:
        return ""
    encoded = found[1].replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def is_concurrency_refusal(text: str) -> bool:
    """Whether the tenant's limit of parallel cmdlets was hit, which comes as plain text (exchange.md 1.7)."""
    return _CONCURRENCY in text.lower()


def is_transient_text(text: str) -> bool:
    """Whether an error of any status names a passing fault (exchange.md 1.9)."""
    return any(word in text for word in _TRANSIENT_WORDS)


def _split(text: str) -> tuple[str, str]:
    parts = text.split("|", _PARTS - 1)
    if len(parts) < _PARTS:
        return "", text
    return parts[1].rpartition(".")[2], parts[2]


def _type_of(inner: object, error: object) -> str:
    for source, key in ((inner, "type"), (error, "code")):
        value = _member(source, key)
        if isinstance(value, str) and value:
            return value.rpartition(".")[2]
    return ""


def _member(source: object, name: str) -> object:
    if not isinstance(source, Mapping):
        return None
    return next((value for key, value in source.items() if str(key).lower() == name), None)
