"""What the register says about addresses, as far as there is one: on the first day there may be none."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from m365_restrict.errors import ConfigurationError, ErrorCode, RestrictError, SignInError
from m365_restrict.outcome import Unknown
from m365_restrict.policy.judgement import Judgement
from m365_restrict.register.address import read_address_lines
from m365_restrict.register.case import Status
from m365_restrict.register.columns import RESTRICTED_CONTACTS
from m365_restrict.register.item import ListItem
from m365_restrict.register.reference import read_reference
from m365_restrict.register.values import as_text
from m365_restrict.report.documents import Source
from m365_restrict.steps.checking import check
from m365_restrict.steps.reading import Register, read_people, read_register, remembered
from m365_restrict.steps.run_context import Run

_OVER = frozenset(status.value for status in Status if status.opens)


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """Case references by address: of live cases, and of items that are not in force.

    `note` says that there is no register yet; `unknown` that it could not be read or judged.
    """

    live: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pending: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    source: Source = field(default_factory=Source)
    note: str = ""
    unknown: tuple[Unknown, ...] = ()


async def read_decisions(run: Run) -> Decisions:
    """Read and judge the register. Only a failed sign-in is raised: everything else is said in the value."""
    places = run.options.lists
    title = places.register
    try:
        # On the first day there is no list: that is found out alone, before anything else is asked for.
        await run.readers.lists.locate(places.register_site, places.register, RESTRICTED_CONTACTS)
        register = await read_register(run.readers, run.options, remembered(run.ledger))
    except SignInError:
        raise
    except RestrictError as error:
        missing = isinstance(error, ConfigurationError) and error.code is ErrorCode.LIST_NOT_FOUND
        if missing and not run.ledger.register.live():
            return Decisions(
                note=f"There is no register yet ({error.message}), so no case explains anything."
            )
        return Decisions(unknown=(Unknown(f"the list '{title}'", error.message),))
    source = Source(items=len(register.cases.items), complete=True, version=register.version)
    try:
        people = await read_people(run.readers.directory, run.options.people)
    except RestrictError as error:
        why = f"whether a case is approved cannot be judged: {error.message}"
        return Decisions(source=source, unknown=(Unknown(f"the list '{title}'", why),))
    judgement, _ = await check(run, register, people)
    return Decisions(live=_live(judgement), pending=_pending(register, judgement), source=source)


def item_name(item: ListItem) -> str:
    """The case reference of an item, or its number where it has none that may be shown."""
    reference = read_reference(as_text(item.fields.get("Title", "")))
    return reference if isinstance(reference, str) else f"item {item.item_id}"


def _live(judgement: Judgement) -> Mapping[str, tuple[str, ...]]:
    return _by_address((one.case.protected.addresses, one.case.reference) for one in judgement.in_force)


def _pending(register: Register, judgement: Judgement) -> Mapping[str, tuple[str, ...]]:
    in_force = {one.case.item_id for one in judgement.in_force}
    waiting = [
        item
        for item in register.cases.items
        if item.item_id not in in_force and item.fields.get("Status") not in _OVER
    ]
    return _by_address(
        (read_address_lines(as_text(item.fields.get("Addresses", "")))[0], item_name(item))
        for item in waiting
    )


def _by_address(pairs: Iterable[tuple[Iterable[str], str]]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for addresses, reference in pairs:
        for address in addresses:
            found.setdefault(address, {})[reference] = None
    return {address: tuple(references) for address, references in found.items()}
