"""Reports of an invented council, of any size: for tests of the faces and for the screenshots in docs/images.

Usage: python tools/sample_report.py FILE [--cases N] [--findings N] [--edition E] [--period P] [--language L]
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from m365_restrict import __version__
from m365_restrict.errors import ExitCode
from m365_restrict.outcome import Unknown
from m365_restrict.plan.beside import Actor, ActorKind, ContactMailbox, MailCounts, NotCovered, Point
from m365_restrict.plan.change import ChangeClass, FieldChange, Severity
from m365_restrict.register.case import Measure
from m365_restrict.report.documents import (
    DriftSummary,
    FindingLine,
    Head,
    LiveState,
    OverrideLine,
    Source,
    WaivedLine,
)
from m365_restrict.report.edition import Edition, Period, ReportLanguage
from m365_restrict.report.model import (
    ActionTaken,
    Continuity,
    CouncillorNumbers,
    DueTask,
    ExceptionKind,
    LiveCase,
    Number,
    NumberOf,
    PeriodCovered,
    PublicCount,
    PublicCounts,
    Report,
    ReportFinding,
    ResultWord,
    RunIdentity,
    SignOff,
    StandingException,
    Trends,
)
from m365_restrict.report.page.html import to_page

NOW = datetime(2026, 11, 30, 6, 0, tzinfo=UTC)
TODAY = NOW.date()
_DIRECTOR = ("Director of Customers",)
_STATES = (
    *(LiveState.IN_STEP for _ in range(16)),
    LiveState.DIFFERS,
    LiveState.MISSING,
    LiveState.NOT_ON_MAIL,
)
_SEVERITIES = (Severity.CRITICAL, *(Severity.HIGH,) * 3, *(Severity.MEDIUM,) * 4, *(Severity.LOW,) * 2)
_MEASURES = (Measure.REDIRECT, Measure.REDIRECT, Measure.REFUSE, Measure.FILE, Measure.REDIRECT, Measure.COPY)
_FOUND = (
    (ChangeClass.ORPHAN, "rule-orphaned", "A rule carries our stamp and no live decision stands behind it."),
    (
        ChangeClass.DRIFTED,
        "rule-drifted",
        "Somebody disabled the rule and took an address out.",
    ),
    (ChangeClass.MISSING, "rule-missing", "The rule that was applied on 2 November 2026 is gone."),
    (
        ChangeClass.FOREIGN_EFFECT,
        "foreign-rule-acts",
        "The rule 'Newsletters' rejects this case's mail first.",
    ),
    (ChangeClass.REGISTER, "review-overdue", "The review was due on 20 November 2026."),
    (ChangeClass.HOLDERS_CHOICE, "holders-choice", "A councillor removed a rule of their own choice."),
    (ChangeClass.PENDING, "rule-pending", "The register has moved and the tenant has not followed yet."),
)
_ACTION = "Ask who changed it and why; `m365-restrict heal` puts back what was last applied."


def sample_report(
    *,
    cases: int = 24,
    findings: int = 9,
    edition: Edition = Edition.COMPLIANCE,
    period: Period = Period.MONTHLY,
    language: ReportLanguage = ReportLanguage.ENGLISH,
) -> Report:
    """One report with something in every part. Equal arguments give equal reports."""
    live = tuple(_live(at, by_hand=edition is Edition.ICT) for at in range(cases))
    found = tuple(_finding(at) for at in range(findings))
    states = [case.state for case in live]
    report = Report(
        identity=_identity(),
        period=_period(period),
        edition=edition,
        summary=DriftSummary(
            live=cases,
            enforced=states.count(LiveState.IN_STEP),
            differing=states.count(LiveState.DIFFERS) + states.count(LiveState.MISSING),
            orphans=sum(one.line.class_ == ChangeClass.ORPHAN for one in found),
            unknown=states.count(LiveState.UNKNOWN),
        ),
        findings=found,
        fixed=("Case RC-2026-004: the rule that was disabled on 12 November 2026 is enabled again.",),
        live=live,
        contacts=_contacts(),
        councillors=CouncillorNumbers(
            members=42, with_choices=11, choices_live=17, choices_healthy=16, choices_refused=1
        ),
        actions=tuple(_write(at) for at in range(min(max(findings, 4), 500))),
        exceptions=_exceptions(),
        guards=(),
        overrides=(OverrideLine(code="source-shrunken", reason="CHG-1042", until=NOW, limit=6, used=True),),
        not_covered=_not_covered(),
        sign_off=SignOff(
            statement="I have read the report for November 2026. Each finding has an owner and a day.",
            due=date(2026, 12, 14),
        ),
        trends=_trends(live),
        language=language,
        numbers=tuple(Number(of=one, now=12 + at, before=14) for at, one in enumerate(NumberOf)),
        compared_on=date(2026, 10, 31),
        worklist=_worklist(),
    )
    return _edited(report)


def failed_report() -> Report:
    """A report of a run that ended before it had compared anything."""
    return replace(empty_report(), identity=replace(_identity(), result=ResultWord.FAILED, time_zone=""))


def empty_report(edition: Edition = Edition.COMPLIANCE) -> Report:
    """A report of a run that found nothing, in a council without a restriction."""
    report = sample_report(cases=0, findings=0, edition=edition, period=Period.RUN)
    head = replace(report.identity.head, exit_code=ExitCode.IN_STEP, unknown=())
    return replace(
        report,
        identity=replace(report.identity, head=head, result=ResultWord.COMPLETE),
        fixed=(),
        contacts=(),
        actions=(),
        exceptions=(),
        overrides=(),
        not_covered=(),
        sign_off=None,
        trends=Trends(),
        worklist=(),
    )


def _edited(report: Report) -> Report:
    """As the board and the public get it."""
    if report.edition is Edition.PUBLIC:
        counts = (12, None, 6, None, 0, 9)
        told = (PublicCount(measure=one.value, count=n) for one, n in zip(Measure, counts, strict=False))
        return replace(
            report, public=PublicCounts(by_measure=tuple(told), total=31, smallest_shown=5), trends=Trends()
        )
    if report.edition is Edition.BOARD:
        return replace(report, findings=(), fixed=(), live=(), contacts=(), actions=(), exceptions=())
    return report


def _identity() -> RunIdentity:
    return RunIdentity(
        head=Head(
            run_id="20261130T060000Z-7f3a",
            started_at=NOW,
            finished_at=NOW + timedelta(seconds=41),
            exit_code=ExitCode.DIFFERENCES,
            source=Source(items=61, complete=True, version="4f19c2aa"),
            unknown=(Unknown("inbox rules of mailbox 412", "throttled three times"),),
        ),
        council="Northmere Borough Council",
        tenant_id="6b0f0c6e-6f0e-4f0c-9a51-0e7c5a4d1f20",
        instance_id="northmere-live",
        profile="default",
        profile_version="2026-04",
        mode="enforce",
        enforce_with="mail_flow",
        applications=(("reader", "0c7e7cf0-55aa-4e0f-8a2c-0a4f1b7e0001"),),
        tool_version=__version__,
        result=ResultWord.PARTIAL,
        time_zone="Europe/London",
        evidence_hash="9b1c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f80911",
    )


def _period(kind: Period) -> PeriodCovered:
    spans = {Period.MONTHLY: 30, Period.WEEKLY: 7, Period.QUARTERLY: 91, Period.ANNUAL: 365}
    return PeriodCovered(kind=kind, first=TODAY - timedelta(days=spans.get(kind, 1) - 1), last=TODAY)


def _finding(at: int) -> ReportFinding:
    class_, code, message = _FOUND[at % len(_FOUND)]
    chosen = class_ is ChangeClass.HOLDERS_CHOICE
    case = f"RC-2026-{at % 500 + 1:03}"
    since = NOW - timedelta(days=at % 28, hours=at % 11)
    waived = None
    if at % 9 == 3:  # noqa: PLR2004 - one in nine is accepted
        waived = WaivedLine(
            number=7, owner="Head of ICT", reason="The bulletin moves next month.", until=date(2026, 12, 31)
        )
    return ReportFinding(
        number=at + 1,
        line=FindingLine(
            code=code,
            class_=class_,
            severity=_SEVERITIES[at * 7 % len(_SEVERITIES)],
            case_ref=None if chosen else case,
            mailbox=412 if chosen else "",
            rule="Council mail choice [k3v9q2mx]" if chosen else f"{case} Redirect to single contact",
            fields=() if chosen or at % 3 == 2 else _fields(at),  # noqa: PLR2004 - the whole rule is gone
            since=since,
            changed_by=None,
            changed_at=None,
            message=message,
            action=_ACTION,
            id=f"{at * 2654435761 % 16**10:010x}",
            waived=waived,
        ),
        continuity=Continuity.NEW if at % 4 == 0 else Continuity.CONTINUING,
        actors=() if chosen else _actors(at, since),
        owner="Case owner" if class_ is ChangeClass.REGISTER else "ICT",
        due=None if at % 10 == 9 else TODAY + timedelta(days=at % 15 - 2),  # noqa: PLR2004 - some have none
        approved_by=() if chosen else _DIRECTOR,
        approved_on=None if chosen else date(2026, 9, 3),
    )


def _fields(at: int) -> tuple[FieldChange, ...]:
    return (
        FieldChange("Enabled", observed=False, desired=True),
        FieldChange("From", ("person@outside.example",), ("person@outside.example", "p@elsewhere.example")),
        FieldChange("ExpiryDate", datetime(2027, 3, 7, tzinfo=UTC), datetime(2027, 3, 28, 23, tzinfo=UTC)),
    )[: at % 3 + 1]


def _actors(at: int, since: datetime) -> tuple[Actor, ...]:
    kinds = (ActorKind.PERSON, ActorKind.PARTNER, ActorKind.NOT_YET_LOGGED, ActorKind.THIS_TOOL)
    kind = kinds[at % len(kinds)]
    if kind is ActorKind.NOT_YET_LOGGED:
        return (
            Actor(kind=ActorKind.PERSON, name="exchange-admin@northmere.example", at=since, source="rule"),
            Actor(kind=kind),
        )
    name = {ActorKind.PERSON: "exchange-admin@northmere.example", ActorKind.PARTNER: "admin@partner.example"}
    return (
        Actor(
            kind=kind,
            name=name.get(kind, ""),
            at=since,
            source="audit log",
            from_where="192.0.2.17" if kind is ActorKind.PERSON else "",
        ),
    )


def _live(at: int, *, by_hand: bool) -> LiveCase:
    case, state = f"RC-2026-{at + 1:03}", _STATES[at * 3 % len(_STATES)]
    measure = Measure.NO_EMAIL if state is LiveState.NOT_ON_MAIL else _MEASURES[at % len(_MEASURES)]
    ends_on = TODAY + timedelta(days=at * 11 % 340)
    review = TODAY + timedelta(days=at * 17 % 170 - 12)
    rules = () if measure is Measure.NO_EMAIL else (f"{case} {measure.value}",)
    return LiveCase(
        case_ref=case,
        measure=measure.value,
        effective_from=date(2026, 9, 7),
        ends_on=ends_on,
        days_left=(ends_on - TODAY).days,
        next_review_on=review,
        review_overdue_days=max((TODAY - review).days, 0),
        state=state,
        rules=rules,
        approved_by=_DIRECTOR,
        approved_on=date(2026, 9, 3),
        enforced_since=datetime(2026, 9, 7, 5, 31, tzinfo=UTC) if rules else None,
        mail=_mail(at) if rules else None,
        open_by_hand=tuple(f"Disable-TransportRule -Identity '{one}' -Confirm:$false" for one in rules)
        if by_hand
        else (),
    )


def _mail(at: int) -> MailCounts:
    seen = at * 13 % 90
    return MailCounts(
        seen=seen,
        redirected=seen - seen // 4,
        refused=seen // 8,
        filed=seen // 9,
        leaked=int(at % 23 == 5),  # noqa: PLR2004 - one in twenty-three
        since=NOW - timedelta(days=30),
        until=NOW,
    )


def _contacts() -> tuple[ContactMailbox, ...]:
    return (
        ContactMailbox(
            mailbox="contact-team@northmere.example",
            received=311,
            unread=4,
            oldest_unread_days=2,
            unread_in_junk=1,
        ),
        ContactMailbox(
            mailbox="housing-contact@northmere.example",
            received=None,
            unread=None,
            oldest_unread_days=None,
            unread_in_junk=None,
            reason="No grant to read how many messages are in this mailbox.",
        ),
    )


def _write(at: int) -> ActionTaken:
    case = f"RC-2026-{at % 500 + 1:03}"
    return ActionTaken(
        at=NOW - timedelta(days=at % 29, minutes=at),
        action=("create", "update", "delete")[at % 3],
        kind="transport_rule",
        name=f"{case} Redirect to single contact",
        mailbox="",
        case_ref=case,
        result="applied",
        run_id="20261102T053000Z-1c0d",
        approved_by=_DIRECTOR,
        approved_on=date(2026, 9, 3),
    )


def _exceptions() -> tuple[StandingException, ...]:
    return (
        StandingException(
            kind=ExceptionKind.WAIVER,
            subject="RC-2026-004 Refuse with notice",
            case_ref="RC-2026-004",
            reason="The bulletin moves next month.",
            owner="Head of ICT",
            since=NOW - timedelta(days=9),
            until=date(2026, 12, 31),
        ),
        StandingException(
            kind=ExceptionKind.OPENED_BY_HAND,
            subject="RC-2026-011",
            case_ref="RC-2026-011",
            reason="A safeguarding call: let everything through.",
            owner="Duty manager",
            since=NOW - timedelta(days=1),
            until=None,
        ),
    )


def _not_covered() -> tuple[NotCovered, ...]:
    return (
        NotCovered(
            scope="Block lists",
            reason="This report compares rules. The Tenant Allow/Block List was not read.",
            next_step="Run `m365-restrict assess`, or read the weekly report, which looks into them.",
        ),
    )


def _worklist() -> tuple[DueTask, ...]:
    return (
        DueTask(
            kind="review-overdue",
            urgency="overdue",
            case_ref="RC-2026-002",
            owner="Case owner",
            due=date(2026, 11, 20),
            message="The review was due on 20 November 2026.",
            action="Record it in Restriction reviews today.",
        ),
        DueTask(
            kind="annual-log-review",
            urgency="due",
            case_ref=None,
            owner="Governance",
            due=date(2026, 12, 31),
            message="The yearly look at the whole log is due by 31 December 2026.",
            action="Record it in Restriction reviews.",
        ),
    )


def _trends(live: Sequence[LiveCase]) -> Trends:
    days = [TODAY - timedelta(days=29 - at) for at in range(30) if at % 7 not in {2, 3}]
    series = {Severity.CRITICAL: 0, Severity.HIGH: 2, Severity.MEDIUM: 5, Severity.LOW: 9}
    weeks = [TODAY - timedelta(weeks=11 - at) for at in range(12)]
    measures = {one.measure: 0 for one in live}
    for one in live:
        measures[one.measure] += 1
    return Trends(
        findings=tuple(
            (one, tuple(Point(day=day, count=step + (day.day + step) * step % 7 // 3) for day in days))
            for one, step in series.items()
        ),
        mail_by_week=tuple(
            (name, tuple(Point(day=day, count=most + (day.day * 7) % most) for day in weeks))
            for name, most in (("redirected", 90), ("refused", 25), ("filed", 9))
        ),
        live_by_measure=tuple(sorted(measures.items())),
        days_to_review=(
            ("overdue", 2),
            ("within 30 days", 5),
            ("31 to 90 days", 9),
            ("later", 8),
            ("no date", 0),
        )
        if live
        else (),
    )


def main(arguments: Sequence[str]) -> int:
    """Write one page; 0."""
    parser = argparse.ArgumentParser(description="Write a report of an invented council as a page.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--cases", type=int, default=24)
    parser.add_argument("--findings", type=int, default=9)
    parser.add_argument("--edition", type=Edition, default=Edition.COMPLIANCE)
    parser.add_argument("--period", type=Period, default=Period.MONTHLY)
    parser.add_argument("--language", type=ReportLanguage, default=ReportLanguage.ENGLISH)
    given = parser.parse_args(arguments)
    report = sample_report(
        cases=given.cases,
        findings=given.findings,
        edition=given.edition,
        period=given.period,
        language=given.language,
    )
    given.file.write_text(to_page(report), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
