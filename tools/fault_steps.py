"""The steps of a run at which something can go wrong, and what can go wrong there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

Json: TypeAlias = Any

RETRY_AFTER = 7
"""Seconds that a service asks to be left alone for, where it says so."""
TIMEOUT_SECONDS = 1.5
"""How long the program waits for an answer while answers are late."""
_LATE_MS = 2200


class Nature(StrEnum):
    """What a step is to the run, which decides the rule for its faults."""

    SIGN_IN = "sign-in"
    SOURCE = "reading the register"
    PERSON = "reading who a person in the register is"
    POLICY = "reading who may approve and what is the council's"
    EXEMPT = "reading whom rules must spare"
    DIRECTORY = "reading a recipient"
    LIMITS = "reading the limits of Exchange"
    RULES = "reading all transport rules"
    MAILBOX = "reading one mailbox"
    CREATION = "making something"
    CHANGE = "changing or removing a transport rule"
    INBOX_CHANGE = "changing or removing an inbox rule"
    READ_BACK = "reading back what was written"
    PERSONAL = "reading a name for a letter"
    UPLOAD = "filing a letter"
    NOTE = "writing to a list"
    MAIL = "sending a mail"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One kind of request. `match` and `after` are as `match` of `POST /sandbox/faults`.

    The fault waits from the beginning, or until a request that `after` describes has been answered.
    `with_fault` is a further fault, without which the request is not made. `pages` says that it is answered
    in pages, `changes` that it was answered otherwise before the council moved on.
    """

    name: str
    nature: Nature
    match: Mapping[str, str]
    after: Mapping[str, str] = field(default_factory=dict)
    with_fault: Mapping[str, Json] = field(default_factory=dict)
    pages: bool = False
    changes: bool = False
    drops: str = ""
    answers_nothing: bool = False


class Kind(StrEnum):
    """What goes wrong, as docs/faults.md heads its columns."""

    BUSY = "429, Retry-After"
    PLAIN = "429, plain text"
    DOWN = "503"
    BROKEN = "500"
    RESET_BEFORE = "connection breaks before"
    RESET_AFTER = "connection breaks after"
    CUT = "answer cut short"
    LATE = "answer too late"
    STALE = "old state read"
    EMPTY = "empty page with a link"
    NUL = "403 of NUL bytes"
    DROPPED = "parameter dropped"
    REVOKED = "token revoked"


FAULTS: Mapping[Kind, Mapping[str, Json]] = {
    Kind.BUSY: {"do": "status", "status": 429, "retry_after": RETRY_AFTER},
    Kind.PLAIN: {"do": "plain_throttle"},
    Kind.DOWN: {"do": "status", "status": 503},
    Kind.BROKEN: {"do": "status", "status": 500},
    Kind.RESET_BEFORE: {"do": "reset_before"},
    Kind.RESET_AFTER: {"do": "reset_after_commit"},
    Kind.CUT: {"do": "truncate"},
    Kind.LATE: {"do": "delay", "ms": _LATE_MS},
    Kind.STALE: {"do": "stale_read"},
    Kind.EMPTY: {"do": "empty_page"},
    Kind.NUL: {"do": "nul_403"},
    Kind.DROPPED: {"do": "drop_parameter"},
}
"""The faults of contracts.md 2. `REVOKED` is none: the tokens themselves end. No run sends a `$batch`."""

LASTING = frozenset({Kind.BUSY, Kind.DOWN})
"""What is tried a second time, lasting as long as the run does."""

_ITEMS = "/lists/[0-9a-f-]+/items"
_RULES = "/messageRules"


def _exchange(name: str, cmdlet: str, nature: Nature, **more: Any) -> Step:  # noqa: ANN401 (fields of Step)
    return Step(name=name, nature=nature, match={"cmdlet": cmdlet}, **more)


def _graph(name: str, method: str, path: str, nature: Nature, **more: Any) -> Step:  # noqa: ANN401 (as above)
    return Step(name=name, nature=nature, match={"method": method, "path_regex": path}, **more)


