"""An invented council with as many cases as asked for, the same for the same seed."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from m365_restrict.plan.change import Applied, Observed, RuleKind
from m365_restrict.register.case import Case, ItemType, Measure, OpenFields, ProtectedFields, Scope, Stage
from m365_restrict.register.case import Status as CaseStatus
from m365_restrict.register.choice import Choice, Handling
from m365_restrict.register.recipient import Recipient, RecipientKind
from m365_restrict.rules.compilation import CompileOptions, Desired, Directory
from m365_restrict.rules.normalise import observe_inbox_rule, observe_transport_rule
from m365_restrict.rules.observed import ObservedInboxRule, ObservedTransportRule
from m365_restrict.rules.parameters import message_rule_body
from m365_restrict.rules.properties import inbox_properties, transport_properties
from m365_restrict.rules.stamp import plain_value
from m365_restrict.rules.transport_rule import RuleMode, SenderMatch

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
INSTANCE = "ash-1"
ADDRESSES, RECIPIENTS, COUNCILLORS, CHOICES, FOREIGN = 50, 15, 100, 300, 40
"""Addresses and recipients of each case; councillors, their choices and rules of others of the council."""

_DOMAIN = "ashbourne.example"
_MEASURES = (
    *(Measure.REDIRECT,) * 5,
    *(Measure.FILE, Measure.ALLOWED_ONLY, Measure.COPY, Measure.REFUSE, Measure.JUNK),
)
_FOLDERS = {"junkemail": "AAMkJunk=", "Set aside": "AAMkAside=", "Archive": "AAMkArchive="}


@dataclass(frozen=True, kw_only=True)
class LargeCouncil:
    """What its register, its directory and its administrators say."""

    cases: tuple[Case, ...]
    choices: tuple[Choice, ...]
    directory: Directory
    options: CompileOptions
    foreign: tuple[Mapping[str, Any], ...]


def large_council(cases: int, *, seed: int = 8, match: SenderMatch = SenderMatch.FROM) -> LargeCouncil:
    """Half of the cases cover the whole council, half named mailboxes; each names mailboxes of its own."""
    rng = random.Random(seed)  # noqa: S311 - the same data every time, nothing secret
    people = [f"officer.{number:05d}@{_DOMAIN}" for number in range(cases * RECIPIENTS)]
    councillors = [f"cllr.{number:03d}@{_DOMAIN}" for number in range(COUNCILLORS)]
    contacts = [f"contact.{number}@{_DOMAIN}" for number in range(10)]
    protected = [f"protected.{number}@{_DOMAIN}" for number in range(5)]
    known = [_recipient(one) for one in (*people, *councillors, *protected)]
    known += [_recipient(one, RecipientKind.SHARED_MAILBOX) for one in contacts]
    return LargeCouncil(
        cases=tuple(_case(number, rng, people, contacts) for number in range(cases)),
        choices=tuple(_choices(councillors, cases)),
        directory=Directory(
            recipients={one.asked: one for one in known},
            councillors_group=_recipient(f"councillors@{_DOMAIN}", RecipientKind.GROUP),
            councillor_members=frozenset(councillors),
            protected=tuple(_recipient(one) for one in protected),
        ),
        options=CompileOptions(
            instance_id=INSTANCE, mode=RuleMode.ENFORCE, zone=ZoneInfo("Europe/London"), sender_match=match
        ),
        foreign=tuple(_foreign(number) for number in range(FOREIGN)),
    )


def _recipient(address: str, kind: RecipientKind = RecipientKind.USER_MAILBOX) -> Recipient:
    return Recipient(asked=address, address=address, kind=kind, object_id=f"id-{address}")


def _case(number: int, rng: random.Random, people: Sequence[str], contacts: Sequence[str]) -> Case:
    own = people[number * RECIPIENTS : (number + 1) * RECIPIENTS]
    measure = _MEASURES[number % len(_MEASURES)]
    named = measure is Measure.JUNK or number % 2 == 0
    scope = Scope.NAMED if named else Scope.WHOLE_COUNCIL
    addresses = sorted(
        f"p{rng.randrange(10**6):06d}.{number}.{one}@mail{rng.randrange(20)}.example"
        for one in range(ADDRESSES)
    )
    return Case(
        item_id=str(number + 1),
        reference=f"RC-2026-{number + 1:04d}",
        protected=ProtectedFields(
            item_type=ItemType.PERSON,
            addresses=tuple(addresses),
            stage=Stage.NONE,
            measure=measure,
            scope=scope,
            scope_mailboxes=tuple(own[5:]) if named else (),
            spoc_mailbox=contacts[number % len(contacts)],
            allowed_recipients=tuple(own[:5] if named else own),
            councillor_route=None,
            ward_councillors=(),
            effective_from=date(2026, 9, 1),
            ends_on=date(2027, 3, 7),
        ),
        other=OpenFields(status=CaseStatus.APPROVED),
    )


def _choices(councillors: Sequence[str], cases: int) -> Iterator[Choice]:
    """Three of each councillor, of which one in six follows a case."""
    for number in range(CHOICES):
        follows = number % 6 == 0
        handling = (Handling.AS_COUNCIL if follows else Handling.JUNK) if number % 2 == 0 else Handling.FOLDER
        yield Choice(
            item_id=str(number + 1),
            holder=councillors[number % len(councillors)],
            sender="" if follows else f"writer.{number}@mail{number % 20}.example",
            case_reference=f"RC-2026-{number % cases + 1:04d}" if follows else "",
            handling=handling,
            folder_name="Set aside",
            ends_on=date(2027, 1, 31),
            saved="first",
        )


def _foreign(number: int) -> Mapping[str, Any]:
    """Rules as a council's administrators have them: few decide anything, some nobody can decide."""
    external = {"FromScope": "NotInOrganization"}
    kinds: tuple[Mapping[str, Any], ...] = (
        {**external, "PrependSubject": "[External] "},
        {"From": [f"outsider.{one}@other.example" for one in range(20)], "SetSCL": "9"},
        {"FromAddressMatchesPatterns": [r"^no-?reply@", rf"p\d{{3}}[{number % 10}]\d+\..*@"], "SetSCL": "-1"},
        {"FromAddressContainsWords": ["newsletter", f"mail{number % 20}"], "SetHeaderName": "X-Bulk"},
        {"SenderDomainIs": [f"mail{number % 20}.example"], "BlindCopyTo": [f"protected.1@{_DOMAIN}"]},
        {**external, "SubjectContainsWords": ["invoice", "payment"], "PrependSubject": "[Check] "},
        {"SentTo": [f"officer.{number:05d}@{_DOMAIN}"], "BlindCopyTo": [f"officer.00001@{_DOMAIN}"]},
        {"RecipientDomainIs": ["partner.example"], "StopRuleProcessing": True},
        {"MessageSizeOver": "25 MB (26,214,400 bytes)", "RejectMessageReasonText": "Too large."},
        {"HeaderContainsMessageHeader": "X-Spam", "HeaderContainsWords": ["yes"], "SetSCL": "6"},
    )
    undecided = {"AttachmentExtensionMatchesWords": ["exe"], "Quarantine": True}
    what = undecided if number == FOREIGN - 1 else kinds[number % len(kinds)]
    return {"Guid": f"foreign-{number}", "Name": f"Rule {number} of others", **what}


