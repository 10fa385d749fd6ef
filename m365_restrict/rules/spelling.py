"""Recipients that Graph shows by another name than the address that was sent (graph.md 1.6: unknown).

Whom such a name stands for is never guessed. Right after a write of ours it can only be whom was sent, and it
is remembered; later that very name, and no other, means the same.
"""

from m365_restrict.rules.observed import Properties, PropertyValue, Spelling, Spellings
from m365_restrict.rules.properties import INBOX_REDIRECT, INBOX_SENDERS

_RECIPIENTS = (INBOX_SENDERS, INBOX_REDIRECT)


def learned(sent: Properties, found: Properties) -> Spellings:
    """How a list came back right after `sent` was written: as many names as addresses are missing."""
    spellings = {}
    for field in _RECIPIENTS:
        wanted, shown = _list(sent, field), _list(found, field)
        names, missing = _names(shown), tuple(sorted(set(wanted) - set(shown)))
        if names and len(names) == len(missing):
            spellings[field] = Spelling(names=names, addresses=missing)
    return spellings


def known(found: Properties, spellings: Spellings) -> Spellings:
    """Those that say all names of their list, which so hold here."""
    return {field: one for field, one in spellings.items() if one.names == _names(_list(found, field))}


def with_known_addresses(found: Properties, spellings: Spellings) -> Properties:
    """The same with the address in place of each name whose spelling holds here."""
    resolved: dict[str, PropertyValue] = {}
    for field, one in known(found, spellings).items():
        resolved[field] = tuple(sorted(set(_list(found, field)) - set(one.names) | set(one.addresses)))
    return {**found, **resolved}


def _list(properties: Properties, field: str) -> tuple[str, ...]:
    value = properties.get(field)
    return value if isinstance(value, tuple) else ()


def _names(shown: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(one for one in shown if "@" not in one))
