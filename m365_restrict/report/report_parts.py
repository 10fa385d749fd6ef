"""Findings, tasks, live cases and contacts of a report as lines for a person."""

from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from m365_restrict.plan.beside import Actor, ActorKind, ContactMailbox, MailCounts
from m365_restrict.report.documents import LiveState, Mailbox
from m365_restrict.report.edition import Period
from m365_restrict.report.model import LiveCase, Report, ReportFinding
from m365_restrict.report.text import Line, counted, sentence, shown
from m365_restrict.rules.naming import long_day

_STATES = {
    LiveState.IN_STEP: "enforced exactly",
    LiveState.DIFFERS: "differs",
    LiveState.MISSING: "missing from the tenant",
    LiveState.UNKNOWN: "could not be checked",
    LiveState.NOT_ON_MAIL: "in force without a mail rule",
}
_ACTORS = {
    ActorKind.PERSON: "",
    ActorKind.PARTNER: ", an administrator of another organisation",
    ActorKind.APPLICATION: ", an application",
    ActorKind.THIS_TOOL: ", this tool itself",
    ActorKind.SERVICE: ", the service itself",
}


def finding_lines(report: Report) -> Iterator[Line]:
    """The findings, severest first, and what was put right."""
    yield Line(f"{counted(len(report.findings), 'finding').capitalize()}.", "bold")
    for one in report.findings:
        yield from _finding(one, report)
    for fixed in report.fixed:
        yield Line(f"Put right since the last run: {fixed}", "green")


def _finding(one: ReportFinding, report: Report) -> Iterator[Line]:
    line = one.line
    rule = f" {line.rule!r}" if line.rule else ""
    case = f" of case {line.case_ref}" if line.case_ref else ""
    yield Line(
        f"{one.number}. {line.severity}, {one.continuity.value}: {line.class_.replace('_', ' ')}{rule}"
        f"{where(line.mailbox)}{case} ({line.code}, finding {line.id})",
        "red" if line.severity in {"critical", "high"} else "yellow",
    )
    yield Line(line.message, indent=1)
    for change in line.fields:
        text = (
            f"{change.field}: the tenant says {shown(change.observed)}; the register {shown(change.desired)}"
        )
        yield Line(text, indent=1)
    yield Line(f"Since {moment(line.since, report)}.", indent=1)
    yield from (Line(_actor(actor, report), indent=1) for actor in one.actors)
    if one.approved_on:
        yield Line(f"Decision approved {approved(one.approved_by, one.approved_on)}.", indent=1)
    if line.waived is not None:
        until = long_day(line.waived.until)
        yield Line(
            f"Accepted until {until} by {line.waived.owner} (waiver {line.waived.number}): "
            f"{line.waived.reason}",
            indent=1,
        )
        return
    due = f", by {long_day(one.due)}" if one.due else ""
    yield Line(f"For {one.owner}{due}: {line.action}", indent=1)


def _actor(actor: Actor, report: Report) -> str:
    when = f" on {moment(actor.at, report)}" if actor.at else ""
    match actor.kind:
        case ActorKind.NOT_YET_LOGGED:
            return "Who changed it is not yet in the audit log."
        case ActorKind.NOT_READABLE:
            return "Who changed it cannot be told: the audit log may not be read."
        case _:
            where = f", from {actor.from_where}" if actor.from_where else ""
            source = f" (by the {actor.source})" if actor.source else ""
            name = actor.name or "somebody"
            return f"Changed{when} by {name}{_ACTORS[actor.kind]}{where}{source}."


def worklist_part(report: Report) -> Iterator[Line]:
    """What is due about which case, in the weekly report alone."""
    if report.period.kind is not Period.WEEKLY:
        return
    yield Line(f"What is due: {counted(len(report.worklist), 'task')}.", "bold")
    for one in report.worklist:
        due = f", by {long_day(one.due)}" if one.due else ""
        yield Line(f"{one.urgency}: {one.case_ref or 'All cases'}: {one.message}", indent=1)
        yield Line(f"For {one.owner}{due}: {one.action}", indent=2)


def live_lines(report: Report) -> Iterator[Line]:
    """All live cases."""
    yield Line(f"{counted(len(report.live), 'live case').capitalize()}.", "bold")
    for case in report.live:
        yield from _live_case(case, report)


def _live_case(case: LiveCase, report: Report) -> Iterator[Line]:
    yield Line(f"{case.case_ref}: {case.measure}: {_STATES[case.state]}; {_days(case)}")
    if case.approved_on:
        yield Line(f"Approved {approved(case.approved_by, case.approved_on)}.", indent=1)
    if case.enforced_since:
        yield Line(f"Its rules stand since {moment(case.enforced_since, report)}.", indent=1)
    if case.rules:
        yield Line(f"Rules: {', '.join(case.rules)}.", indent=1)
    if case.mail is not None:
        yield Line(_mail(case.mail, report), indent=1)
    for cmdlet in case.open_by_hand:
        yield Line(f"To open it by hand: {cmdlet}", indent=1)


def _days(case: LiveCase) -> str:
    if case.ends_on is None or case.days_left is None:
        end = "no end date"
    elif case.days_left == 0:
        end = "it ends today"
    else:
        end = f"it ends on {long_day(case.ends_on)}, {counted(case.days_left, 'day')} left"
    if case.next_review_on is None:
        return f"{end}; no review day."
    late = f", overdue by {counted(case.review_overdue_days, 'day')}" if case.review_overdue_days else ""
    return f"{end}; review by {long_day(case.next_review_on)}{late}."


def _mail(mail: MailCounts, report: Report) -> str:
    return (
        f"Mail from {moment(mail.since, report)} to {moment(mail.until, report)}: {mail.seen} seen, "
        f"{mail.redirected} redirected, {mail.refused} refused, {mail.filed} filed, {mail.leaked} leaked."
    )


def contact_line(one: ContactMailbox) -> Line:
    """How the mailbox of a single contact is read, in counts."""
    known = [
        f"{one.received} received" if one.received is not None else "",
        f"{one.unread} unread" if one.unread is not None else "",
        f"the oldest for {counted(one.oldest_unread_days, 'day')}" if one.oldest_unread_days else "",
        f"{one.unread_in_junk} unread in Junk Email" if one.unread_in_junk is not None else "",
        one.reason,
    ]
    return Line(f"Single contact {one.mailbox}: {sentence(known)}")


def where(mailbox: Mailbox) -> str:
    """In which mailbox; a councillor's is a number."""
    if isinstance(mailbox, int):
        return f" in councillor mailbox no. {mailbox}"
    return f" in {mailbox}" if mailbox else ""


def approved(by: tuple[str, ...], on: date) -> str:
    """When a decision was approved and by whom."""
    who = f" by {' and '.join(by)}" if by else ""
    return f"on {long_day(on)}{who}"


def moment(at: datetime, report: Report) -> str:
    """An instant by the council's own time."""
    zone = report.identity.time_zone
    local = at.astimezone(ZoneInfo(zone)) if zone else at
    return f"{long_day(local.date())}, {local:%H:%M} {local:%Z}"
