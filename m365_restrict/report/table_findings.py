"""The findings of a report as tables: what was found, field by field, who changed it, what was put right."""

from m365_restrict.report.model import Report, ReportFinding
from m365_restrict.report.page.view import findings_in_order
from m365_restrict.report.page.vocabulary import WHAT, actor_word, continuity_sign, severity_sign
from m365_restrict.report.table import Row, Table, TableName, Terms, listed
from m365_restrict.rules.observed import PropertyValue


def findings(report: Report, terms: Terms) -> Table:
    """One row for each finding, the most pressing first."""
    rows = tuple(_finding(one, terms) for one in findings_in_order(report.findings))
    return Table(
        name=TableName.FINDINGS,
        caption="What was found, the most pressing first." if rows else terms.view.no_findings(report),
        headers=(
            "No.",
            "Severity",
            "Standing",
            "Case",
            "What",
            "Finding",
            "What to do",
            "Owner",
            "To do by",
            terms.timed("Since"),
            "Who changed it",
            "Rule",
            "Mailbox",
            "Decision approved by",
            "Decision approved on",
            "Accepted until the end of",
            "Accepted by",
            "Why accepted",
            "Waiver",
            "Finding code",
            "Known as",
        ),
        rows=rows,
    )


def _finding(one: ReportFinding, terms: Terms) -> Row:
    line, waived = one.line, one.line.waived
    return (
        one.number,
        terms.say(severity_sign(line.severity).word),
        terms.say(continuity_sign(one.continuity).word),
        line.case_ref,
        terms.say(WHAT.get(line.class_, line.class_)),
        line.message,
        line.action,
        one.owner,
        one.due,
        terms.local(line.since),
        _changed_by(one, terms),
        line.rule,
        terms.view.mailbox(line.mailbox),
        listed(one.approved_by),
        one.approved_on,
        waived.until if waived else None,
        waived.owner if waived else None,
        waived.reason if waived else None,
        waived.number if waived else None,
        line.code,
        line.id,
    )


def _changed_by(one: ReportFinding, terms: Terms) -> str:
    if isinstance(one.line.mailbox, int):
        return "not shown: a councillor's own choice"
    return listed(tuple(map(terms.view.actor, one.actors))) or one.line.changed_by or "not known"


def differences(report: Report, terms: Terms) -> Table:
    """One row for each field that differs, with its values whole."""
    return Table(
        name=TableName.DIFFERENCES,
        caption="Field by field, what the tenant holds and what it should hold, for each finding.",
        headers=("Finding no.", "Known as", "Case", "Rule", "Field", "In the tenant now", "As it should be"),
        rows=tuple(
            (
                one.number,
                one.line.id,
                one.line.case_ref,
                one.line.rule,
                change.field,
                _whole(change.observed, terms),
                _whole(change.desired, terms),
            )
            for one in findings_in_order(report.findings)
            for change in one.line.fields
        ),
    )


def _whole(value: PropertyValue | None, terms: Terms) -> str:
    """As the page words it, but with every value of a long list."""
    return listed(value) if isinstance(value, tuple) and value else terms.view.value(value)


def who_changed(report: Report, terms: Terms) -> Table:
    """One row for each account that changed something; a councillor who changed their own rule has none."""
    return Table(
        name=TableName.WHO_CHANGED,
        caption="Who changed what was found, as far as the rule and the audit log tell.",
        headers=(
            "Finding no.",
            "Known as",
            "Case",
            "Who",
            "Kind",
            terms.timed("When"),
            "From where",
            "According to",
        ),
        rows=tuple(
            (one.number, one.line.id, one.line.case_ref, *row)
            for one in findings_in_order(report.findings)
            for row in _actors(one, terms)
        ),
    )


def _actors(one: ReportFinding, terms: Terms) -> tuple[Row, ...]:
    line = one.line
    if isinstance(line.mailbox, int):
        return ()
    if not one.actors and line.changed_by:
        return ((line.changed_by, "", terms.local(line.changed_at), "", "the rule itself"),)
    return tuple(
        (
            actor.name,
            terms.say(actor_word(actor.kind)),
            terms.local(actor.at),
            actor.from_where,
            terms.known(actor.source),
        )
        for actor in one.actors
    )


def put_right(report: Report, terms: Terms) -> Table:
    """One row for each finding of the run before that is gone."""
    del terms
    return Table(
        name=TableName.PUT_RIGHT,
        caption="What the run before found and this one does not.",
        headers=("What was put right",),
        rows=tuple((one,) for one in report.fixed),
    )
