"""The report as lines for a terminal or a screen reader: whole sentences, in the order of policy.md 5."""

from collections.abc import Iterator

from m365_restrict.report.documents import LiveState
from m365_restrict.report.edition import Edition, Period
from m365_restrict.report.json_text import instant
from m365_restrict.report.model import (
    ActionTaken,
    Number,
    NumberOf,
    PublicCounts,
    Report,
    ResultWord,
    SignOff,
    StandingException,
)
from m365_restrict.report.report_parts import (
    approved,
    contact_line,
    finding_lines,
    live_lines,
    moment,
    where,
    worklist_part,
)
from m365_restrict.report.text import Line, counted, sentence
from m365_restrict.rules.naming import long_day

_PACKS = {
    Period.RUN: "of this run",
    Period.DAILY: "of the day",
    Period.WEEKLY: "of the week",
    Period.MONTHLY: "of the month",
    Period.QUARTERLY: "of the quarter",
    Period.ANNUAL: "of the year",
}
_FOR = {
    Edition.COMPLIANCE: "compliance",
    Edition.ICT: "ICT",
    Edition.BOARD: "the board",
    Edition.PUBLIC: "the public",
}
_NUMBERS = {
    NumberOf.LIVE: "Live restrictions",
    NumberOf.ENFORCED: "Enforced exactly",
    NumberOf.DIFFERING: "Differing from the register",
    NumberOf.ORPHANS: "Rules without a decision",
    NumberOf.UNKNOWN: "Could not be checked",
    NumberOf.CRITICAL: "Critical findings",
    NumberOf.HIGH: "High findings",
    NumberOf.MEDIUM: "Medium findings",
    NumberOf.LOW: "Low findings",
    NumberOf.OVERDUE_FINDINGS: "Findings past their day",
    NumberOf.OVERDUE_REVIEWS: "Cases whose review is overdue",
    NumberOf.ACTIONS: "Changes made by the tool in the period",
    NumberOf.EXCEPTIONS: "Exceptions in force",
}


def report_lines(report: Report) -> Iterator[Line]:
    """The report, its status last, which agrees with the exit code."""
    yield from _identity(report)
    if report.public is not None:
        yield from _public(report.public)
    elif report.edition is not Edition.PUBLIC and report.identity.result is not ResultWord.FAILED:
        yield from _parts(report)
    for one in report.not_covered:
        yield Line(f"Not covered: {one.scope}: {one.reason}", "yellow")
        yield Line(f"Next step: {one.next_step}", indent=1)
    if report.sign_off is not None:
        yield from _sign_off(report.sign_off)
    yield from _ending(report)


def answer_of(report: Report) -> str:
    """The one line that a reader wants first (policy.md 5, part 2)."""
    numbers = report.summary
    unaffected = sum(case.state is LiveState.NOT_ON_MAIL for case in report.live)
    return sentence(
        [
            counted(numbers.live, "live restriction"),
            f"{numbers.enforced or 'none'} enforced exactly",
            f"{numbers.differing or 'none'} {'differs' if numbers.differing == 1 else 'differ'}",
            f"{counted(numbers.orphans, 'rule')} without a decision",
            f"{numbers.unknown} could not be checked" if numbers.unknown else "",
            f"{unaffected} in force without a mail rule" if unaffected else "",
        ]
    )


def _identity(report: Report) -> Iterator[Line]:
    one, period = report.identity, report.period
    whose = f" of {one.council}" if one.council else ""
    yield Line(f"Report {_PACKS[period.kind]}{whose} for {_FOR[report.edition]}", "bold")
    days = long_day(period.first)
    if period.last != period.first:
        days += f" to {long_day(period.last)}"
    yield Line(f"Period: {days}.{_as_of(report)}")
    if report.edition is Edition.PUBLIC:
        return
    version = f", version {one.profile_version}" if one.profile_version else ""
    yield Line(f"Policy profile: {one.profile or 'not known'}{version}. Mode: {one.mode or 'not known'}.")
    yield Line(
        f"Tenant: {one.tenant_id or 'not known'}. Installation: {one.instance_id or 'not known'}. "
        f"Enforced with: {one.enforce_with or 'not known'}."
    )
    for role, client_id in one.applications:
        yield Line(f"Application that {'reads' if role == 'reader' else 'writes'}: {client_id}.")
    source = one.head.source
    whole = "read whole" if source.complete else "not read whole"
    yield Line(
        f"Register: {counted(source.items, 'item')}, {whole}, version {source.version or 'not known'}."
    )
    yield Line(
        f"Run {one.head.run_id}, from {instant(one.head.started_at)} to {instant(one.head.finished_at)}, "
        f"by version {one.tool_version}: {one.result.value}."
    )
    if one.evidence_hash:
        yield Line(f"Its entry in the ledger's chain has the hash {one.evidence_hash}.")


