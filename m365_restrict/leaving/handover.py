"""`handover`: what somebody needs who takes the installation over, from the ledger and the settings alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from m365_restrict import __version__
from m365_restrict.health.sign_in import Application, sign_in_line
from m365_restrict.leaving.retire_run import removal_line, retirement_line
from m365_restrict.leaving.standing import last_day
from m365_restrict.ledger.ledger import Ledger
from m365_restrict.ledger.runs import RunRecord
from m365_restrict.plan.change import Action, Applied, Change, ChangeClass, RuleKind
from m365_restrict.report.documents import Head
from m365_restrict.report.handover_document import (
    DueLine,
    HandedApplication,
    HandedCase,
    HandedChoices,
    HandedRule,
    HandedRun,
    HandoverDocument,
    Named,
)
from m365_restrict.script.opening_line import opening_line
from m365_restrict.script.quoting import comment, quoted, table
from m365_restrict.script.steps import write_steps
from m365_restrict.tenant.sign_in_way import SignInWay

_AHEAD = timedelta(days=30)
_VERBS = ("apply", "heal", "drift", "reviews", "retention", "report", "doctor")
_SIGNS_IN_WITH = {
    SignInWay.CERTIFICATE: "a certificate",
    SignInWay.WORKLOAD_IDENTITY: "the token of a service account, by a federated credential",
    SignInWay.TRUSTED_IDENTITY: "a managed identity, by a federated credential",
    SignInWay.SECRET: "a secret",
    SignInWay.MANAGED_IDENTITY: "the identity of its computer",
    SignInWay.NOTHING: "nothing yet",
}
_TO_STOP = (
    "Hold everything back but openings, until it is lifted: m365-restrict freeze --reason TEXT",
    "Open one case now: m365-restrict open CASE --reason TEXT",
    "Stop the schedule: end the service or the tasks that run `m365-restrict schedule` or `m365-restrict "
    "job` (on Windows the Task Scheduler, on Linux systemd, in a cluster its jobs). Rules stay as they are.",
    "Without this program: the line Open it at a rule, in Exchange Online PowerShell, signed in with the "
    "Exchange role Transport Rules. Stop the schedule first: the next run would close it again.",
    "For good: m365-restrict retire",
)
_BY_HAND = (
    "Connect to Exchange Online: Install-Module ExchangeOnlineManagement, then Connect-ExchangeOnline.",
    "See every rule of this installation: Get-TransportRule | Where-Object Comments -like '*{instance}*'",
    "Change when a rule ends: Set-TransportRule -Identity GUID -ExpiryDate DATE, with the whole sender "
    "condition again: a rule whose Set leaves the senders out may act on all mail.",
    "Make every rule again, with its senders: m365-restrict handover --script FILE writes PowerShell that "
    "does it; that file holds addresses.",
    "An inbox rule is deleted in Outlook on the web, opened as that mailbox: Settings, Mail, Rules. Use "
    "no cmdlet: Disable-InboxRule and Remove-InboxRule also remove rules that Outlook itself runs.",
    "A councillor stops a choice in the same way, by the rule that names council mail.",
)
_SCRIPT_WARNING = (
    "",
    "THIS FILE HOLDS E-MAIL ADDRESSES OF PEOPLE WHOM A DECISION IS ABOUT. Keep it where only those who",
    "may read the register can read it, and delete it once it is no longer needed.",
    "",
    "Run it in PowerShell after Connect-ExchangeOnline, with the Exchange role 'Transport Rules'. A rule",
    "whose name is there already is passed over. Every rule is made disabled and last: look at it, its",
    "senders above all, then run Enable-TransportRule. Look at the order as well: rules of ours stop those",
    "below them.",
)
_SCRIPT_BODY = (
    "$all = @(Get-TransportRule -ResultSize Unlimited -ErrorAction Stop)",
    "$there = @($all | ForEach-Object { [string]$_.Name })",
    "foreach ($rule in $rules) {",
    "    if ($there -contains $rule['Name']) {",
    "        Write-Warning \"$($rule['Name']) is there already.\"",
    "        continue",
    "    }",
    "    $made = New-TransportRule @rule -Enabled $false -ErrorAction Stop",
    '    Write-Output "$($made.Name): made, disabled, $($made.Guid)"',
    "}",
)


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """One application: its client id, and how it signs in."""

    client_id: str
    application: Application


@dataclass(frozen=True, kw_only=True)
class HandoverFacts:
    """What the settings say, as plain values without secrets. `real_now` is what certificates live in."""

    instance_id: str
    tenant_id: str
    zone: tzinfo
    host: str
    real_now: datetime
    places: tuple[Named, ...]
    schedule: tuple[Named, ...]
    owners: tuple[Named, ...]
    applications: tuple[SignIn, ...]


def hand_over_page(ledger: Ledger, facts: HandoverFacts, head: Head) -> HandoverDocument:
    """The page. `head.started_at` is the moment it is of."""
    now = head.started_at
    today = now.astimezone(facts.zone).date()
    applied = ledger.rules.all()
    chosen = [one for one in applied if one.chosen_by_holder and not one.holder_ended]
    applications = tuple(_application(one, facts) for one in facts.applications)
    runs = [run for verb in _VERBS for run in ledger.runs.latest(verb=verb, limit=1)]
    wrote = next((one for one in runs if one.verb == "apply"), None)
    return HandoverDocument(
        head=head,
        instance_id=facts.instance_id,
        tenant_id=facts.tenant_id,
        time_zone=str(facts.zone),
        last_apply=_run(wrote) if wrote else None,
        retirement=retirement_line(ledger.retirements.current()),
        cases=tuple(
            HandedCase(case_ref=one.case_reference, measure=one.measure, ends_on=one.ends_on)
            for one in sorted(ledger.register.live(), key=lambda one: one.case_reference)
        ),
        rules=tuple(_rule(one, facts.zone) for one in _councils(applied)),
        choices=HandedChoices(rules=len(chosen), mailboxes=len({one.mailbox for one in chosen})),
        places=(Named(name="This page was written on", value=facts.host), *facts.places),
        schedule=facts.schedule,
        runs=(*_jobs(ledger), *map(_run, runs)),
        applications=applications,
        owners=facts.owners,
        due=_due(ledger, applications, today=today, now=now, zone=facts.zone),
        to_stop=_TO_STOP,
        by_hand=tuple(one.replace("{instance}", facts.instance_id) for one in _BY_HAND),
    )


def _councils(applied: Sequence[Applied]) -> list[Applied]:
    """The council's rules; a councillor's are told as numbers alone."""
    return sorted((one for one in applied if not one.chosen_by_holder), key=lambda one: one.name)


def _rule(one: Applied, zone: tzinfo) -> HandedRule:
    """Of an inbox rule no cmdlet is told: each also removes rules that Outlook runs (exchange.md 5.3)."""
    transport = one.kind is RuleKind.TRANSPORT_RULE
    return HandedRule(
        name=one.name,
        kind=one.kind.value,
        mailbox=one.mailbox,
        case_ref=one.case_reference or None,
        ends_on=last_day(one.properties, zone),
        written_at=one.written_at,
        open_by_hand=opening_line(one) if transport else "",
        close_by_hand=_closing_line(one) if transport else "",
        remove_by_hand=removal_line(one),
    )


def _closing_line(one: Applied) -> str:
    return f"Enable-TransportRule -Identity {quoted(one.guid_or_rule_id)} -Confirm:$false"


def _run(run: RunRecord) -> HandedRun:
    return HandedRun(what=run.verb, host=run.host, at=run.started_at, status=run.status)


def _jobs(ledger: Ledger) -> Iterator[HandedRun]:
    for job, run in sorted(ledger.jobs.all_last().items()):
        ended = "working" if run.exit_code is None else f"exit code {run.exit_code}"
        yield HandedRun(what=f"job {job.value}", host=run.host, at=run.began_at, status=ended)


def _application(one: SignIn, facts: HandoverFacts) -> HandedApplication:
    found = sign_in_line(one.application, now=facts.real_now)
    return HandedApplication(
        role=one.application.role,
        client_id=one.client_id,
        signs_in_with=_SIGNS_IN_WITH[found.kind],
        certificate_ends_on=found.ends_at.astimezone(facts.zone).date() if found.ends_at else None,
        note=_application_note(found.kind, found.problem),
    )


def _application_note(kind: SignInWay, problem: str) -> str:
    if problem:
        return f"Its certificate: {problem}"
    if kind is SignInWay.SECRET:
        return "A secret can be copied and does not show here when it ends: change to a certificate"
    return ""


def _due(
    ledger: Ledger, applications: Sequence[HandedApplication], *, today: date, now: datetime, zone: tzinfo
) -> tuple[DueLine, ...]:
    lines = [*_ends(ledger), *_promises(ledger, now=now, zone=zone)]
    lines += [
        DueLine(on=one.certificate_ends_on, what=f"The certificate of the {one.role} ends.")
        for one in applications
        if one.certificate_ends_on is not None
    ]
    within = [one for one in lines if one.on <= today + _AHEAD]
    return tuple(sorted(within, key=lambda one: (one.on, one.what)))


def _ends(ledger: Ledger) -> Iterator[DueLine]:
    for case in ledger.register.live():
        yield DueLine(on=case.ends_on, what=f"Last day of case {case.case_reference}: review it before.")


def _promises(ledger: Ledger, *, now: datetime, zone: tzinfo) -> Iterator[DueLine]:
    """What was to be for a time alone."""
    for waiver in ledger.waivers.all():
        if waiver.ended_at is None:
            yield DueLine(on=waiver.until, what=f"Waiver {waiver.number} ends ({waiver.owner}).")
    for override in ledger.overrides.standing(now):
        day = override.until.astimezone(zone).date()
        yield DueLine(on=day, what=f"The override of the guard {override.code} ends.")
    frozen = ledger.freezes.current()
    if frozen is not None:
        day = frozen.since.astimezone(zone).date()
        yield DueLine(on=day, what=f"Frozen since this day: {frozen.reason}. Lift it or say why not.")
    for opening in ledger.openings.standing():
        day = opening.since.astimezone(zone).date()
        yield DueLine(on=day, what=f"Case {opening.case_reference} is open by hand since this day.")


def script_by_hand(ledger: Ledger, facts: HandoverFacts, head: Head) -> tuple[str, int]:
    """PowerShell that makes the council's transport rules again, each disabled, and how many those are.

    It holds senders' addresses. Raises NotByScript where a rule is of a form that no script may write.
    """
    changes = [_creation(one) for one in _councils(ledger.rules.all()) if one.kind is RuleKind.TRANSPORT_RULE]
    about = [
        f"The {len(changes)} transport rules of the installation {facts.instance_id}, as last applied.",
        f"Written at {head.started_at:%Y-%m-%dT%H:%M:%SZ} by m365-restrict {__version__}, run {head.run_id}.",
        *_SCRIPT_WARNING,
    ]
    rules = [table(one.step.send, indent=1) for one in write_steps(changes, {})]
    body = "\n".join(f"    {rule}" for rule in rules)
    lines = [*map(comment, about), "", "$rules = @(", body, ")", *_SCRIPT_BODY, ""]
    return "\ufeff" + "\r\n".join("\n".join(lines).split("\n")), len(changes)


def _creation(one: Applied) -> Change:
    return Change(
        action=Action.CREATE,
        kind=one.kind,
        key=one.key,
        name=one.name,
        case_reference=one.case_reference,
        mailbox=one.mailbox,
        chosen_by_holder=False,
        change_class=ChangeClass.MISSING,
        fields=(),
        effect=f"Case {one.case_reference} as it was last applied.",
        opens=False,
        target=one.properties,
        item_id=one.item_id,
    )
