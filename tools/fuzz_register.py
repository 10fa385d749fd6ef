"""Puts fuzzed list items through the register's readers, the checks, the compiler and the reports."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from fuzz_council import DIRECTORY, DOMAIN, LONDON, TODAY, options
from fuzz_delivery import Tried, is_sentence
from fuzz_items import PRIVATE, SCHEMAS, FuzzedItem, ListKind
from fuzz_messages import neighbours
from fuzz_reports import report_failures

from m365_restrict.codes import CatalogueCode
from m365_restrict.mailflow.patterns import matches_pattern
from m365_restrict.policy.checks import judge_register
from m365_restrict.policy.context import CheckContext
from m365_restrict.policy.judgement import Judgement
from m365_restrict.register.case import Case, Stage
from m365_restrict.register.choice import Handling
from m365_restrict.register.codes import ChoiceCode
from m365_restrict.register.item import Identity, ItemVersion, ListItem, SaverKind
from m365_restrict.register.read_choice import ChoiceContext, ChoiceReading, read_choices
from m365_restrict.register.read_review import read_review
from m365_restrict.rules.codes import RuleCode
from m365_restrict.rules.compilation import Carrier, CompileOptions, Desired
from m365_restrict.rules.compile import compile_rules
from m365_restrict.rules.inbox_rule import InboxRule
from m365_restrict.rules.parameters import message_rule_body, new_parameters
from m365_restrict.rules.patterns import LONGEST_PATTERN, PatternAnchors, exact_pattern
from m365_restrict.rules.properties import inbox_properties, senders_of, transport_properties
from m365_restrict.rules.transport_rule import Reject, SenderMatch, TransportRule
from m365_restrict.tenant.list_values import read_fields
from settings.profiles import load_profile

BATCH = 8
LONGEST_RULE = 8192
_SHOWN_EVERY = 40
_LONGEST_NAME, _LONGEST_COMMENTS, _LONGEST_REFUSAL = 64, 1024, 1024
_CODES = {code.value for catalogue in CatalogueCode.__subclasses__() for code in catalogue}
_OFFICER = Identity(SaverKind.USER, "id-officer", f"officer@{DOMAIN}")
_DIRECTOR = Identity(SaverKind.USER, "id-director", f"director@{DOMAIN}")
_COUNCILLOR = Identity(SaverKind.USER, "id-cllr.a", f"cllr.a@{DOMAIN}")
_PROFILE = load_profile("default")
_CONTEXT = CheckContext(
    today=TODAY,
    zone=LONDON,
    approvers={Stage.NONE: frozenset({"id-director"})},
    council_domains=frozenset({DOMAIN}),
    protected_mailboxes=frozenset({f"monitoring@{DOMAIN}"}),
)
_WAYS = (
    options(SenderMatch.FROM),
    options(SenderMatch.PATTERNS),
    options(SenderMatch.PATTERNS, PatternAnchors.ABSOLUTE),
    replace(options(SenderMatch.FROM), carrier=Carrier.INBOX_RULES),
)


def try_items(batch: Sequence[FuzzedItem]) -> list[Tried]:
    """Read, judge, compile and show a batch as one register; one verdict per item."""
    lists = {kind: [_item(one) for one in batch if one.kind is kind] for kind in ListKind}
    judged = judge_register(
        lists[ListKind.CASE], lists[ListKind.REVIEW], profile=_PROFILE, context=_CONTEXT, pinned={}
    )
    choices = read_choices(lists[ListKind.CHOICE], _choice_context(judged))
    for item in lists[ListKind.REVIEW]:
        read_review(item, LONDON)
    way = _WAYS[batch[0].number // BATCH % len(_WAYS)]
    desired = compile_rules(
        [one.case for one in judged.in_force], choices.choices, DIRECTORY, way, stated=judged.stated
    )
    failures = [*_sentences(judged, choices, desired), *_rule_failures(judged, desired, way)]
    if batch[0].number // BATCH % _SHOWN_EVERY == 0:
        failures += report_failures(batch, judged)
    tried = [_tried(one, judged, choices) for one in batch]
    return [replace(tried[0], failures=(*tried[0].failures, *failures)), *tried[1:]]


def _item(fuzzed: FuzzedItem) -> ListItem:
    schema = SCHEMAS[fuzzed.kind]
    names = {column.name: column.name for column in schema.columns}
    fields, before = (
        read_fields(raw, schema, names, people={}, zone=LONDON) for raw in (fuzzed.fields, fuzzed.before)
    )
    first, second = {
        ListKind.CASE: (_OFFICER, _DIRECTOR),
        ListKind.REVIEW: (_OFFICER, _DIRECTOR),
        ListKind.CHOICE: (_COUNCILLOR, _COUNCILLOR),
    }[fuzzed.kind]
    versions = (
        ItemVersion("1.0", datetime(2026, 9, 1, 10, tzinfo=UTC), first, {**before, "Status": "Proposed"}),
        ItemVersion("2.0", datetime(2026, 9, 3, 15, tzinfo=UTC), first, {**fields, "Status": "Proposed"}),
        ItemVersion("3.0", datetime(2026, 9, 4, 15, tzinfo=UTC), second, fields),
    )
    return ListItem(str(fuzzed.number), "1", first, fields, versions, created_at=versions[0].saved_at)


def _choice_context(judged: Judgement) -> ChoiceContext:
    return ChoiceContext(
        today=TODAY,
        zone=LONDON,
        term_ends_on=None,
        councillor_ids=frozenset({"id-cllr.a", "id-cllr.b"}),
        councillor_addresses=frozenset({f"cllr.a@{DOMAIN}", f"cllr.b@{DOMAIN}"}),
        council_domains=frozenset({DOMAIN}),
        live_cases=judged.live_measures,
    )


def _tried(fuzzed: FuzzedItem, judged: Judgement, choices: ChoiceReading) -> Tried:
    """Where the item has gone: one place, and only one."""
    number = str(fuzzed.number)
    if fuzzed.kind is ListKind.REVIEW:
        return Tried(("review read",))
    if fuzzed.kind is ListKind.CHOICE:
        return _tried_choice(fuzzed, number, choices)
    places = {
        "case accepted": any(one.case.item_id == number for one in judged.accepted),
        "case refused": any(one.item_id == number for one in judged.refused),
        "case kept as a draft": any(one.item_id == number for one in judged.drafts),
        "case opened": any(one.item_id == number for one in judged.ended_by_register),
    }
    found = tuple(name for name, here in places.items() if here)
    failures = [] if len(found) == 1 else [f"the case is in {len(found)} places: {found}"]
    for one in judged.accepted:
        if one.case.item_id == number and fuzzed.is_plain and fuzzed.before is fuzzed.fields:
            wrong = fuzzed.addresses is None or set(one.case.protected.addresses) != fuzzed.addresses
            failures += [f"accepted for {one.case.protected.addresses}"] if wrong else []
    return Tried(found, tuple(failures))


def _tried_choice(fuzzed: FuzzedItem, number: str, choices: ChoiceReading) -> Tried:
    places = {
        "choice counted": any(one.item_id == number for one in choices.choices),
        "choice refused": any(one.item_id == number for one in choices.refused),
        "choice replaced by a later one": number in choices.superseded,
    }
    found = tuple(name for name, here in places.items() if here)
    if found:
        return Tried(found, () if len(found) == 1 else (f"the choice is in {found}",))
    if fuzzed.fields.get("Handling") in {Handling.DELEGATE.value, Handling.STOP.value}:
        return Tried(("choice without a rule by its own words",))
    ended = read_fields(
        fuzzed.fields, SCHEMAS[ListKind.CHOICE], {"EndsOn": "EndsOn"}, people={}, zone=LONDON
    ).get("EndsOn")
    lost = () if ended and str(ended) < TODAY.isoformat() else ("the choice is nowhere",)
    return Tried(("choice ended",), lost)


def _sentences(judged: Judgement, choices: ChoiceReading, desired: Desired) -> Iterator[str]:
    """Every refusal and warning: a code of the catalogue, a sentence, a next step, and nobody's name."""
    drafts = (one for draft in judged.drafts for one in draft.missing)
    told = [(one.code, one.message) for one in (*judged.refused, *drafts)]
    told += [(one.code, one.message) for one in judged.warnings]
    told += [(one.code, one.message) for one in desired.problems]
    refused = (*choices.refused, *desired.choice_refusals)
    known: dict[str, CatalogueCode] = {code.value: code for kind in (ChoiceCode, RuleCode) for code in kind}
    told += [(known[one.code], one.message) for one in refused]
    for code, message in told:
        if code.value not in _CODES or not is_sentence(message) or not is_sentence(code.advice):
            yield f"{code} is told badly: {message!r}"
        if PRIVATE in message.lower() and f"@{DOMAIN}" not in message and not _names_a_mailbox(message):
            yield f"{code} repeats what the item says: {message[:200]!r}"


