"""What warns about a case that is accepted: it stays in force and something should be put right."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from m365_restrict.codes import CatalogueCode
from m365_restrict.policy.codes import WarningCode
from m365_restrict.policy.context import CheckContext
from m365_restrict.policy.profile import Profile
from m365_restrict.register.case import AddressShared, AdjustmentNeedsEmail, Case, Measure, Scope
from m365_restrict.register.columns import RESTRICTED_CONTACTS
from m365_restrict.register.dates import add_months
from m365_restrict.register.item import Fields, ListItem
from m365_restrict.register.problem import FieldProblem
from m365_restrict.register.review import Outcome
from m365_restrict.register.values import as_text


@dataclass(frozen=True)
class Advice:
    """One warning: its code and a sentence that names the column or the review."""

    code: CatalogueCode
    message: str


_ADVISED = ("CaseOwner", "RequestingService", "DecisionDocId", "NoticeMethod", "SupportServicesContacted")
_TAKES_EMAIL_AWAY = frozenset({Measure.REFUSE, Measure.FILE, Measure.JUNK})


def next_review_on(case: Case, profile: Profile) -> date | None:
    """The review day on the item; where it is empty, the latest day that the policy allows."""
    if case.other.next_review_on:
        return case.other.next_review_on
    start = case.protected.effective_from
    return add_months(start, profile.review_months) if start else None


def advise_on_edits(waiting: Sequence[str], unreadable: Sequence[FieldProblem]) -> Iterator[Advice]:
    """Edits after approval that have not taken effect, and those that cannot be read."""
    bad = {problem.column for problem in unreadable}
    held = [_shown(column) for column in waiting if column not in bad]
    if held:
        meaning, advice = WarningCode.EDIT_WAITS.meaning, WarningCode.EDIT_WAITS.advice
        yield Advice(WarningCode.EDIT_WAITS, f"{meaning} Columns: {', '.join(held)}. {advice}")
    for problem in unreadable:
        yield Advice(
            WarningCode.EDIT_UNREADABLE, f"{problem.message} Until then the approved value stays in force."
        )


def advise_on_case(case: Case, fields: Fields, context: CheckContext) -> Iterator[Advice]:
    """Fields that policy advises and combinations that it advises against."""
    protected, other = case.protected, case.other
    if other.adjustment_needs_email is AdjustmentNeedsEmail.YES and protected.measure in _TAKES_EMAIL_AWAY:
        yield _plain(WarningCode.ADJUSTMENT_NEEDS_EMAIL)
    if other.address_shared is AddressShared.YES and protected.measure is Measure.REFUSE:
        yield _plain(WarningCode.ADDRESS_SHARED)
    named = protected.scope is Scope.NAMED
    if named and not context.protected_mailboxes.isdisjoint(protected.scope_mailboxes):
        yield _plain(WarningCode.SCOPE_NAMES_PROTECTED)
    empty = [column for column in _ADVISED if not as_text(fields.get(column, ""))]
    if not named and not other.scope_reason:
        empty.append("ScopeReason")
    if empty:
        columns = ", ".join(_shown(column) for column in empty)
        yield Advice(WarningCode.DETAIL_MISSING, f"The policy advises to fill in: {columns}.")


def advise_on_reviews(
    case: Case, reviews: Sequence[ListItem], profile: Profile, today: date
) -> Iterator[Advice]:
    """Reviews that are due, too far off, or whose outcome the item does not show yet."""
    due = next_review_on(case, profile)
    decided = [day for review in reviews if isinstance(day := review.fields.get("DecidedOn"), date)]
    start = case.protected.effective_from
    if due and due < today:
        yield Advice(
            WarningCode.REVIEW_OVERDUE,
            f"The review was due on {due.isoformat()}. {WarningCode.REVIEW_OVERDUE.advice}",
        )
    last = max([*decided, *([start] if start else [])], default=None)
    if due and last and due > add_months(last, profile.review_months):
        latest = add_months(last, profile.review_months).isoformat()
        yield Advice(
            WarningCode.REVIEW_TOO_LATE,
            f"The next review is on {due.isoformat()}; the policy allows {latest} at the latest. "
            f"{WarningCode.REVIEW_TOO_LATE.advice}",
        )
    if any(review.fields.get("Outcome") == Outcome.LIFT for review in reviews):
        yield _plain(WarningCode.REVIEW_SAYS_LIFT)


def _plain(code: WarningCode) -> Advice:
    return Advice(code, f"{code.meaning} {code.advice}")


def _shown(column: str) -> str:
    return f"{RESTRICTED_CONTACTS.column(column).display_name} ({column})"
