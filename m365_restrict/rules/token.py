"""The 8 characters in an inbox rule's name that say it is ours: rules have no other place (graph.md 1.2)."""

import base64
import hashlib
import re

_HALF = 4
TOKEN_IN_NAME = re.compile(r"\[([a-z2-7]{8})\]\s*\Z")


def _short_hash(*parts: str) -> str:
    """4 base32 characters over the parts."""
    raw = hashlib.sha256("|".join(parts).encode()).digest()
    return base64.b32encode(raw).decode().lower()[:_HALF]


def token_for(key: str, instance_id: str) -> str:
    """4 characters from the rule's key and 4 that prove the instance."""
    first = _short_hash(instance_id, key)
    return first + _short_hash(instance_id, first)


def is_our_token(token: str, instance_id: str) -> bool:
    """Whether this instance made the token."""
    return len(token) == 2 * _HALF and token[_HALF:] == _short_hash(instance_id, token[:_HALF])


def token_in(display_name: str) -> str:
    """The token that ends a rule's name, or ""."""
    found = TOKEN_IN_NAME.search(display_name)
    return found.group(1) if found else ""
