"""What other people's rules make of a live case's mail (design.md 7, `foreign_effect`; contracts.md 3).

Each address of each case is sent once, in simulation, through all rules and through ours alone, to one
recipient of every class. Where a copy ends differently, the rules of others that acted are named for the
case: those that only add something never are. Where it ends the same, what they did is said once a rule:
quietly if it only adds, aloud if it exempts, routes or holds. A rule whose conditions cannot be decided from
headers is tried both ways.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from m365_restrict.mailflow.mailboxes import KnownMailboxes
from m365_restrict.mailflow.remembered import RememberedDirectory
from m365_restrict.outcome import Unknown
from m365_restrict.plan.alike import Alike
from m365_restrict.plan.change import ChangeClass, Difference, Finding, Observed, Severity
from m365_restrict.plan.codes import FindingCode
from m365_restrict.plan.invariants import Ending, covered_by, witnesses
from m365_restrict.plan.mail_directory import PlannedDirectory, ordinary_address
from m365_restrict.plan.prefixes import line_of
from m365_restrict.plan.simulation import Post, Setting
from m365_restrict.register.case import Case, Scope
from m365_restrict.rules.case_rules import sender_addresses
from m365_restrict.rules.compilation import Directory
from m365_restrict.rules.observed import ObservedTransportRule
from m365_restrict.rules.service_properties import ACTIONS

_NO_FILTERING = "-1"
# Everything else that a rule can do keeps mail, or sends, routes or holds it elsewhere, or ends the rules.
_ADDING = frozenset(
    [
        "AddManagerAsRecipientType",
        "AddToRecipients",
        "ApplyClassification",
        "ApplyHtmlDisclaimerFallbackAction",
        "ApplyHtmlDisclaimerLocation",
        "ApplyHtmlDisclaimerText",
        "BlindCopyTo",
        "CopyTo",
        "GenerateIncidentReport",
        "GenerateNotification",
        "IncidentReportContent",
        "LogEventText",
        "PrependSubject",
        "RemoveHeader",
        "SetHeaderName",
        "SetHeaderValue",
        "SetSCL",
    ]
)


@dataclass
class _Seen:
    """The rules of others by what they do: decisive ones by case, the rest by rule with their cases."""

    decisive: dict[tuple[str, str], Severity] = field(default_factory=dict)
    marginal: dict[str, dict[str, None]] = field(default_factory=dict)
    open_questions: dict[str, None] = field(default_factory=dict)


def foreign_effects(
    cases: Sequence[Case], difference: Difference, observed: Observed, directory: Directory, *, now: datetime
) -> Iterator[Finding]:
    """One finding for each case and rule of somebody else that changes where the case's mail ends.

    Rules that change no ending, or of which nobody can tell whether they do, are named once each, whatever
    the number of cases.
    """
    if isinstance(observed.transport, Unknown):
        return
    known = RememberedDirectory(PlannedDirectory(directory))
    line = line_of(difference.line, (), observed, known)
    alike = Alike(Setting(line, known, KnownMailboxes(), now, line.names))
    rules = {rule.name: rule for rule in observed.transport}
    seen = _Seen()
    for case in cases:
        if case.protected.measure.acts_on_mail:
            _look(case, directory, alike, rules, seen)
    # Of a copy of ours it is said already that somebody should remove it.
    copies = {one.rule for one in difference.findings if one.code is FindingCode.STAMP_COPIED}
    for (reference, rule), severity in seen.decisive.items():
        if severity is Severity.HIGH or rule not in copies:
            yield _decisive(reference, rules[rule], severity)
    for rule, references in seen.marginal.items():
        others = tuple(one for one in references if (one, rule) not in seen.decisive)
        if others and rule not in copies:
            yield _marginal(rules[rule], others)
    for rule in seen.open_questions:
        yield _open_question(rules[rule])


def _look(
    case: Case,
    directory: Directory,
    alike: Alike,
    rules: Mapping[str, ObservedTransportRule],
    seen: _Seen,
) -> None:
    covered = frozenset(covered_by(case, directory))
    recipients = _concerned(case, directory)
    for mail in alike.posts(sender_addresses(case, directory), recipients):
        first, *others = mail.post.ways(mail.recipients)
        met, meant = first.after(mail.recipients), first.after(mail.recipients, foreign=False)
        for recipient, one in mail.stands_for.items():
            theirs = [name for name in met[one].theirs if name in rules]
            if met[one].effect == meant[one].effect:
                for name in theirs:
                    seen.marginal.setdefault(name, {})[case.reference] = None
                continue
            severity = Severity.HIGH if recipient in covered else Severity.MEDIUM
            for name in [name for name in theirs if not _only_adds(rules[name])] or theirs:
                key = (case.reference, name)
                if seen.decisive.get(key) is not Severity.HIGH:
                    seen.decisive[key] = severity
        for way in others:
            asked = dict.fromkeys(one for recipient, one in mail.stands_for.items() if recipient in covered)
            seen.open_questions.update(dict.fromkeys(_only_if_acting(way, met, list(asked))))


def _concerned(case: Case, directory: Directory) -> list[str]:
    """One recipient of every class, those whom the case leaves open included, but nobody beside its scope."""
    found = dict.fromkeys(one.address for one in witnesses(case, directory, {}, moved=False))
    if case.protected.scope is Scope.NAMED:
        found.pop(ordinary_address(directory), None)
    return list(found)


def _only_adds(rule: ObservedTransportRule, *, besides: frozenset[str] = frozenset()) -> bool:
    """Whether the rule does nothing but add (contracts.md 3). To exempt mail from the filters is more."""
    actions = ACTIONS & rule.properties.keys()
    return actions <= _ADDING | besides and rule.properties.get("SetSCL") != _NO_FILTERING


def _only_if_acting(way: Post, met: Mapping[str, Ending], recipients: Sequence[str]) -> Iterator[str]:
    """The rules that change an ending once open questions are decided their way."""
    after = way.after(recipients) if recipients else {}
    for recipient in recipients:
        one, other = after[recipient], met[recipient]
        if one.effect != other.effect:
            yield from (rule for rule in one.theirs if rule not in other.theirs)


def _decisive(reference: str, rule: ObservedTransportRule, severity: Severity) -> Finding:
    """`severity` is lower where the case's rules themselves still do what they say."""
    text = f"{FindingCode.FOREIGN_RULE_ACTS.meaning} It is the rule '{rule.name}'."
    return _finding(FindingCode.FOREIGN_RULE_ACTS, rule, severity, text, reference)