def _names_a_mailbox(message: str) -> bool:
    """A mailbox of the council that cannot be found is named as it was written: nothing else finds it."""
    return re.match(r"(?:ScopeMailboxes|AllowedRecipients|SpocMailbox) of case ", message) is not None


def _rule_failures(judged: Judgement, desired: Desired, way: CompileOptions) -> Iterator[str]:
    """Names and texts within their limits and without a person, and rules for their own senders alone."""
    cases = {one.case.reference: one.case for one in judged.in_force}
    for rule in (*desired.transport, *desired.withheld.transport, *desired.stated.transport):
        yield from (f"{rule.name!r}: {one}" for one in _transport_failures(rule))
    for rule in desired.transport:
        yield from _sender_failures(rule, cases[rule.case_reference], way)
    for inbox in (*desired.inbox, *desired.withheld.inbox, *desired.stated.inbox):
        yield from (f"{inbox.display_name!r}: {one}" for one in _inbox_failures(inbox))
    for name in [rule.name.casefold() for rule in desired.transport]:
        if sum(rule.name.casefold() == name for rule in desired.transport) > 1:
            yield f"two rules are called {name}"


def _transport_failures(rule: TransportRule) -> Iterator[str]:
    words = {"name": rule.name, "comments": rule.comments}
    yield from (
        f"{what} holds a person" for what, text in words.items() if PRIVATE in text.lower() or "@" in text
    )
    if not 0 < len(rule.name) <= _LONGEST_NAME or not rule.name.isprintable():
        yield "the name is too long, or not one line"
    if len(rule.comments) > _LONGEST_COMMENTS:
        yield "the comments are too long"
    if isinstance(rule.action, Reject) and len(rule.action.text) > _LONGEST_REFUSAL:
        yield "the refusal is too long"
    sent = new_parameters(transport_properties(rule))
    size = sum(len(str(value).encode("utf-8", "replace")) for value in sent.values())
    if size > LONGEST_RULE:
        yield f"the rule has {size} bytes"


