"""What each edition leaves out of the whole report (policy.md 5; design.md 1)."""

from dataclasses import replace
from typing import assert_never

from m365_restrict.errors import ExitCode
from m365_restrict.report.documents import DriftSummary, Source
from m365_restrict.report.edition import Edition
from m365_restrict.report.model import CouncillorNumbers, Report, Trends

_NO_SUMMARY = DriftSummary(live=0, enforced=0, differing=0, orphans=0, unknown=0)
_NO_COUNCILLORS = CouncillorNumbers(
    members=None, with_choices=0, choices_live=0, choices_healthy=0, choices_refused=0
)


def edited(report: Report) -> Report:
    """The report for those whom it is for."""
    match report.edition:
        case Edition.COMPLIANCE | Edition.ICT:
            return report
        case Edition.BOARD:
            return _one_page(report)
        case Edition.PUBLIC:
            return _for_everybody(report)
        case _ as never:
            assert_never(never)


def _one_page(report: Report) -> Report:
    """Numbers and what has changed; the cases themselves are the other editions'."""
    return replace(
        report,
        findings=(),
        fixed=(),
        live=(),
        contacts=(),
        actions=(),
        exceptions=(),
        guards=(),
        overrides=(),
        worklist=(),
    )


def _for_everybody(report: Report) -> Report:
    """Counts by measure alone: not even how many items the register holds, or whether anything differs."""
    head = report.identity.head
    told = replace(
        head,
        source=Source(complete=head.source.complete),
        unknown=(),
        exit_code=head.exit_code if head.error is not None else ExitCode.IN_STEP,
    )
    page = _one_page(report)
    return replace(
        page,
        identity=replace(
            page.identity, head=told, tenant_id="", instance_id="", applications=(), evidence_hash=""
        ),
        summary=_NO_SUMMARY,
        councillors=_NO_COUNCILLORS,
        numbers=(),
        compared_on=None,
        not_covered=(),
        sign_off=None,
        trends=Trends(),
    )
