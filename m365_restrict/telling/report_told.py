"""What one message about a report says: references, codes in their own words, titles; nobody's name."""

from m365_restrict.codes import CatalogueCode
from m365_restrict.ledger.deliveries import KnownFinding
from m365_restrict.notify.report_mails import FindingTold, ReportTold
from m365_restrict.plan.codes import FindingCode
from m365_restrict.policy.codes import CheckCode, WarningCode
from m365_restrict.register.codes import ApprovalCode, ChoiceCode, RegisterCode
from m365_restrict.register.reference import read_reference
from m365_restrict.report.edition import Edition, Period
from m365_restrict.report.model import Report, ReportFinding
from m365_restrict.report.report_text import answer_of
from m365_restrict.rules.codes import RuleCode
from m365_restrict.telling.news import News

_CATALOGUES: tuple[type[CatalogueCode], ...] = (
    FindingCode,
    CheckCode,
    WarningCode,
    RegisterCode,
    ApprovalCode,
    ChoiceCode,
    RuleCode,
)
_NO_MEANING = "The report says what it is."
_FOR_THE_PUBLIC = "The figures of the year for publication are ready."


def report_told(report: Report, whole: Report, news: News, *, is_whole: bool) -> ReportTold:
    """The facts of one message. `whole` has the numbers; `is_whole` says whether everything was looked at."""
    period, is_public = report.period, report.edition is Edition.PUBLIC
    return ReportTold(
        council=whole.identity.council,
        period=period.kind.value,
        first=period.first,
        last=period.last,
        answer=_FOR_THE_PUBLIC if is_public else answer_of(whole),
        is_whole=is_whole,
        new=tuple(_finding(one) for one in news.new),
        fixed=tuple(_gone(one) for one in news.fixed),
        continuing=news.continuing,
        unseen=news.unseen,
        tells_findings=not is_public,
        urgent=period.kind is Period.RUN,
    )


def _finding(one: ReportFinding) -> FindingTold:
    line = one.line
    return FindingTold(
        case_ref=_reference(line.case_ref or ""),
        severity=line.severity,
        meaning=_meaning(line.code),
        code=line.code,
        owner=one.owner,
        due=one.due,
    )


def _gone(one: KnownFinding) -> FindingTold:
    return FindingTold(
        case_ref=_reference(one.case_reference),
        severity=one.severity,
        meaning=_meaning(one.code),
        code=one.code,
    )


def _reference(text: str) -> str:
    """The reference of a case, where it is one that may stand anywhere; "" for whatever a title may hold."""
    reference = read_reference(text)
    return reference if isinstance(reference, str) else ""


def _meaning(code: str) -> str:
    known = (one.meaning for catalogue in _CATALOGUES for one in catalogue if one.value == code)
    return next(known, _NO_MEANING)
