"""From the columns of an item to typed fields, or to problems that name the column and the mend."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from m365_restrict.register.case import (
    AddressShared,
    AdjustmentNeedsEmail,
    Channel,
    CouncillorRoute,
    ItemType,
    Language,
    Measure,
    OpenFields,
    ProtectedFields,
    Scope,
    Stage,
    Status,
)
from m365_restrict.register.codes import RegisterCode
from m365_restrict.register.column_reader import OpenColumnReader, ProtectedColumnReader
from m365_restrict.register.item import Fields
from m365_restrict.register.problem import FieldProblem
from m365_restrict.register.values import ProtectedValues, as_lines


@dataclass(frozen=True)
class ProtectedReading:
    """The protected fields, or None where one that nothing can stand in for cannot be read."""

    fields: ProtectedFields | None
    problems: tuple[FieldProblem, ...]


@dataclass(frozen=True)
class OpenReading:
    """The other fields. What cannot be read has its empty value here and a problem beside it."""

    fields: OpenFields
    problems: tuple[FieldProblem, ...]


def read_protected(values: ProtectedValues, *, instead: ProtectedFields | None = None) -> ProtectedReading:
    """Read protected values; where one cannot be read, `instead` lends its own and the problem is told.

    An empty Addresses, EffectiveFrom or EndsOn is no problem of reading: the checks judge it.
    """
    reader = ProtectedColumnReader(values)
    measure = reader.choice("Measure", Measure, RegisterCode.MEASURE_MISSING)
    scope = reader.choice("Scope", Scope, RegisterCode.SCOPE_MISSING)
    item_type = reader.choice("ItemType", ItemType) or ItemType.PERSON
    stage = reader.choice("Stage", Stage) or Stage.NONE
    fields = ProtectedFields(
        item_type=item_type,
        addresses=reader.addresses("Addresses"),
        stage=stage,
        measure=measure or Measure.NO_EMAIL,
        scope=scope or Scope.NAMED,
        scope_mailboxes=reader.addresses("ScopeMailboxes"),
        spoc_mailbox=reader.address("SpocMailbox"),
        allowed_recipients=reader.addresses("AllowedRecipients"),
        councillor_route=reader.choice("CouncillorRoute", CouncillorRoute),
        ward_councillors=as_lines(values.get("WardCouncillors", ())),
        effective_from=reader.day("EffectiveFrom"),
        ends_on=reader.day("EndsOn"),
    )
    problems = tuple(reader.problems)
    if not problems:
        return ProtectedReading(fields, ())
    if instead is None:
        return ProtectedReading(None, problems)
    return ProtectedReading(_mended(fields, instead, {problem.column for problem in problems}), problems)


def read_open_fields(fields: Fields) -> OpenReading:
    """Read every field that needs no approval, from the current version."""
    reader = OpenColumnReader(fields)
    read = OpenFields(
        status=reader.choice("Status", Status) or Status.DRAFT,
        advocate_addresses=reader.addresses("AdvocateAddresses"),
        address_shared=reader.choice("AddressShared", AddressShared) or AddressShared.UNKNOWN,
        scope_reason=reader.text("ScopeReason"),
        channels_open=reader.choices("ChannelsOpen", Channel),
        no_channel_reason=reader.text("NoChannelReason"),
        language=reader.choice("LanguagePreference", Language) or Language.UNKNOWN,
        route_text=reader.text("RouteText"),
        grounds=reader.texts("Grounds"),
        decision_doc_id=reader.text("DecisionDocId"),
        case_owner=reader.person("CaseOwner"),
        requesting_service=reader.text("RequestingService"),
        stage1_skipped_reason=reader.text("Stage1SkippedReason"),
        warning_given_on=reader.day("WarningGivenOn"),
        warning_waived_reason=reader.text("WarningWaivedReason"),
        lesser_measures_considered=reader.text("LesserMeasuresConsidered"),
        equality_considered_on=reader.day("EqualityConsideredOn"),
        adjustment_needs_email=reader.choice("AdjustmentNeedsEmail", AdjustmentNeedsEmail),
        support_services_contacted=reader.one_of("SupportServicesContacted"),
        notice_sent_on=reader.day("NoticeSentOn"),
        notice_method=reader.text("NoticeMethod"),
        notice_doc_id=reader.text("NoticeDocId"),
        next_review_on=reader.day("NextReviewOn"),
        police_or_legal_referral=reader.truth("PoliceOrLegalReferral"),
        legal_hold=reader.truth("LegalHold"),
    )
    return OpenReading(read, tuple(reader.problems))


def _mended(read: ProtectedFields, instead: ProtectedFields, columns: AbstractSet[str]) -> ProtectedFields:
    """`read` with the fields of the named columns taken from `instead`."""

    def pick(column: str) -> ProtectedFields:
        return instead if column in columns else read

    return replace(
        read,
        item_type=pick("ItemType").item_type,
        addresses=pick("Addresses").addresses,
        stage=pick("Stage").stage,
        measure=pick("Measure").measure,
        scope=pick("Scope").scope,
        scope_mailboxes=pick("ScopeMailboxes").scope_mailboxes,
        spoc_mailbox=pick("SpocMailbox").spoc_mailbox,
        allowed_recipients=pick("AllowedRecipients").allowed_recipients,
        councillor_route=pick("CouncillorRoute").councillor_route,
        effective_from=pick("EffectiveFrom").effective_from,
        ends_on=pick("EndsOn").ends_on,
    )
