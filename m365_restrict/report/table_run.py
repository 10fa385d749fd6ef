"""What a report says of itself as tables: its run, its numbers, what is not covered, and the sign-off."""

from collections.abc import Iterable

from m365_restrict.report.edition import Edition
from m365_restrict.report.model import Number, Report
from m365_restrict.report.page.view import unread
from m365_restrict.report.page.vocabulary import NUMBERS, period_word, result_sign, severity_sign, title_of
from m365_restrict.report.table import Cell, Row, Table, TableName, Terms

_UNKNOWN = "not known"
_OWN = "It may name mailboxes and senders. Keep it, share it and delete it as you do the register."
_PUBLISHED = "It names nobody and may be published."


def identity(report: Report, terms: Terms) -> Table:
    """What was looked at, how far it came, and the one line that a reader wants first."""
    public = report.edition is Edition.PUBLIC
    return Table(
        name=TableName.REPORT,
        caption="What this report is, and its answer in one line.",
        headers=("What", "Says"),
        rows=(
            *_heading(report, terms),
            *(() if public else _run(report, terms)),
            ("Tool", f"m365-restrict {report.identity.tool_version}"),
            ("Handling", _PUBLISHED if public else _OWN),
        ),
    )


def _heading(report: Report, terms: Terms) -> Iterable[Row]:
    period = report.period
    yield "Report", terms.say(title_of(report.edition))
    yield "Council", report.identity.council or _UNKNOWN
    yield "Covers", terms.say(period_word(period.kind))
    yield "First day", period.first
    yield "Last day", period.last
    if report.public is None:
        yield "Answer", terms.view.answer(report)
    if (error := report.head.error) is not None:
        yield "Error", f"{error.message} ({error.code})"
        yield "What to do", error.advice


def _run(report: Report, terms: Terms) -> Iterable[Row]:
    one, head = report.identity, report.head
    yield "Result", terms.say(result_sign(one.result).word)
    yield "Status", f"{head.exit_code.status} (exit code {int(head.exit_code)})"
    yield terms.timed("Started"), terms.local(head.started_at)
    yield terms.timed("Finished"), terms.local(head.finished_at)
    yield "Started, in UTC", terms.view.words.universal(head.started_at)
    yield "Finished, in UTC", terms.view.words.universal(head.finished_at)
    yield "Items in the register", head.source.items
    yield "Register", "read whole" if head.source.complete else "not read whole"
    told: tuple[tuple[str, str], ...] = (
        ("Register version", head.source.version),
        ("Policy profile", one.profile),
        ("Profile version", one.profile_version),
        ("Mode", terms.known(one.mode)),
        ("Enforced with", terms.known(one.enforce_with)),
        ("Tenant", one.tenant_id),
        ("Instance", one.instance_id),
        ("Run", head.run_id),
        ("Evidence", one.evidence_hash or "no entry in the chain of evidence"),
        *((f"Application ({terms.known(role)})", client) for role, client in one.applications),
    )
    yield from ((what, text or _UNKNOWN) for what, text in told)


def numbers(report: Report, terms: Terms) -> Table:
    """The numbers now, and in the report of the same cadence before."""
    against = report.compared_on
    return Table(
        name=TableName.NUMBERS,
        caption=f"The numbers now, and in the report of {terms.view.words.day(against)}."
        if against
        else "The numbers now. There is no earlier report to compare with.",
        headers=("What", "Now", "Before", "Change"),
        rows=tuple((terms.say(NUMBERS[one.of]), one.now, *_before(one)) for one in report.numbers),
    )


def _before(one: Number) -> Row:
    return (_UNKNOWN, _UNKNOWN) if one.before is None else (one.before, one.now - one.before)


def public(report: Report, terms: Terms) -> Table:
    """All that the public edition tells."""
    del terms
    counts = report.public
    if counts is None:
        raise ValueError("there is no public part in this report")
    told: list[tuple[str, int | None]] = [(one.measure, one.count) for one in counts.by_measure]
    return Table(
        name=TableName.PUBLIC,
        caption="Restrictions that were in force on any day of the period. A number from 1 to "
        f"{counts.smallest_shown - 1} is withheld, and others where it could be worked out from them.",
        headers=("Measure", "Number"),
        rows=tuple(
            (measure, "withheld" if count is None else count)
            for measure, count in [*told, ("All", counts.total)]
        ),
    )


def not_covered(report: Report, terms: Terms) -> Table:
    """What nobody looked at, or what could not be read."""
    rows: tuple[Row, ...] = (
        *((one.scope, one.reason, "The next run asks again.") for one in unread(report)),
        *((one.scope, one.reason, one.next_step) for one in report.not_covered),
    )
    return Table(
        name=TableName.NOT_COVERED,
        caption="What could not be checked, or is not covered. Nothing is concluded about it."
        if rows
        else terms.view.none_unread(report),
        headers=("What", "Why", "What to do"),
        rows=rows,
    )


def sign_off(report: Report, terms: Terms) -> Table:
    """The statement, who signed it and when; empty where nobody has."""
    del terms
    one = report.sign_off
    if one is None:
        raise ValueError("nobody signs this report")
    return Table(
        name=TableName.SIGN_OFF,
        caption="Signed." if one.signed_on else "Not signed yet.",
        headers=("Statement", "Due", "Signed by", "Signed on", "Comments", "Run"),
        rows=((one.statement, one.due, one.signed_by, one.signed_on, one.comments, report.head.run_id),),
    )


def trends(report: Report, terms: Terms) -> Table:
    """The numbers behind the charts: one row for each point. A day without a run has none."""
    of = report.trends
    rows: list[tuple[str, str, Cell, int]] = [
        ("Findings", terms.say(severity_sign(severity).word), point.day, point.count)
        for severity, points in of.findings
        for point in points
    ]
    rows += [
        ("Mail by week", name, point.day, point.count) for name, points in of.mail_by_week for point in points
    ]
    rows += [("Live cases by measure", measure, None, count) for measure, count in of.live_by_measure]
    rows += [("Days to the next review", band, None, count) for band, count in of.days_to_review]
    return Table(
        name=TableName.TRENDS,
        caption="The numbers behind the charts of the page. A day on which nothing ran has no row.",
        headers=("Chart", "Series", "First day", "Number"),
        rows=tuple(rows),
    )
