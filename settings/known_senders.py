"""Senders that are known beforehand: those that ship in never_restrict.toml, and the council's own."""

import tomllib
from importlib.resources import files

from m365_restrict.policy.known_senders import KnownSenders


def known_senders(own: tuple[str, ...]) -> KnownSenders:
    """The shipped list with the council's own addresses and domains (with or without a leading @)."""
    text = (files("settings") / "never_restrict.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    return KnownSenders(
        never_restrict=frozenset(data["domains"]) | {entry.removeprefix("@") for entry in own},
        providers=frozenset(data["providers"]),
        dot_blind=frozenset(data["dot_blind"]),
        same_provider=dict(data["same_provider"]),
    )
