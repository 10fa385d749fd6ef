"""Which rules in the tenant are ours (design.md 5). Nothing else is ever changed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from m365_restrict.plan.change import Applied, ChangeClass, Finding, RuleKind, Severity
from m365_restrict.plan.claims import Claims
from m365_restrict.plan.codes import FindingCode
from m365_restrict.rules.observed import ObservedInboxRule, ObservedTransportRule
from m365_restrict.rules.stamp import Damaged, Stamp, digest_of, parse_stamp
from m365_restrict.rules.token import token_for

_NO_CLAIMS = Claims()


@dataclass(frozen=True)
class OwnedTransport:
    """A transport rule of ours with the key and case that the ledger or its stamp gives it."""

    key: str
    case_reference: str
    rule: ObservedTransportRule


@dataclass(frozen=True)
class OwnedInbox:
    """An inbox rule of ours. A token that nothing known explains gets a key of its own."""

    key: str
    rule: ObservedInboxRule


def owned_transport_rules(
    observed: Sequence[ObservedTransportRule],
    applied: Iterable[Applied],
    *,
    instance_id: str,
    claims: Claims = _NO_CLAIMS,
) -> tuple[Mapping[str, OwnedTransport], tuple[Finding, ...]]:
    """Our rules by key, and what is odd about stamps.

    A Guid that was disowned is never ours; a known one, then an adopted one, wins over every stamp.
    """
    applied = tuple(applied)
    owned = _known_rules(observed, applied, claims)
    ours = {entry.rule.guid for entry in owned.values()}
    taken = _stamps_taken(applied, ours)
    stamped: dict[str, list[tuple[Stamp, ObservedTransportRule]]] = {}
    findings: list[Finding] = []
    for rule in observed:
        stamp = parse_stamp(rule.comments)
        if rule.guid in claims.disowned:
            text = "was disowned and is no longer ours"
            findings.append(_odd(FindingCode.DISOWNED, rule, text))
        elif rule.guid in ours:
            continue
        elif isinstance(stamp, Damaged):
            findings.append(_odd(FindingCode.STAMP_DAMAGED, rule, "has a damaged stamp"))
        elif stamp is not None and stamp.instance_id != instance_id:
            text = "belongs to another installation of this program"
            findings.append(_odd(FindingCode.STAMP_OF_OTHER_INSTANCE, rule, text))
        elif stamp is not None:
            stamped.setdefault(stamp.key, []).append((stamp, rule))
    for key, candidates in stamped.items():
        findings += _adopt(key, candidates, owned, taken=key in taken)
    return owned, tuple(findings)


def _known_rules(
    observed: Sequence[ObservedTransportRule], applied: Iterable[Applied], claims: Claims
) -> dict[str, OwnedTransport]:
    """The rules that the ledger knows by Guid: those that were applied, then those that were adopted."""
    known = {entry.guid_or_rule_id: entry for entry in applied if entry.kind is RuleKind.TRANSPORT_RULE}
    here = {rule.guid: rule for rule in observed if rule.guid not in claims.disowned}
    owned = {
        entry.key: OwnedTransport(entry.key, entry.case_reference, here[guid])
        for guid, entry in known.items()
        if guid in here
    }
    for guid, adopted in claims.adopted.items():
        if guid in here and guid not in known:
            owned.setdefault(adopted.key, OwnedTransport(adopted.key, adopted.case_reference, here[guid]))
    return owned


def _stamps_taken(applied: Iterable[Applied], ours: Collection[str]) -> frozenset[str]:
    """The keys in the stamps that were written into rules which are known by Guid and still stand.

    A rule follows its renamed case before its stamp does, which the write of the same run brings in line.
    """
    written = (
        parse_stamp(str(entry.properties.get("Comments", "")))
        for entry in applied
        if entry.guid_or_rule_id in ours
    )
    return frozenset(stamp.key for stamp in written if isinstance(stamp, Stamp))


def _adopt(
    key: str,
    candidates: list[tuple[Stamp, ObservedTransportRule]],
    owned: dict[str, OwnedTransport],
    *,
    taken: bool,
) -> list[Finding]:
    """Take the rule whose stamp fits what it holds; every other bearer of the stamp is a copy.

    `taken` says that the stamp is that of a rule which is known by Guid: then all of these are copies.
    """
    ranked = sorted(
        candidates,
        key=lambda entry: (entry[0].digest != digest_of(entry[1].properties), entry[1].priority),
    )
    if key not in owned and not taken:
        stamp, rule = ranked.pop(0)
        owned[key] = OwnedTransport(key, stamp.case_reference, rule)
    return [
        _odd(FindingCode.STAMP_COPIED, rule, "carries a copy of another rule's stamp", stamp.case_reference)
        for stamp, rule in ranked
    ]


def _odd(code: FindingCode, rule: ObservedTransportRule, what: str, case_reference: str = "") -> Finding:
    low = code in {FindingCode.STAMP_OF_OTHER_INSTANCE, FindingCode.DISOWNED}
    return Finding(
        code=code,
        change_class=ChangeClass.FOREIGN_EFFECT,
        severity=Severity.LOW if low else Severity.MEDIUM,
        message=f"The transport rule “{rule.name}” {what}; it is left untouched.",
        case_reference=case_reference,
        rule=rule.name,
        key=rule.guid if code is FindingCode.DISOWNED else "",
        changed_by=rule.changed_by,
        changed_at=rule.changed_at,
    )


def keys_by_token(keys: Iterable[str], instance_id: str) -> Mapping[str, str]:
    """The keys of inbox rules by the token in the rule's name, the last where two have the same."""
    return {token_for(key, instance_id): key for key in keys}


def owned_inbox_rules(
    observed: Sequence[ObservedInboxRule],
    applied: Iterable[Applied],
    known: Mapping[str, str],
    *,
    instance_id: str,
) -> tuple[Mapping[str, OwnedInbox], tuple[Finding, ...]]:
    """Our rules of one mailbox by key: by the ledger's rule id first, then by token.

    `known` are further keys by their tokens, before those of the ledger.
    """
    entries = [entry for entry in applied if entry.kind is RuleKind.INBOX_RULE]
    by_id = {entry.guid_or_rule_id: entry for entry in entries}
    by_token = keys_by_token((entry.key for entry in entries), instance_id)
    owned: dict[str, OwnedInbox] = {}
    findings: list[Finding] = []
    for rule in sorted(observed, key=lambda entry: entry.rule_id not in by_id):
        entry = by_id.get(rule.rule_id)
        named = known.get(rule.token) or by_token.get(rule.token, f"token-{rule.token}")
        key = entry.key if entry else named
        if key in owned:
            findings.append(_copied(rule))
        else:
            owned[key] = OwnedInbox(key, rule)
    return owned, tuple(findings)


def _copied(rule: ObservedInboxRule) -> Finding:
    return Finding(
        code=FindingCode.STAMP_COPIED,
        change_class=ChangeClass.FOREIGN_EFFECT,
        severity=Severity.LOW,
        message="An inbox rule is a copy of a rule of ours; it is left untouched.",
        mailbox=rule.mailbox,
        rule=rule.display_name,
        kind=RuleKind.INBOX_RULE,
        chosen_by_holder=True,
    )
