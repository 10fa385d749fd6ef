"""What other people's rules make of a live case's mail (design.md 7, `foreign_effect`).

Each address of each case is sent once, in simulation, through all rules and through ours
alone. Where the copy ends differently, the rules of others that acted are named. Rules that
only add a copy, a prefix or a disclaimer change no ending and are not reported.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from m365_restrict.mailflow.delivery import Copy, MailFlow, deliver
from m365_restrict.mailflow.mailboxes import KnownMailboxes
from m365_restrict.mailflow.stored_rule import read_rules
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import ChangeClass, Difference, Finding, Observed, Severity
from m365_restrict.plan.codes import FindingCode
from m365_restrict.plan.mail_directory import PlannedDirectory
from m365_restrict.plan.proof import covered_by, rests_on_transport, simulated
from m365_restrict.register.case import Case
from m365_restrict.rules.compilation import Directory


def foreign_effects(
    cases: Sequence[Case], difference: Difference, observed: Observed, directory: Directory, *, now: datetime
) -> Iterator[Finding]:
    """One finding for each case and rule of somebody else that changes where the case's mail ends."""
    if isinstance(observed.transport, Unknown):
        return
    ours = {entry.guid for entry in difference.line if entry.key}
    everything = [rule.raw for rule in observed.transport]
    own = [rule.raw for rule in observed.transport if rule.guid in ours]
    names = {rule.name for rule in observed.transport if rule.guid in ours}
    flows = _flow(everything, directory, now), _flow(own, directory, now)
    for case in cases:
        if rests_on_transport(case):
            for rule in dict.fromkeys(_culprits(case, directory, flows, names)):
                yield _finding(case, rule)


def _flow(rules: Sequence[Mapping[str, object]], directory: Directory, now: datetime) -> MailFlow:
    planned = PlannedDirectory(directory)
    return MailFlow(
        directory=planned,
        transport_rules=read_rules(rules, planned),
        mailboxes=KnownMailboxes(),
        now=now,
    )


def _culprits(
    case: Case, directory: Directory, flows: tuple[MailFlow, MailFlow], ours: set[str]
) -> Iterator[str]:
    recipients = list(dict.fromkeys(covered_by(case, directory)))
    for sender in case.protected.addresses:
        message = simulated(case, sender, recipients)
        met, meant = (deliver(message, recipients, flow) for flow in flows)
        for one, other in zip(met[: len(recipients)], meant, strict=False):
            if _ending(one) != _ending(other):
                yield from (name for name in one.rules if name not in ours)


def _ending(copy: Copy) -> tuple[str, str | None]:
    return copy.outcome.value, copy.mailbox


def _finding(case: Case, rule: str) -> Finding:
    return Finding(
        code=FindingCode.FOREIGN_RULE_ACTS,
        change_class=ChangeClass.FOREIGN_EFFECT,
        severity=Severity.HIGH,
        message=f"{FindingCode.FOREIGN_RULE_ACTS.meaning} It is the rule '{rule}'.",
        case_reference=case.reference,
        rule=rule,
        key=f"foreign:{rule}",
    )
