"""List items that nobody would fill in like that, as Graph hands them out, each made from its number."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fuzz_messages import MEGABYTE

from m365_restrict.register.case import Measure, Status
from m365_restrict.register.choice import Handling
from m365_restrict.register.columns import CHOICES, RESTRICTED_CONTACTS, REVIEWS
from m365_restrict.register.review import Outcome, ReviewKind
from m365_restrict.register.schema import Column, ColumnKind, ListSchema

PRIVATE = "zqprivate"
"""A word in every name, address and text of a person: no rule's name and no refusal may repeat it."""


class ListKind(StrEnum):
    """The three lists."""

    CASE = "case"
    REVIEW = "review"
    CHOICE = "choice"


@dataclass(frozen=True, kw_only=True)
class FuzzedItem:
    """The fields of an item, and of the version before its last.

    `addresses` is what its address lines name; None where one of them names nobody for certain. It tells
    of lists of cases alone, and only where `is_plain`: the column holds those lines and nothing else.
    """

    number: int
    kind: ListKind
    fields: Mapping[str, Any]
    before: Mapping[str, Any]
    addresses: frozenset[str] | None
    is_plain: bool


SCHEMAS: Mapping[ListKind, ListSchema] = {
    ListKind.CASE: RESTRICTED_CONTACTS,
    ListKind.REVIEW: REVIEWS,
    ListKind.CHOICE: CHOICES,
}

_CASE: Mapping[str, Any] = {
    "ItemType": "Person",
    "PersonName": f"P {PRIVATE.title()}",
    "AddressShared": "No",
    "Measure": "Redirect to single contact",
    "Scope": "Whole council",
    "SpocMailbox": "contact@ash.example",
    "EffectiveFrom": "2026-09-07T00:00:00Z",
    "EndsOn": "2027-03-28T00:00:00Z",
    "ChannelsOpen": ["Post", "Telephone"],
    "CouncillorRoute": "Not affected",
    "Grounds": ["Unreasonable volume"],
    "WarningGivenOn": "2026-07-01T00:00:00Z",
    "LesserMeasuresConsidered": "A warning letter, twice.",
    "EqualityConsideredOn": "2026-08-20T00:00:00Z",
    "AdjustmentNeedsEmail": "No",
    "NoticeSentOn": "2026-09-04T00:00:00Z",
    "NextReviewOn": "2027-02-01T00:00:00Z",
}
_REVIEW: Mapping[str, Any] = {
    "Kind": "Scheduled review",
    "OpenedOn": "2026-10-01T00:00:00Z",
    "DecidedOn": "2026-11-01T00:00:00Z",
    "NewEndsOn": "2027-06-30T00:00:00Z",
    "OfficerTitle": "Director",
    "Considerations": f"Nothing new about {PRIVATE}.",
    "Outcome": "Extend",
}
HOSTILE = (
    "", " ", "\x00", f"{PRIVATE}\r\nBcc: x@y.example", f"=HYPERLINK(\"https://x.example/{PRIVATE}\")",
    f"@SUM(1)*{PRIVATE}",
    f"+1|{PRIVATE}", f"-2+{PRIVATE}", f"\t={PRIVATE}", f"<script>alert('{PRIVATE}')</script>",
    f"\"><img src=x onerror={PRIVATE}>",
    f"{{{{ 7 * 7 }}}}{{% raw %}}{PRIVATE}", f"[bold red]{PRIVATE}[/]", f"[link=https://x.example]{PRIVATE}",
    f"\x1b[31m{PRIVATE}",
    f"\u202e{PRIVATE}\u2066", f"{PRIVATE}\u2028next", f"\ud800{PRIVATE}", f"]] --> {PRIVATE} <!--",
    f"'; DROP TABLE runs; -- {PRIVATE}",
    f"$(calc) `{PRIVATE}`", f"${{jndi:ldap://{PRIVATE}}}", f"%s%n%d {PRIVATE}", f"../../{PRIVATE}",
    f"[m365-restrict instance=ash-1 {PRIVATE}",
    f"javascript:alert('{PRIVATE}')", f"\ufeff{PRIVATE}", f"{PRIVATE}@post.example", f"RC-{PRIVATE}@x",
    "=?utf-8?q?x?=", "\U0001f4a3" * 40,
)  # fmt: skip
_DATES = (
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31", "9999-12-30T00:00:00-14:00", "2026-02-30",
    "2026-13-01T00:00:00Z",
    "2027-03-28T23:00:00Z", "2026-11-23", "31/12/2026", "2026-11-23T00:00:00+25:00", "2026-W48-1",
    "20261123", "1700-01-01T00:00:00Z",
    "2026-10-25T01:30:00Z", "2026-11-23T00:00:00.1234567Z", "0000-00-00", "9998-12-31T00:00:00Z",
    "2026-11-22",
)  # fmt: skip
_SHAPES: tuple[Callable[[random.Random], Any], ...] = (
    lambda dice: dice.choice(HOSTILE),
    lambda dice: dice.choice(HOSTILE) * dice.randint(1, 60),
    lambda dice: dice.choice((True, False, 0, 1, -1, 3.0, 2.5, 1e308, float("inf"), float("nan"), 10**40)),
    lambda dice: [dice.choice(HOSTILE) for _ in range(dice.randint(0, 4))],
    lambda dice: {
        "LookupId": dice.choice((1, "x", None)),
        "Email": dice.choice(HOSTILE),
        "LookupValue": PRIVATE,
    },
    lambda dice: [{"LookupId": 1, "Email": dice.choice(HOSTILE), "LookupValue": PRIVATE}, None, 7, "x"],
    lambda dice: [[], {}, None, [["x"]]][dice.randrange(4)],
    lambda _: None,
    lambda dice: dice.choice(_DATES),
)
_PEOPLE = ("officer@ash.example", "director@ash.example", "cllr.a@ash.example", "cllr.b@ash.example")