def _as_of(report: Report) -> str:
    at = moment(report.head.started_at, report)
    if report.identity.result is ResultWord.FAILED:
        return ""
    what = "Cases were counted" if report.edition is Edition.PUBLIC else "Findings and live cases are as"
    return f" {what} {'on' if report.edition is Edition.PUBLIC else 'of'} {at}."


def _parts(report: Report) -> Iterator[Line]:
    yield Line(answer_of(report), "bold")
    if report.edition is Edition.BOARD:
        yield from _numbers(report)
    if report.edition in {Edition.COMPLIANCE, Edition.ICT}:
        yield from finding_lines(report)
        yield from worklist_part(report)
        yield from live_lines(report)
        yield from map(contact_line, report.contacts)
    yield from _councillors(report)
    if report.edition in {Edition.COMPLIANCE, Edition.ICT}:
        yield Line(f"Changes made by the tool: {counted(len(report.actions), 'change')}.", "bold")
        yield from (_action(one) for one in report.actions)
        yield Line(f"Exceptions in force: {counted(len(report.exceptions), 'exception')}.", "bold")
        yield from (_exception(one, report) for one in report.exceptions)
        for guard in report.guards:
            yield Line(f"! guard {guard.code}: {guard.message}", "red")
        for one in report.overrides:
            used = "it let this run pass" if one.used else "this run did not need it"
            yield Line(f"Override of {one.code} until {instant(one.until)}: {one.reason} ({used}).")


def _numbers(report: Report) -> Iterator[Line]:
    against = report.compared_on
    yield Line(
        f"Compared with the report of {long_day(against)}."
        if against
        else "There is no earlier report to compare with."
    )
    yield from (_number(one) for one in report.numbers)


def _number(one: Number) -> Line:
    if one.before is None:
        return Line(f"{_NUMBERS[one.of]}: {one.now}.")
    change = one.now - one.before
    said = f"{abs(change)} {'more' if change > 0 else 'fewer'}" if change else "no change"
    return Line(f"{_NUMBERS[one.of]}: {one.now}, was {one.before} ({said}).")


def _councillors(report: Report) -> Iterator[Line]:
    one = report.councillors
    members = "an unknown number of" if one.members is None else str(one.members)
    yield Line(
        f"Councillors: {members} members, {one.with_choices} with choices of their own; "
        f"{counted(one.choices_live, 'choice')} live, {one.choices_healthy} as they should be, "
        f"{one.choices_refused} refused."
    )


def _action(one: ActionTaken) -> Line:
    case = f" of case {one.case_ref}" if one.case_ref else ""
    by = f"; approved {approved(one.approved_by, one.approved_on)}" if one.approved_on else ""
    return Line(
        f"{instant(one.at)} {one.action} {one.name}{where(one.mailbox)}{case}: {one.result}"
        f"{by}; run {one.run_id}",
        indent=1,
    )


def _exception(one: StandingException, report: Report) -> Line:
    until = f"until {long_day(one.until)}" if one.until else "until somebody ends it"
    case = f" of case {one.case_ref}" if one.case_ref and one.case_ref != one.subject else ""
    return Line(
        f"{one.kind.value.replace('_', ' ').capitalize()}: {one.subject}{case}, since "
        f"{moment(one.since, report)}, {until}, by {one.owner}: {one.reason}",
        indent=1,
    )


def _public(counts: PublicCounts) -> Iterator[Line]:
    yield Line("Restrictions in force on any day of the period, by measure", "bold")
    fewer = f"withheld, because fewer than {counts.smallest_shown} people are meant"
    for one in counts.by_measure:
        yield Line(f"{one.measure}: {fewer if one.count is None else one.count}", indent=1)
    total = "withheld, because it would give away a number above" if counts.total is None else counts.total
    yield Line(f"All measures: {total}", indent=1)


def _sign_off(one: SignOff) -> Iterator[Line]:
    yield Line(f"Sign-off: {one.statement}", "bold")
    if one.signed_on:
        said = f" {one.comments}" if one.comments else ""
        yield Line(f"Signed by {one.signed_by or 'an officer'} on {long_day(one.signed_on)}.{said}", indent=1)
    else:
        yield Line(f"Not signed yet; it is to be signed by {long_day(one.due)}.", indent=1)


def _ending(report: Report) -> Iterator[Line]:
    head = report.head
    if head.error is not None:
        yield Line(f"! error {head.error.code}: {head.error.message}", "red")
        yield Line(f"Next step: {head.error.advice}", indent=1)
    yield Line(f"Status: {head.exit_code.status} (exit code {int(head.exit_code)}).", "bold")