def _sender_failures(rule: TransportRule, case: Case, way: CompileOptions) -> Iterator[str]:
    """Against the oracle: a sender is meant where the addresses are equal once trimmed and in lower case."""
    written = senders_of(transport_properties(rule))
    meant = set(case.protected.addresses)
    if way.sender_match is SenderMatch.FROM:
        yield from (f"{rule.name} names {one}" for one in written if one not in meant)
        return
    for pattern in written:
        if len(pattern) > LONGEST_PATTERN:
            yield f"{rule.name} has a pattern of {len(pattern)} characters"
        own = {one for one in meant if exact_pattern(one, way.pattern_anchors) == pattern}
        for probe in sorted({probe for one in own for probe in (one, one.upper(), *neighbours(one))}):
            due = probe.isascii() and probe.strip().lower() in own
            if matches_pattern(probe, pattern, caret_anchors=True) is not due:
                yield f"{rule.name}: {pattern} {'does not match' if due else 'matches'} {probe}"


def _inbox_failures(rule: InboxRule) -> Iterator[str]:
    name = rule.display_name
    if "@" in name or not name.isprintable():
        yield "the name holds an address, or is not one line"
    folder = rule.action.folder if hasattr(rule.action, "folder") else ""
    if PRIVATE in name.lower() and PRIVATE not in folder.lower():
        yield "the name holds a person"
    body = message_rule_body(inbox_properties(rule), folders={folder: "id"}, sequence=1)
    if not body["conditions"]:
        yield "the rule has no sender"
