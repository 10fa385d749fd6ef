"""How an approved case stands: its approved values, extended by reviews and opened by later edits."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from m365_restrict.policy.advice import Advice
from m365_restrict.policy.case_checks import longest_end
from m365_restrict.policy.codes import WarningCode
from m365_restrict.policy.profile import Profile
from m365_restrict.register.case import ItemType, Measure, ProtectedFields, Scope, Stage
from m365_restrict.register.dates import local_day
from m365_restrict.register.effective import effective
from m365_restrict.register.evidence import ApprovalEvidence
from m365_restrict.register.extension import Extension, ExtensionVerdict
from m365_restrict.register.item import ListItem
from m365_restrict.register.read_case import ProtectedReading, read_protected
from m365_restrict.register.values import protected_values, values_from_json

#: Stands in for protected columns that cannot be read, so that all the other checks still speak.
BLANK = ProtectedFields(
    item_type=ItemType.PERSON,
    addresses=(),
    stage=Stage.NONE,
    measure=Measure.NO_EMAIL,
    scope=Scope.WHOLE_COUNCIL,
    scope_mailboxes=(),
    spoc_mailbox="",
    allowed_recipients=(),
    councillor_route=None,
    ward_councillors=(),
    effective_from=None,
    ends_on=None,
)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How an approved item stands: what was approved, what the item says now, and what counts."""

    approved: ProtectedReading
    current: ProtectedReading
    extensions: ExtensionVerdict
    end: "EndDate"
    counts: ProtectedFields
    waiting: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class EndDate:
    """The approved end and the end on the item, once extensions are counted in."""

    approved: date | None
    current: date | None
    extended_from: date | None = None
    too_long: bool = False

    @classmethod
    def of(
        cls,
        item: ListItem,
        protected: ProtectedFields,
        evidence: ApprovalEvidence,
        extension: Extension | None,
        *,
        profile: Profile,
        zone: ZoneInfo,
    ) -> "EndDate":
        """An extension counts if it was saved after the approval; a later edit of EndsOn may shorten it."""
        named = item.fields.get("EndsOn")
        current = named if isinstance(named, date) else None
        plain = cls(approved=protected.ends_on, current=current)
        if extension is None or protected.ends_on is None:
            return plain
        day = local_day(extension.saved_at, zone)
        allowed = longest_end(protected, profile, day)
        if allowed is not None and extension.ends_on > allowed:
            return replace(plain, too_long=True)
        if extension.saved_at < evidence.saved_at:
            return replace(plain, extended_from=day if protected.ends_on <= extension.ends_on else None)
        edited = _end_edited_at(item)
        stale = edited is None or edited <= extension.saved_at
        return cls(
            approved=extension.ends_on, current=extension.ends_on if stale else current, extended_from=day
        )


def standing_of(
    item: ListItem,
    evidence: ApprovalEvidence,
    extensions_at: Callable[[Stage], ExtensionVerdict],
    *,
    profile: Profile,
    zone: ZoneInfo,
) -> Standing:
    """Where the case stands; `extensions_at` judges its reviews for the approved stage."""
    approved = read_protected(values_from_json(evidence.values_json), instead=BLANK)
    protected = approved.fields or BLANK
    extensions = extensions_at(protected.stage)
    end = EndDate.of(item, protected, evidence, extensions.extension, profile=profile, zone=zone)
    protected = replace(protected, ends_on=end.approved)
    current = read_protected(protected_values(item.fields), instead=protected)
    now = replace(current.fields or protected, ends_on=end.current)
    counts, waiting = effective(protected, now)
    return Standing(
        approved=approved, current=current, extensions=extensions, end=end, counts=counts, waiting=waiting
    )


def _end_edited_at(item: ListItem) -> datetime | None:
    """When EndsOn last changed; None where no visible version changed it."""
    changed = [
        after.saved_at
        for before, after in zip(item.versions, item.versions[1:], strict=False)
        if before.fields.get("EndsOn") != after.fields.get("EndsOn")
    ]
    return changed[-1] if changed else None


def advise_on_extensions(verdict: ExtensionVerdict, end: EndDate) -> Iterable[Advice]:
    """Extensions that are too long or that nobody eligible saved."""
    if end.too_long:
        code = WarningCode.EXTENSION_TOO_LONG
        yield Advice(code, f"{code.meaning} {code.advice}")
    for review_id in verdict.not_approved:
        code = WarningCode.EXTENSION_REFUSED
        yield Advice(code, f"Review {review_id}: {code.meaning} {code.advice}")
