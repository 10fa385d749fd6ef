"""What should be put right in one case. It warns, unless the policy profile lists its code in `refuse_on`.

The requirements and hazards behind each are those of policy.md 1, 3 and 6.
"""

from collections.abc import Iterator

from m365_restrict.codes import CatalogueCode
from m365_restrict.policy.case_checks import (
    CheckedCase,
    is_empty,
    names_never_restricted,
    overrides_never_restricted,
)
from m365_restrict.policy.codes import WarningCode
from m365_restrict.policy.context import CheckContext
from m365_restrict.policy.grounds import is_about_telephone, is_criticism
from m365_restrict.policy.profile import Profile
from m365_restrict.register.case import (
    AddressShared,
    AdjustmentNeedsEmail,
    Channel,
    CouncillorRoute,
    ItemType,
    Measure,
    Scope,
    Stage,
)
from m365_restrict.register.columns import RESTRICTED_CONTACTS
from m365_restrict.register.problem import FieldProblem

_TAKES_EMAIL_AWAY = frozenset({Measure.REFUSE, Measure.FILE, Measure.JUNK})
_SENDS_EMAIL_ELSEWHERE = frozenset({Measure.REDIRECT, Measure.ALLOWED_ONLY})


def concerns(case: CheckedCase, profile: Profile, context: CheckContext) -> Iterator[FieldProblem]:
    """Everything in the case that policy advises against, each with its column and mend."""
    if case.protected.item_type is ItemType.PROPERTY:
        return
    yield from _about_addresses(case, context)
    yield from _about_the_person(case)
    yield from _about_grounds(case, profile)
    yield from _about_measure(case, profile)
    yield from _about_channels(case, profile)
    yield from _about_scope(case, context)
    yield from _about_days(case, context)
    yield from _about_details(case, profile)


def concern(code: CatalogueCode, column: str, detail: str = "") -> FieldProblem:
    """One concern in words that say what is wrong, in which column, and what to do."""
    sentences = [code.meaning, detail, f"Column {shown(column)}: {code.advice}"]
    return FieldProblem(code, column, " ".join(sentence for sentence in sentences if sentence))


def shown(column: str) -> str:
    """A column as the form names it, with its internal name."""
    return f"{RESTRICTED_CONTACTS.column(column).display_name} ({column})"


def _about_addresses(case: CheckedCase, context: CheckContext) -> Iterator[FieldProblem]:
    addresses, known = case.protected.addresses, context.known_senders
    if names_never_restricted(case, context) and overrides_never_restricted(case):
        yield concern(WarningCode.NEVER_RESTRICTED_OVERRIDDEN, "Addresses")
    if any(known.looks_misspelt(address) for address in addresses):
        yield concern(WarningCode.DOMAIN_NEAR_MISS, "Addresses")
    if case.protected.measure.acts_on_mail and any(known.has_variants(address) for address in addresses):
        yield concern(WarningCode.ADDRESS_HAS_VARIANTS, "Addresses")


def _about_the_person(case: CheckedCase) -> Iterator[FieldProblem]:
    measure = case.protected.measure
    if case.other.adjustment_needs_email is AdjustmentNeedsEmail.YES:
        if measure in _TAKES_EMAIL_AWAY:
            yield concern(WarningCode.ADJUSTMENT_NEEDS_EMAIL, "AdjustmentNeedsEmail")
        if measure in _SENDS_EMAIL_ELSEWHERE:
            yield concern(WarningCode.ADJUSTMENT_REDIRECTED, "AdjustmentNeedsEmail")
    if case.other.address_shared is AddressShared.YES and measure is Measure.REFUSE:
        yield concern(WarningCode.ADDRESS_SHARED, "AddressShared")


def _about_grounds(case: CheckedCase, profile: Profile) -> Iterator[FieldProblem]:
    grounds = case.other.grounds
    if not grounds:
        return
    if all(is_criticism(ground) for ground in grounds):
        yield concern(WarningCode.GROUND_IS_CRITICISM, "Grounds")
    if case.protected.measure.acts_on_mail and all(is_about_telephone(ground) for ground in grounds):
        yield concern(WarningCode.SINGLE_TELEPHONE_INCIDENT, "Grounds")
    named = {ground.casefold() for ground in profile.grounds}
    if named and named.isdisjoint(ground.casefold() for ground in grounds):
        yield concern(WarningCode.GROUND_NOT_IN_POLICY, "Grounds")


def _about_measure(case: CheckedCase, profile: Profile) -> Iterator[FieldProblem]:
    protected = case.protected
    rules = profile.at(protected.stage)
    if protected.measure in rules.measures and protected.measure not in rules.usual_measures:
        yield concern(WarningCode.MEASURE_UNUSUAL, "Measure")
    if protected.measure is Measure.ALLOWED_ONLY and not protected.allowed_recipients:
        yield concern(WarningCode.ALLOWED_RECIPIENTS_MISSING, "AllowedRecipients")
    if protected.stage is not Stage.NONE and protected.stage not in profile.stages:
        yield concern(WarningCode.STAGE_NOT_IN_POLICY, "Stage")
    route = protected.councillor_route
    if route is CouncillorRoute.ALTERNATIVE and not protected.ward_councillors:
        yield concern(WarningCode.WARD_COUNCILLORS_MISSING, "WardCouncillors")


def _about_channels(case: CheckedCase, profile: Profile) -> Iterator[FieldProblem]:
    protected, other = case.protected, case.other
    closes = protected.measure is Measure.REFUSE and not protected.spoc_mailbox
    if Channel.EMAIL_SPOC in other.channels_open and closes:
        yield concern(WarningCode.EMAIL_CHANNEL_NOT_OPEN, "ChannelsOpen")
    stated = other.route_text or profile.route_text
    # Post and the like are a route that the refusal's own text can point to: the notice names it.
    if protected.measure is Measure.REFUSE and not stated and not other.channels_open:
        yield concern(WarningCode.ROUTE_NOT_STATED, "RouteText")


def _about_scope(case: CheckedCase, context: CheckContext) -> Iterator[FieldProblem]:
    protected = case.protected
    named = protected.scope is Scope.NAMED
    if named and not context.protected_mailboxes.isdisjoint(protected.scope_mailboxes):
        yield concern(WarningCode.SCOPE_NAMES_PROTECTED, "ScopeMailboxes")


def _about_days(case: CheckedCase, context: CheckContext) -> Iterator[FieldProblem]:
    other, start = case.other, case.protected.effective_from
    done = {
        "WarningGivenOn": other.warning_given_on,
        "EqualityConsideredOn": other.equality_considered_on,
        "NoticeSentOn": other.notice_sent_on,
    }
    for column, day in done.items():
        if day and day > context.today:
            yield concern(WarningCode.DATE_IN_FUTURE, column)
        elif day and start and day > start and column != "NoticeSentOn":
            yield concern(WarningCode.CONSIDERED_LATE, column)


def _about_details(case: CheckedCase, profile: Profile) -> Iterator[FieldProblem]:
    empty = [columns for columns in profile.at(case.protected.stage).advised if is_empty(case, columns)]
    whole = case.protected.scope is Scope.WHOLE_COUNCIL and case.protected.measure.acts_on_mail
    if whole and not case.other.scope_reason:
        empty.append(("ScopeReason",))
    if empty:
        names = ", ".join(" or ".join(shown(column) for column in columns) for columns in empty)
        message = f"The policy advises to fill in: {names}."
        yield FieldProblem(WarningCode.DETAIL_MISSING, empty[0][0], message)
