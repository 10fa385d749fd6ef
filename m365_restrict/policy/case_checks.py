"""What refuses a case: missing fields, dates that cannot be, addresses that may not be restricted.

Profile `default` of contracts.md 1 names the columns; nothing else refuses.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

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
)
from m365_restrict.register.codes import RegisterCode
from m365_restrict.register.columns import RESTRICTED_CONTACTS
from m365_restrict.register.dates import add_months
from m365_restrict.register.item import Fields
from m365_restrict.register.problem import FieldProblem
from m365_restrict.register.values import as_text


@dataclass(frozen=True, kw_only=True)
class CheckedCase:
    """The values of one case that the checks look at. `longest_end` is the last day that the policy allows.

    `fields` is the current version as read, for columns that have no typed field.
    """

    protected: ProtectedFields
    other: OpenFields
    fields: Fields
    longest_end: date | None


def longest_end(protected: ProtectedFields, profile: Profile, extended_from: date | None) -> date | None:
    """The last end date that the policy allows, from the first day or from the day of an extension."""
    starts = [day for day in (protected.effective_from, extended_from) if day]
    return add_months(max(starts), profile.max_months) if starts else None


def check_case(case: CheckedCase, profile: Profile, context: CheckContext) -> Iterator[FieldProblem]:
    """Everything that refuses the case, each as one problem with its column and mend."""
    if case.protected.item_type is ItemType.PROPERTY:
        yield _found(CheckCode.NO_MAIL_EFFECT, "ItemType")
        return
    yield from _check_addresses(case, context)
    yield from _check_measure(case, profile)
    yield from _check_dates(case)
    yield from _check_required(case, profile)


def _check_addresses(case: CheckedCase, context: CheckContext) -> Iterator[FieldProblem]:
    addresses = case.protected.addresses
    if not addresses:
        yield _found(RegisterCode.ADDRESSES_MISSING, "Addresses")
    if any(domain_of(address) in context.council_domains for address in addresses):
        yield _found(CheckCode.INTERNAL_ADDRESS, "Addresses")
    elif not context.councillor_addresses.isdisjoint(addresses):
        yield _found(CheckCode.MEMBER_ADDRESS, "Addresses")
    if not set(case.other.advocate_addresses).isdisjoint(addresses):
        yield _found(CheckCode.ADVOCATE_ADDRESS, "Addresses")


def _check_measure(case: CheckedCase, profile: Profile) -> Iterator[FieldProblem]:
    protected = case.protected
    measure = protected.measure
    if measure not in profile.measures:
        yield _found(CheckCode.MEASURE_NOT_ALLOWED, "Measure")
    if measure.needs_single_contact and not protected.spoc_mailbox:
        yield _found(CheckCode.SPOC_MISSING, "SpocMailbox")
    if measure is Measure.JUNK and protected.scope is not Scope.NAMED:
        yield _found(CheckCode.JUNK_NEEDS_NAMED, "Scope")
    if protected.scope is Scope.NAMED and not protected.scope_mailboxes and measure.acts_on_mail:
        yield _found(CheckCode.SCOPE_MAILBOXES_MISSING, "ScopeMailboxes")
    if measure is Measure.REFUSE and not case.other.lesser_measures_considered:
        yield _found(CheckCode.LESSER_MISSING, "LesserMeasuresConsidered")


def _check_dates(case: CheckedCase) -> Iterator[FieldProblem]:
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


_MISSING: dict[str, CatalogueCode] = {
    "Grounds": CheckCode.GROUNDS_MISSING,
    "EqualityConsideredOn": CheckCode.EQUALITY_MISSING,
    "AdjustmentNeedsEmail": CheckCode.ADJUSTMENT_NOT_ASKED,
    "WarningGivenOn": CheckCode.WARNING_MISSING,
    "ChannelsOpen": CheckCode.CHANNEL_MISSING,
    "CouncillorRoute": CheckCode.COUNCILLOR_ROUTE_MISSING,
    "LesserMeasuresConsidered": CheckCode.LESSER_MISSING,
}


def _check_required(case: CheckedCase, profile: Profile) -> Iterator[FieldProblem]:
    for columns in profile.required:
        if not any(_is_filled(case, column) for column in columns):
            yield _found(_MISSING.get(columns[0], CheckCode.FIELD_MISSING), columns[0])


def _is_filled(case: CheckedCase, column: str) -> bool:
    if column == "AdjustmentNeedsEmail":
        return case.other.adjustment_needs_email not in {None, AdjustmentNeedsEmail.NOT_ASKED}
    if column == "CouncillorRoute":
        return case.protected.councillor_route is not None
    return bool(as_text(case.fields.get(column, "")))


def _found(code: CatalogueCode, column: str, detail: str = "") -> FieldProblem:
    shown = RESTRICTED_CONTACTS.column(column).display_name
    sentences = [code.meaning, detail, f"Column {column} ({shown}): {code.advice}"]
    return FieldProblem(code, column, " ".join(sentence for sentence in sentences if sentence))
