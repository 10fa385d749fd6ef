"""Whether the item that a rule would become gives the same rule again: compiled back and compared. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from m365_restrict.assess.carry import Carried, NotCarried, senders_in, value_kind
from m365_restrict.register.case import Case
from m365_restrict.register.item import FieldValue
from m365_restrict.register.read_case import read_open_fields, read_protected
from m365_restrict.register.recipient import Recipient
from m365_restrict.register.values import protected_values
from m365_restrict.rules.audience import primary_of
from m365_restrict.rules.case_rules import compile_case
from m365_restrict.rules.compilation import Blocks, CompileOptions, CompileProblem, Directory
from m365_restrict.rules.observed import ObservedTransportRule, Properties
from m365_restrict.rules.properties import FROM, PATTERNS, transport_properties

_NO_REFERENCE = "(new)"
_EXEMPTIONS = ("ExceptIfSentTo", "ExceptIfSentToMemberOf")
_SCOPES = ("SentTo", "SentToMemberOf")
_TARGETS = ("RedirectMessageTo", "BlindCopyTo")
_SAME = (*_TARGETS, *_SCOPES)
_REASON, _LOCATION = "RejectMessageReasonText", "SenderAddressLocation"
_SOME_DAY = date(2099, 12, 31)


@dataclass(frozen=True, kw_only=True)
class RoundTrip:
    """What was proven. `against` is empty where the item gives the same rule, but for `notes`."""

    against: tuple[NotCarried, ...] = ()
    notes: tuple[str, ...] = ()


def proposed_case(fields: Mapping[str, FieldValue]) -> Case | None:
    """The case that the register would read from these fields; None where it could not read them."""
    read = read_protected(protected_values(fields))
    if read.fields is None:
        return None
    reference = str(fields.get("Title") or _NO_REFERENCE)
    return Case(item_id="", reference=reference, protected=read.fields, other=read_open_fields(fields).fields)


def without_own_exemptions(carried: Carried, directory: Directory) -> Carried:
    """The same without those mailboxes that every rule of ours leaves open, whatever its case says."""
    named = str(carried.fields.get("AllowedRecipients", "")).splitlines()
    own = _own_exemptions(directory, primary_of(str(carried.fields.get("SpocMailbox", "")), directory))
    left = [entry for entry in named if primary_of(entry, directory) not in own]
    fields = {name: value for name, value in carried.fields.items() if name != "AllowedRecipients"}
    if left:
        fields["AllowedRecipients"] = "\n".join(left)
    return replace(carried, fields=fields)


def round_trip(
    case: Case, rule: ObservedTransportRule, directory: Directory, options: CompileOptions
) -> RoundTrip:
    """Compile the case back and compare senders, recipients, action and exceptions with the rule."""
    restricted = frozenset(case.protected.addresses)
    compiled = compile_case(_with_end(case), directory, options, restricted=restricted)
    observed = rule.properties
    blocking = tuple(_problem(one, observed) for one in compiled.problems if one.blocks is not Blocks.NOTHING)
    if blocking:
        return RoundTrip(against=blocking)
    again = [transport_properties(one) for one in compiled.rules.transport]
    against = (*_differing(observed, again), *_lost_exemptions(observed, again))
    own = _own_exemptions(directory, primary_of(case.protected.spoc_mailbox, directory))
    return RoundTrip(against=against, notes=tuple(_added(observed, again, own)))


def _with_end(case: Case) -> Case:
    """A case without an end gives no rule. Which end it is decides nothing here."""
    if case.protected.ends_on is not None:
        return case
    return replace(case, protected=replace(case.protected, ends_on=_SOME_DAY))


def _problem(problem: CompileProblem, observed: Properties) -> NotCarried:
    """A problem of the case as one of the property that its mailbox comes from."""
    names: tuple[str, ...] = (_senders_property(observed),)
    if problem.code.value.startswith("single-contact") or problem.message.startswith("SpocMailbox"):
        names = _TARGETS
    elif problem.code.value.startswith("scope") or problem.message.startswith("ScopeMailboxes"):
        names = _SCOPES
    elif problem.message.startswith("AllowedRecipients"):
        names = _EXEMPTIONS
    name = next((one for one in names if one in observed), names[0])
    return NotCarried(name, value_kind(name, observed.get(name, ())), problem.message)


def _own_exemptions(directory: Directory, spoc_mailbox: str) -> frozenset[str]:
    """Whom every rule of ours leaves open: councillors, protected mailboxes, the single contact."""
    members = directory.councillor_members
    group = directory.councillors_group
    found = {one.address for one in directory.protected_recipients} | {spoc_mailbox}
    found |= set(members) if isinstance(members, frozenset) else set()
    return frozenset(found | ({group.address} if isinstance(group, Recipient) else set())) - {""}


def _differing(observed: Properties, again: Sequence[Properties]) -> Iterator[NotCarried]:
    senders = {address for one in again for address in senders_in(one)}
    if senders != set(senders_in(observed)):
        yield NotCarried(_senders_property(observed), "a list", "The case would meet other senders.")
    for name in _SAME:
        if any(one.get(name) != observed.get(name) for one in again):
            value = observed.get(name) or next(one[name] for one in again if one.get(name))
            yield NotCarried(name, value_kind(name, value), _whose(name))
    if any((_REASON in one) != (_REASON in observed) for one in again):
        yield NotCarried(_REASON, "text", "The case would do something else to the message.")
    if any(one.get(_LOCATION) != observed.get(_LOCATION) for one in again):
        text = "Where the sender is looked for is set for all rules by RULES__SENDER_LOCATION."
        yield NotCarried(_LOCATION, "text", text)


def _senders_property(observed: Properties) -> str:
    return FROM if FROM in observed else PATTERNS


def _whose(name: str) -> str:
    if name in _SCOPES:
        return "The case would cover other mailboxes: councillors' and exempt ones are never covered."
    return "The case would send the message elsewhere."


def _lost_exemptions(observed: Properties, again: Sequence[Properties]) -> Iterator[NotCarried]:
    for name in _EXEMPTIONS:
        if any(not _texts(observed, name) <= _texts(one, name) for one in again):
            yield NotCarried(name, "a list", "The case would capture somebody whom the rule leaves open.")


def _added(observed: Properties, again: Sequence[Properties], own: frozenset[str]) -> Iterator[str]:
    for name in _EXEMPTIONS:
        more = frozenset(text for one in again for text in _texts(one, name)) - _texts(observed, name)
        if more:
            what = "councillors, protected mailboxes and the single contact" if more <= own else "others"
            yield f"The case's rule leaves {len(more)} more open than the rule ({name}): {what}."


def _texts(properties: Properties, name: str) -> frozenset[str]:
    value = properties.get(name)
    return frozenset(value) if isinstance(value, tuple) else frozenset()
