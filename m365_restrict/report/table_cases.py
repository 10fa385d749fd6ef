"""Cases of a report as tables: what is live and due, contacts, councillors, actions and exceptions."""

from m365_restrict.report.model import LiveCase, Report
from m365_restrict.report.page.view import live_in_order
from m365_restrict.report.page.vocabulary import exception_word, state_sign
from m365_restrict.report.table import Row, Table, TableName, Terms, listed


def worklist(report: Report, terms: Terms) -> Table:
    """One row for each thing that somebody has to do about a case."""
    return Table(
        name=TableName.DUE,
        caption="What somebody has to do about a case, the overdue first.",
        headers=("Case", "Urgency", "What is so", "What to do", "Owner", "Due", "Kind"),
        rows=tuple(
            (
                one.case_ref or "all cases",
                terms.known(one.urgency),
                one.message,
                one.action,
                one.owner,
                one.due,
                one.kind,
            )
            for one in report.worklist
        ),
    )


def live_cases(report: Report, terms: Terms) -> Table:
    """One row for each live case, what is wrong first. Mail is empty where it was not read."""
    rows = tuple(_live_case(one, terms) for one in live_in_order(report.live))
    return Table(
        name=TableName.LIVE_CASES,
        caption="Every restriction in force, what is wrong first. Mail is empty where it was not read."
        if rows
        else terms.view.no_live(report),
        headers=(
            "Case",
            "Measure",
            "State",
            "In force from",
            "In force to the end of",
            "Days left",
            "Next review",
            "Review overdue by days",
            "Approved by",
            "Approved on",
            terms.timed("Enforced since"),
            "Rules",
            "Mail seen",
            "Redirected",
            "Refused",
            "Filed",
            "Leaked",
            terms.timed("Mail from"),
            terms.timed("Mail to"),
        ),
        rows=rows,
    )


def _live_case(one: LiveCase, terms: Terms) -> Row:
    mail = one.mail
    seen: Row = (None,) * 7
    if mail is not None:
        counts = (mail.seen, mail.redirected, mail.refused, mail.filed, mail.leaked)
        seen = (*counts, terms.local(mail.since), terms.local(mail.until))
    return (
        one.case_ref,
        one.measure,
        terms.say(state_sign(one.state).word),
        one.effective_from,
        one.ends_on,
        one.days_left,
        one.next_review_on,
        one.review_overdue_days,
        listed(one.approved_by),
        one.approved_on,
        terms.local(one.enforced_since),
        listed(one.rules),
        *seen,
    )


def open_by_hand(report: Report, terms: Terms) -> Table:
    """One row for each command that opens a case by hand."""
    del terms
    return Table(
        name=TableName.OPEN_BY_HAND,
        caption="The commands by which an administrator opens a case by hand, in their order.",
        headers=("Case", "Command"),
        rows=tuple((case.case_ref, one) for case in report.live for one in case.open_by_hand),
    )


def contacts(report: Report, terms: Terms) -> Table:
    """One row for each mailbox of a single contact: counts and an age, never content."""
    del terms
    return Table(
        name=TableName.CONTACTS,
        caption="How the single contacts are read: counts and an age, empty where they are not known.",
        headers=("Mailbox", "Received", "Unread", "Oldest unread, days", "Unread in Junk Email", "Why empty"),
        rows=tuple(
            (one.mailbox, one.received, one.unread, one.oldest_unread_days, one.unread_in_junk, one.reason)
            for one in report.contacts
        ),
    )


def councillors(report: Report, terms: Terms) -> Table:
    """Numbers alone: who chose what stands in no report."""
    del terms
    of = report.councillors
    return Table(
        name=TableName.COUNCILLORS,
        caption="Councillors in numbers. Who chose what, and about whom, stands in no report.",
        headers=(
            "Councillors",
            "With choices of their own",
            "Choices in force",
            "In force exactly as chosen",
            "Choices refused",
        ),
        rows=(
            (
                "not known" if of.members is None else of.members,
                of.with_choices,
                of.choices_live,
                of.choices_healthy,
                of.choices_refused,
            ),
        ),
    )


def actions(report: Report, terms: Terms) -> Table:
    """One row for each write of the tool in the period, with the approval behind it."""
    return Table(
        name=TableName.ACTIONS,
        caption="What the tool wrote in the period, each write with the approval behind it.",
        headers=(
            terms.timed("When"),
            "What",
            "Kind",
            "Rule",
            "Mailbox",
            "Case",
            "Result",
            "Approved by",
            "Approved on",
            "Run",
        ),
        rows=tuple(
            (
                terms.local(one.at),
                terms.known(one.action),
                terms.known(one.kind),
                one.name,
                terms.view.mailbox(one.mailbox),
                one.case_ref,
                terms.known(one.result),
                listed(one.approved_by),
                one.approved_on,
                one.run_id,
            )
            for one in report.actions
        ),
    )


def exceptions(report: Report, terms: Terms) -> Table:
    """One row for what is in force although it is not the rule."""
    return Table(
        name=TableName.EXCEPTIONS,
        caption="What is in force although it is not the rule. One without an end is ended by hand alone.",
        headers=(
            "Exception",
            "What it is about",
            "Case",
            "Reason",
            "Owner",
            terms.timed("Since"),
            "Until the end of",
        ),
        rows=tuple(
            (
                terms.say(exception_word(one.kind)),
                one.subject,
                one.case_ref,
                one.reason,
                one.owner,
                terms.local(one.since),
                one.until,
            )
            for one in report.exceptions
        ),
    )


def guards(report: Report, terms: Terms) -> Table:
    """One row for each guard that fired."""
    del terms
    return Table(
        name=TableName.GUARDS,
        caption="Guards that hold the run back.",
        headers=("Guard", "Why it holds the run back", "What overrides it"),
        rows=tuple((one.code, one.message, one.override) for one in report.guards),
    )


def overrides(report: Report, terms: Terms) -> Table:
    """One row for each override of a guard that stands."""
    return Table(
        name=TableName.OVERRIDES,
        caption="Guards that somebody overrode.",
        headers=("Guard", "Reason", terms.timed("Until"), "Up to this many cases", "Needed in this run"),
        rows=tuple(
            (one.code, one.reason, terms.local(one.until), one.limit, "yes" if one.used else "no")
            for one in report.overrides
        ),
    )