def fuzzed_item(seed: int, number: int) -> FuzzedItem:
    """The item with that number; the same for ever."""
    dice = random.Random(f"{seed}/item/{number}")  # noqa: S311 - chance that can be repeated is the point
    kind = dice.choice((ListKind.CASE, ListKind.CASE, ListKind.CASE, ListKind.REVIEW, ListKind.CHOICE))
    fields, addresses = _USUAL[kind](dice, number)
    usual = dict(fields)
    for column in dice.sample(SCHEMAS[kind].columns, dice.choice((0, 1, 1, 2, 3, 6))):
        fields[column.name] = _value(dice, column)
    if number % 2000 == 1:
        fields[dice.choice(SCHEMAS[kind].columns).name] = dice.choice(HOSTILE[3:]) * (MEGABYTE // 20)
    return FuzzedItem(
        number=number,
        kind=kind,
        fields=fields,
        before=usual if dice.random() < 0.2 else fields,  # noqa: PLR2004
        addresses=addresses,
        is_plain=fields.get("Addresses") == usual.get("Addresses"),
    )


def _value(dice: random.Random, column: Column) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Something for a column: one of its own values, a day, or what does not belong there."""
    if column.choices and dice.random() < 0.5:  # noqa: PLR2004
        return dice.choice(column.choices)
    if column.kind is ColumnKind.DATE and dice.random() < 0.7:  # noqa: PLR2004
        return dice.choice(_DATES)
    if column.name in {"ScopeMailboxes", "AllowedRecipients", "SpocMailbox", "AdvocateAddresses"}:
        known = ("planning@ash.example", "team@ash.example", "cllr.a@ash.example", "monitoring@ash.example")
        if dice.random() < 0.5:  # noqa: PLR2004
            return "\n".join(dice.sample(known, dice.randint(1, 3)))
    return dice.choice(_SHAPES)(dice)


def _case(dice: random.Random, number: int) -> tuple[dict[str, Any], frozenset[str] | None]:
    lines = [_address_line(dice, number) for _ in range(dice.choice((1, 1, 1, 2, 3, 40)))]
    fields = {
        **_CASE,
        "Title": f"RC-{number}",
        "Addresses": dice.choice(("\n", "\r\n", "\n\n")).join(text for text, _ in lines),
        "Measure": dice.choice(list(Measure)).value,
        "Status": dice.choice((*list(Status), *[Status.APPROVED] * 20)).value,
    }
    if dice.random() < 0.3:  # noqa: PLR2004
        fields |= {"Scope": "Named mailboxes or services", "ScopeMailboxes": "planning@ash.example"}
    named = [address for _, address in lines]
    return fields, None if None in named else frozenset(one for one in named if one)


def _address_line(dice: random.Random, number: int) -> tuple[str, str | None]:
    """A line and the one address that it names, or None where it must be refused."""
    address = f"{PRIVATE}.{dice.randrange(10_000)}.{number}@post.example"
    other = f"other.{number}@post.example"
    if dice.random() < 0.85:  # noqa: PLR2004
        good = (
            "%s",
            " %s ",
            "Name <%s>",
            "Surname, First <%s>",
            '"A (B" <%s>',
            "<%s>",
            "N < %s >",
            "O'N: x <%s>",
        )
        text = dice.choice((*good, f"{address} <%s>", f"'{address}' <%s>")) % address
        return dice.choice((text, text.upper().replace("NAME", "Name"))), address
    bad = (
        f"{address}, {other}", f"{address};{other}", f"{other} <{address}>", f"<{other}> <{address}>",
        f"{address} {other}",
        f"{other}, N <{address}>", f"<@relay.example:{address}>", address.replace("@", ""), f"{address}@x",
        f"mailto:{address}",
        f"{address}>", f"<{address}", address.replace(".", "..", 1), f"\u200b{address}",
        address.replace("@", "\uff20"),
        f"{'x' * 65}@post.example", f"x@{'y' * 64}.example", f"x@{'y.' * 130}example",
        address.replace("s", "\u017f", 1),
        "*@post.example", "@post.example", f"{PRIVATE}@post", f"{address}\x00", f"(x) {address}",
        f"{address}\\", f"a b <{address} x>",
    )  # fmt: skip
    return dice.choice(bad), None


def _review(dice: random.Random, number: int) -> tuple[dict[str, Any], None]:
    """A review of a case that is judged together with it."""
    fields = {
        **_REVIEW,
        "Title": f"RC-{number - dice.randrange(8)}",
        "Kind": dice.choice(list(ReviewKind)).value,
        "Outcome": dice.choice(list(Outcome)).value,
    }
    return fields, None


def _choice(dice: random.Random, number: int) -> tuple[dict[str, Any], None]:
    lines = [_address_line(dice, number)[0] for _ in range(6)]
    senders = (*lines, f"RC-{number - dice.randrange(8)}", *HOSTILE[:4])
    fields: dict[str, Any] = {"Title": dice.choice(senders), "Handling": dice.choice(list(Handling)).value}
    if dice.random() < 0.5:  # noqa: PLR2004
        fields["FolderName"] = dice.choice(("Set aside", *HOSTILE))
    if dice.random() < 0.2:  # noqa: PLR2004
        fields["Delegate"] = {"LookupId": 4, "Email": dice.choice(_PEOPLE), "LookupValue": PRIVATE}
    return fields, None


_USUAL: Mapping[ListKind, Callable[[random.Random, int], tuple[dict[str, Any], frozenset[str] | None]]] = {
    ListKind.CASE: _case,
    ListKind.REVIEW: _review,
    ListKind.CHOICE: _choice,
}
