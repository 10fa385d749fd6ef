"""What refuses a case: missing fields, dates that cannot be, addresses that may not be restricted.

Profile `default` of contracts.md 1 names the columns; what else refuses keeps mail open to those who must
always be heard. Warnings that a profile turns into refusals are in `concerns`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from m365_restrict.codes import CatalogueCode
from m365_restrict.policy.codes import CheckCode
from m365_restrict.policy.context import CheckContext
from m365_restrict.policy.profile import Profile
from m365_restrict.register.address import domain_of
from m365_restrict.register.case import (
    AdjustmentNeedsEmail,
    ItemType,
    Measure,
    OpenFields,
    ProtectedFields,
    Scope,
    Stage,
)
from m365_restrict.register.codes import RegisterCode
from m365_restrict.register.columns import RESTRICTED_CONTACTS
from m365_restrict.register.dates import add_months
from m365_restrict.register.item import Fields
from m365_restrict.register.problem import FieldProblem
from m365_restrict.register.values import as_text

_APPROVERS_TO_OVERRIDE = 2


@dataclass(frozen=True, kw_only=True)
class CheckedCase:
    """The values of one case that the checks look at. `longest_end` is the last day that the policy allows.

    `approved` are the values as approved, before later openings; None where none are approved.
    `approvers` are the object ids of those who approved them. `fields` is the current version as
    read, for columns that have no typed field.
    """

    protected: ProtectedFields
    other: OpenFields
    fields: Fields
    longest_end: date | None
    approved: ProtectedFields | None = None
    approvers: frozenset[str] = frozenset()

    @property
    def first_values(self) -> ProtectedFields:
        """The values that somebody approves or approved: an opening since then is never too early."""
        return self.approved or self.protected


def longest_end(protected: ProtectedFields, profile: Profile, extended_from: date | None) -> date | None:
    """The last end date that the policy allows, from the first day or from the day of an extension.

    None where the policy names no longest time, or the case no first day.
    """
    months = profile.at(protected.stage).max_months
    starts = [day for day in (protected.effective_from, extended_from) if day]
    return add_months(max(starts), months) if starts and months else None


def shortest_end(protected: ProtectedFields, profile: Profile) -> date | None:
    """The first end date that the policy allows; None where it names no shortest time."""
    months = profile.at(protected.stage).min_months
    if months is None or protected.effective_from is None:
        return None
    return add_months(protected.effective_from, months) - timedelta(days=1)


def is_empty(case: CheckedCase, columns: tuple[str, ...]) -> bool:
    """Whether none of the columns is filled in. "Not asked" and a stage of "None" count as empty."""
    return not any(_is_filled(case, column) for column in columns)


def check_case(case: CheckedCase, profile: Profile, context: CheckContext) -> Iterator[FieldProblem]:
    """Everything that refuses the case, each as one problem with its column and mend."""
    if case.protected.item_type is ItemType.PROPERTY:
        yield _found(CheckCode.NO_MAIL_EFFECT, "ItemType")
        return
    yield from _check_addresses(case, context)
    yield from _check_measure(case, profile)
    yield from _check_dates(case, profile)
    yield from _check_required(case, profile)


def _check_addresses(case: CheckedCase, context: CheckContext) -> Iterator[FieldProblem]:
    addresses = case.protected.addresses
    if not addresses:
        yield _found(RegisterCode.ADDRESSES_MISSING, "Addresses")
    if any(domain_of(address) in context.council_domains for address in addresses):
        yield _found(CheckCode.INTERNAL_ADDRESS, "Addresses")
    elif not context.councillor_addresses.isdisjoint(addresses):
        yield _found(CheckCode.MEMBER_ADDRESS, "Addresses")
    elif not context.protected_mailboxes.isdisjoint(addresses):
        yield _found(CheckCode.PROTECTED_SENDER, "Addresses")
    if not set(case.other.advocate_addresses).isdisjoint(addresses):
        yield _found(CheckCode.ADVOCATE_ADDRESS, "Addresses")
    if names_never_restricted(case, context) and not overrides_never_restricted(case):
        yield _found(CheckCode.NEVER_RESTRICTED, "Addresses")


def names_never_restricted(case: CheckedCase, context: CheckContext) -> bool:
    """Whether an address belongs to somebody who must always reach the council (policy.md 6)."""
    return any(context.known_senders.must_reach(address) for address in case.protected.addresses)


def overrides_never_restricted(case: CheckedCase) -> bool:
    """Whether two approvers and a police or legal referral stand behind such an address (policy.md 6)."""
    return case.other.police_or_legal_referral and len(case.approvers) >= _APPROVERS_TO_OVERRIDE


def _check_measure(case: CheckedCase, profile: Profile) -> Iterator[FieldProblem]:
    protected = case.protected
    measure = protected.measure
    if measure not in profile.at(protected.stage).measures:
        yield _found(CheckCode.MEASURE_NOT_ALLOWED, "Measure")
    if measure.needs_single_contact and not protected.spoc_mailbox:
        yield _found(CheckCode.SPOC_MISSING, "SpocMailbox")
    if measure is Measure.JUNK and protected.scope is not Scope.NAMED:
        yield _found(CheckCode.JUNK_NEEDS_NAMED, "Scope")
    if protected.scope is Scope.NAMED and not protected.scope_mailboxes and measure.acts_on_mail:
        yield _found(CheckCode.SCOPE_MAILBOXES_MISSING, "ScopeMailboxes")


def _check_dates(case: CheckedCase, profile: Profile) -> Iterator[FieldProblem]:
    start, end, notice = case.protected.effective_from, case.protected.ends_on, case.other.notice_sent_on
    if start is None:
        yield _found(RegisterCode.START_MISSING, "EffectiveFrom")
    if end is None:
        yield _found(RegisterCode.END_MISSING, "EndsOn")
    if notice is None:
        yield _found(CheckCode.NOTICE_MISSING, "NoticeSentOn")
    elif start is not None and notice > start:
        yield _found(CheckCode.NOTICE_LATE, "NoticeSentOn")
    if start is not None and end is not None:
        if end < start:
            yield _found(CheckCode.ENDS_BEFORE_START, "EndsOn")
        elif case.longest_end is not None and end > case.longest_end:
            yield _found(CheckCode.TOO_LONG, "EndsOn", f"The latest day is {case.longest_end.isoformat()}.")
        else:
            yield from _check_shortest(case, profile)


def _check_shortest(case: CheckedCase, profile: Profile) -> Iterator[FieldProblem]:
    """Judged on what was approved: bringing the end forward later only opens."""
    first = case.first_values
    earliest = shortest_end(first, profile)
    if earliest and first.ends_on and first.ends_on < earliest:
        yield _found(CheckCode.TOO_SHORT, "EndsOn", f"The earliest day is {earliest.isoformat()}.")


_MISSING: dict[tuple[str, ...], CatalogueCode] = {
    ("Grounds",): CheckCode.GROUNDS_MISSING,
    ("EqualityConsideredOn",): CheckCode.EQUALITY_MISSING,
    ("AdjustmentNeedsEmail",): CheckCode.ADJUSTMENT_NOT_ASKED,
    ("WarningGivenOn", "WarningWaivedReason"): CheckCode.WARNING_MISSING,
    ("WarningGivenOn", "Stage1SkippedReason"): CheckCode.STAGE_SKIPPED,
    ("ChannelsOpen", "NoChannelReason"): CheckCode.CHANNEL_MISSING,
    ("CouncillorRoute",): CheckCode.COUNCILLOR_ROUTE_MISSING,
    ("LesserMeasuresConsidered",): CheckCode.LESSER_MISSING,
    ("Stage",): CheckCode.STAGE_MISSING,
    ("NextReviewOn",): CheckCode.REVIEW_DATE_MISSING,
}


def _check_required(case: CheckedCase, profile: Profile) -> Iterator[FieldProblem]:
    rules = profile.at(case.protected.stage)
    groups = [*rules.required]
    if case.protected.measure is Measure.REFUSE:
        groups += [group for group in rules.required_to_refuse if group not in groups]
    for columns in groups:
        if is_empty(case, columns):
            yield _found(_MISSING.get(columns, CheckCode.FIELD_MISSING), columns[0])


def _is_filled(case: CheckedCase, column: str) -> bool:
    if column == "AdjustmentNeedsEmail":
        return case.other.adjustment_needs_email not in {None, AdjustmentNeedsEmail.NOT_ASKED}
    if column == "CouncillorRoute":
        return case.protected.councillor_route is not None
    if column == "Stage":
        return case.protected.stage is not Stage.NONE
    return bool(as_text(case.fields.get(column, "")))


def _found(code: CatalogueCode, column: str, detail: str = "") -> FieldProblem:
    shown = RESTRICTED_CONTACTS.column(column).display_name
    sentences = [code.meaning, detail, f"Column {column} ({shown}): {code.advice}"]
    return FieldProblem(code, column, " ".join(sentence for sentence in sentences if sentence))