def _marginal(rule: ObservedTransportRule, references: Sequence[str]) -> Finding:
    # A stop that ended nothing of ours is of no more weight than what the rule adds.
    adds = _only_adds(rule, besides=frozenset(["StopRuleProcessing"]))
    code = FindingCode.FOREIGN_RULE_ADDS if adds else FindingCode.FOREIGN_RULE_INTERFERES
    cases = "1 live case" if len(references) == 1 else f"{len(references)} live cases"
    text = f"{code.meaning} It is the rule '{rule.name}', which acts on mail of {cases}."
    severity = Severity.LOW if adds else Severity.MEDIUM
    return _finding(code, rule, severity, text, references[0] if len(references) == 1 else "")


def _open_question(rule: ObservedTransportRule) -> Finding:
    code = FindingCode.FOREIGN_RULE_UNDECIDABLE
    return _finding(code, rule, Severity.LOW, f"{code.meaning} It is the rule '{rule.name}'.", "")


def _finding(
    code: FindingCode, rule: ObservedTransportRule, severity: Severity, message: str, reference: str
) -> Finding:
    kinds = {FindingCode.FOREIGN_RULE_ACTS: "foreign", FindingCode.FOREIGN_RULE_UNDECIDABLE: "undecidable"}
    return Finding(
        code=code,
        change_class=ChangeClass.FOREIGN_EFFECT,
        severity=severity,
        message=message,
        case_reference=reference,
        rule=rule.name,
        key=f"{kinds.get(code, code.value)}:{rule.name}",
        changed_by=rule.changed_by,
        changed_at=rule.changed_at,
    )