def observed_by(council: LargeCouncil, desired: Desired | None) -> Observed:
    """The tenant's rules: those of others and, above nothing else, `desired` as it was applied."""
    ours = [] if desired is None else [transport_properties(rule) for rule in desired.transport]
    written = [
        {"Guid": f"ours-{number}", **{name: plain_value(value) for name, value in one.items()}}
        for number, one in enumerate(ours)
    ]
    raw = [
        {"State": "Enabled", "Mode": "Enforce", **one, "Priority": number}
        for number, one in enumerate((*council.foreign, *written))
    ]
    boxes: dict[str, list[ObservedInboxRule]] = {one: [] for one in _mailboxes(council)}
    for number, rule in enumerate(() if desired is None else desired.inbox):
        body = message_rule_body(inbox_properties(rule), folders=_FOLDERS, sequence=1)
        found = observe_inbox_rule(
            {**body, "id": f"inbox-{number}"},
            mailbox=rule.mailbox,
            instance_id=INSTANCE,
            folders={identifier: name for name, identifier in _FOLDERS.items()},
        )
        if found is not None:
            boxes.setdefault(rule.mailbox, []).append(found)
    inbox = {mailbox: tuple(rules) for mailbox, rules in boxes.items()}
    return Observed(tuple(observe_transport_rule(one) for one in raw), inbox)


def _mailboxes(council: LargeCouncil) -> Iterator[str]:
    """Every mailbox in which there are or will be rules of ours."""
    yield from sorted({one.holder for one in council.choices})
    for case in council.cases:
        if case.protected.measure is Measure.JUNK:
            yield from case.protected.scope_mailboxes


def applied_by(desired: Desired, observed: Observed) -> tuple[Applied, ...]:
    """What the ledger remembers where `observed` is `desired` as it was applied."""
    assert isinstance(observed.transport, tuple)
    transport = {one.name: one for one in observed.transport}
    boxes = [rules for rules in observed.inbox.values() if isinstance(rules, tuple)]
    inbox = {one.display_name: one for rules in boxes for one in rules}
    council = [_remembered(one, transport[one.name]) for one in desired.transport]
    return (*council, *(_remembered(one, inbox[one.display_name]) for one in desired.inbox))


def _remembered(rule: Any, found: ObservedTransportRule | ObservedInboxRule) -> Applied:
    is_transport = isinstance(found, ObservedTransportRule)
    entry = Applied(
        key=rule.key,
        kind=RuleKind.TRANSPORT_RULE if is_transport else RuleKind.INBOX_RULE,
        guid_or_rule_id=found.guid if isinstance(found, ObservedTransportRule) else found.rule_id,
        mailbox=rule.holder if is_transport else rule.mailbox,
        case_reference=rule.case_reference,
        name=found.name if isinstance(found, ObservedTransportRule) else found.display_name,
        properties=found.properties,
        item_id=rule.item_id,
        written_at=datetime(2026, 11, 1, tzinfo=UTC),
    )
    by_holder = bool(rule.holder) if is_transport else rule.chosen_by_holder
    return replace(entry, chosen_by_holder=by_holder, saved="" if is_transport else rule.saved)
