"""The least that each application needs, and how a token's roles are held against it (graph.md 8)."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from m365_restrict.doctor.check import Check, bad, good, warning
from m365_restrict.doctor.codes import CheckCode

_CODE = CheckCode.TOKEN_ROLES
_WRITES = ("write", "manage", "fullcontrol", ".send")
_NAMES = {"graph": "Microsoft Graph", "exchange": "Exchange"}


class Need(StrEnum):
    """When a permission is needed."""

    ALWAYS = "always"
    MAIL_FLOW = "mail_flow"
    INBOX_RULES = "inbox_rules"
    NOTIFY = "notify"
    CREATE_FOLDERS = "create_folders"
    OPTIONAL = "optional"


@dataclass(frozen=True, kw_only=True)
class Permission:
    """One row of the table. `instead` are broader roles that do as well.

    `in_exchange`: it is given by a role in Exchange for some mailboxes, and is then in no token.
    """

    application: str
    resource: str
    name: str
    instead: frozenset[str]
    needed: Need
    in_exchange: bool
    why: str


@cache
def permission_table() -> tuple[Permission, ...]:
    """The table, which deploy/permissions/permissions.toml shows to administrators."""
    text = (files(__package__) / "permissions.toml").read_text(encoding="utf-8")
    return tuple(
        Permission(
            application=row["application"],
            resource=row["resource"],
            name=row["permission"],
            instead=frozenset(row.get("instead", ())),
            needed=Need(row["needed"]),
            in_exchange=row.get("scope") == "exchange",
            why=row["why"],
        )
        for row in tomllib.loads(text)["permission"]
    )


def judge_roles(
    application: str, resource: str, held: frozenset[str], in_use: frozenset[Need]
) -> Iterator[Check]:
    """What is missing and what is too much; one good line where neither is.

    `in_use` are the needs that the settings give rise to.
    """
    rows = [row for row in permission_table() if (row.application, row.resource) == (application, resource)]
    about = f"{application} application, {_NAMES.get(resource, resource)}"
    found = [*_missing(about, rows, held, in_use), *_too_much(about, rows, held, in_use)]
    yield from found or [good(_CODE, about, "It holds what it needs and nothing else.")]


def _missing(
    about: str, rows: list[Permission], held: frozenset[str], in_use: frozenset[Need]
) -> Iterator[Check]:
    for row in rows:
        if row.needed not in in_use or row.needed is Need.OPTIONAL or row.in_exchange:
            continue
        if held.isdisjoint({row.name, *row.instead}):
            yield bad(
                _CODE,
                about,
                f"It lacks {row.name}. {row.why}",
                f"Grant {row.name} with admin consent, and run again in some minutes.",
            )


def _too_much(
    about: str, rows: list[Permission], held: frozenset[str], in_use: frozenset[Need]
) -> Iterator[Check]:
    wanted = {row.name: row for row in rows}
    broader = {name: row for row in rows for name in row.instead}
    for role in sorted(held):
        row = wanted.get(role)
        if row is not None:
            yield from _granted(about, row, in_use)
        elif role in broader and broader[role].needed in in_use:
            yield from _broader(about, role, broader[role].name)
        else:
            yield _unneeded(about, role)


def _granted(about: str, row: Permission, in_use: frozenset[Need]) -> Iterator[Check]:
    if row.needed not in in_use and row.needed is not Need.OPTIONAL:
        yield warning(
            _CODE,
            about,
            f"It holds {row.name}, which these settings do not need.",
            f"Take {row.name} away from the application.",
        )
    elif row.in_exchange:
        yield warning(
            _CODE,
            about,
            f"It holds {row.name} by consent in Entra ID, which reaches every mailbox and cancels any limit.",
            "Assign the role in Exchange, limited to the mailboxes that need it, then take the consent away.",
        )


def _broader(about: str, role: str, least: str) -> Iterator[Check]:
    if about.startswith("reader") and _can_write(role):
        yield bad(
            _CODE,
            about,
            f"It holds {role}, so the application that only reads could write.",
            f"Grant {least} in its place.",
        )
    else:
        yield warning(
            _CODE,
            about,
            f"It holds {role}, where {least} is enough.",
            f"Grant {least} and take {role} away.",
        )


def _unneeded(about: str, role: str) -> Check:
    message, step = f"It holds {role}, which nothing here uses.", f"Take {role} away from the application."
    if about.startswith("reader") and _can_write(role):
        return bad(_CODE, about, f"{message} The application that only reads could write.", step)
    return warning(_CODE, about, message, step)


def _can_write(role: str) -> bool:
    return any(word in role.lower() for word in _WRITES)