STEPS: tuple[Step, ...] = (
    Step(name="sign in", nature=Nature.SIGN_IN, match={"path_regex": "/oauth2/v2.0/token$"}),
    _graph("site", "GET", r"/sites/[^/]+:/[^?]+$", Nature.SOURCE),
    _graph("columns of a list", "GET", "/columns$", Nature.SOURCE, pages=True),
    _graph("list, first page", "GET", _ITEMS + r"\?(?!.*skiptoken)", Nature.SOURCE, pages=True,
           changes=True),
    _graph("list, second page", "GET", _ITEMS + r"\?.*skiptoken", Nature.SOURCE, pages=True,
           with_fault={"match": {"path_regex": _ITEMS + "$"}, "do": "empty_page"}),
    _graph("versions of an item", "GET", "/versions$", Nature.SOURCE, pages=True, changes=True),
    _graph("person in the list", "GET", "/User Information List/", Nature.PERSON),
    _graph("account", "GET", r"/users/director@[^/]+$", Nature.POLICY),
    _graph("councillors' group", "GET", r"/groups$", Nature.EXEMPT, pages=True),
    _graph("members of the group", "GET", "/transitiveMembers/", Nature.EXEMPT, pages=True),
    _exchange("accepted domains", "Get-AcceptedDomain", Nature.POLICY, pages=True),
    _exchange("recipient", "Get-Recipient", Nature.EXEMPT, pages=True),
    _exchange("single contact's mailbox", "Get-Mailbox", Nature.DIRECTORY, pages=True),
    _exchange("limits", "Get-TransportConfig", Nature.LIMITS, pages=True),
    _graph("folders of a mailbox", "GET", "/mailFolders$", Nature.MAILBOX, pages=True),
    _exchange("transport rules", "Get-TransportRule", Nature.RULES, pages=True),
    _graph("inbox rules", "GET", _RULES + "$", Nature.MAILBOX, pages=True),
    _exchange("New-TransportRule", "New-TransportRule", Nature.CREATION, drops="From"),
    _exchange("read back after New", "Get-TransportRule", Nature.READ_BACK, pages=True,
              after={"cmdlet": "New-TransportRule"}),
    _exchange("Enable-TransportRule", "Enable-TransportRule", Nature.CHANGE),
    _exchange("read back after Enable", "Get-TransportRule", Nature.READ_BACK, pages=True,
              after={"cmdlet": "Enable-TransportRule"}),
    _exchange("Set-TransportRule", "Set-TransportRule", Nature.CHANGE, drops="ExpiryDate"),
    _exchange("read back after Set", "Get-TransportRule", Nature.READ_BACK, pages=True,
              after={"cmdlet": "Set-TransportRule"}),
    _exchange("Remove-TransportRule", "Remove-TransportRule", Nature.CHANGE),
    _exchange("read back after Remove", "Get-TransportRule", Nature.READ_BACK, pages=True,
              after={"cmdlet": "Remove-TransportRule"}),
    _graph("new inbox rule", "POST", _RULES + "$", Nature.CREATION, drops="fromAddresses"),
    _graph("changed inbox rule", "PATCH", _RULES + "/", Nature.INBOX_CHANGE, drops="fromAddresses"),
    _graph("removed inbox rule", "DELETE", _RULES + "/", Nature.INBOX_CHANGE, answers_nothing=True),
    _graph("read back after a new inbox rule", "GET", _RULES + "$", Nature.READ_BACK, pages=True,
           after={"method": "POST", "path_regex": _RULES + "$"}),
    _graph("read back after a changed inbox rule", "GET", "cllr.a.*" + _RULES + "$", Nature.READ_BACK,
           pages=True, after={"method": "PATCH", "path_regex": _RULES + "/"}),
    _graph("read back after a removed inbox rule", "GET", "cllr.b.*" + _RULES + "$", Nature.READ_BACK,
           pages=True, after={"method": "DELETE", "path_regex": _RULES + "/"}),
    _graph("new folder", "POST", "/folders$", Nature.CREATION, drops="displayName"),
    _graph("name for a letter", "GET", r"/items/\d+/fields$", Nature.PERSONAL),
    _graph("letter to the library", "PUT", "/content$", Nature.UPLOAD),
    _graph("tool's columns of an item", "PATCH", r"/items/\d+/fields$", Nature.NOTE, drops="EnforcementNote"),
    _graph("mail", "POST", "/sendMail$", Nature.MAIL, answers_nothing=True),
)  # fmt: skip


def can_meet(step: Step, kind: Kind) -> bool:
    """Whether such a fault can hit such a request at all."""
    signs_in = step.nature is Nature.SIGN_IN
    special = {
        Kind.STALE: step.nature is Nature.READ_BACK or step.changes,
        Kind.EMPTY: step.pages,
        Kind.DROPPED: bool(step.drops),
        Kind.CUT: not step.answers_nothing,
        **dict.fromkeys((Kind.NUL, Kind.PLAIN, Kind.REVOKED, Kind.LATE), not signs_in),
    }
    return special.get(kind, True)
