"""From the register as a run read it to what one letter is about, or to why there is none.

A letter tells what counts: values that are approved, a review that has taken effect, an end that has
come. Anything else would tell the person something that is not so.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from m365_restrict.policy.codes import CheckCode
from m365_restrict.policy.judgement import AcceptedCase, OpenedCase
from m365_restrict.register.case import Case, CaseState, Status
from m365_restrict.register.dates import local_day
from m365_restrict.register.evidence import ApprovalEvidence, EvidenceVerdict, Pinned
from m365_restrict.register.item import ListItem, Person, SaverKind
from m365_restrict.register.read_case import read_open_fields, read_protected
from m365_restrict.register.read_review import read_review
from m365_restrict.register.reference import read_reference, same_reference
from m365_restrict.register.review import Outcome, ReviewKind
from m365_restrict.register.values import as_text, hash_of, protected_values
from m365_restrict.report.letters.codes import LetterCode
from m365_restrict.report.letters.facts import CaseSource, LetterRefused, ReviewSource, refused
from m365_restrict.report.letters.kinds import LetterKind
from m365_restrict.steps.found import Found

#: A case that lacks only these is decided: its letter is what is still to be sent.
_AWAITS_NOTICE = frozenset({CheckCode.NOTICE_MISSING, CheckCode.NOTICE_LATE})
_NOT_ABOUT_THE_PERSON = frozenset({ReviewKind.ANNUAL_LOG, ReviewKind.SIGN_OFF, ReviewKind.EXPORT})
_ENDED = frozenset({None, Status.LIFTED, Status.CLOSED})
_ENDS = frozenset({Outcome.LIFT, Outcome.UPHELD})


@dataclass(frozen=True, kw_only=True)
class LetterCase:
    """One case as letters see it. `accepted` and `opened` are as the checks judged it."""

    item: ListItem
    case: Case
    evidence: ApprovalEvidence | None
    accepted: AcceptedCase | None = None
    opened: OpenedCase | None = None

    @property
    def is_decided(self) -> bool:
        """Whether its values are approved and it has not ended."""
        return self.evidence is not None and self.opened is None

    @property
    def has_ended(self) -> bool:
        """Whether it is lifted, closed or past its last day; suspended is not ended."""
        return self.opened is not None and self.opened.by_status in _ENDED


@dataclass(frozen=True, kw_only=True)
class LetterDesk:
    """Everything that letters of one run are made from. `today` is the council's day."""

    found: Found
    evidence: Pinned
    today: date
    zone: ZoneInfo

    def cases(self) -> Iterator[LetterCase]:
        """Every case that a letter may be about: approved, or ended after it was."""
        accepted = {one.case.item_id: one for one in self.found.judgement.accepted}
        opened = {one.item_id: one for one in self.found.judgement.ended_by_register}
        refusals: dict[str, set[object]] = {}
        for one in self.found.judgement.refused:
            refusals.setdefault(one.item_id, set()).add(one.code)
        for item in self.found.register.cases.items:
            if item.item_id in accepted:
                known = accepted[item.item_id]
                yield LetterCase(item=item, case=known.case, evidence=known.evidence, accepted=known)
            elif item.item_id in opened:
                yield from self._read(item, self._latest(item), opened[item.item_id])
            elif refusals.get(item.item_id, {None}) <= _AWAITS_NOTICE and (found := self._approving(item)):
                yield from self._read(item, found, None)

    def case(self, reference: str) -> LetterCase | None:
        """The case with that reference, if a letter may be about it."""
        return next((one for one in self.cases() if same_reference(one.case.reference, reference)), None)

    def is_known(self, reference: str) -> bool:
        """Whether the register holds the reference at all."""
        titles = (as_text(item.fields.get("Title", "")) for item in self.found.register.cases.items)
        return any(same_reference(title, reference) for title in titles)

    def reviews(self, case: LetterCase) -> list[ListItem]:
        """The decided reviews of a case, the latest decision last."""
        about = [
            review
            for review in self._about(case)
            if review.fields.get("Kind") not in _NOT_ABOUT_THE_PERSON
            and _outcome(review) not in {None, Outcome.PENDING}
        ]
        return sorted(about, key=lambda review: as_text(review.fields.get("DecidedOn", "")))

    def source(
        self, kind: LetterKind, case: LetterCase, review: ListItem | None = None
    ) -> CaseSource | LetterRefused:
        """What a letter of that kind is about, without the person's name and address."""
        code = self._obstacle(kind, case, review)
        if code is not None:
            return refused(code)
        about = review if kind is LetterKind.REVIEW else None
        told_on = case.case.other.notice_sent_on if kind is LetterKind.DECISION else None
        return CaseSource(
            case=case.case,
            dated_on=told_on or self.today,
            signed_by=_reviewer(about) if about else _approver(case),
            signatory_title=as_text(about.fields.get("OfficerTitle", "")) if about else "",
            ward_councillors=_ward_councillors(case.item),
            review=_review_source(about) if about else None,
            reviews=tuple(read_review(one, self.zone) for one in self._about(case)),
            decided_on=local_day(case.evidence.saved_at, self.zone) if case.evidence else None,
            ended_on=self.ended_on(case) if case.has_ended else None,
        )

    def ended_on(self, case: LetterCase) -> date | None:
        """The first day without it: the day on which it was lifted, or the day after its last."""
        last = case.case.protected.ends_on
        if case.opened is None or case.opened.by_status is None:
            return None if last is None else last + timedelta(days=1)
        lifted = None
        for version in reversed(case.item.versions):
            if version.fields.get("Status") not in {Status.LIFTED, Status.CLOSED}:
                break
            lifted = local_day(version.saved_at, self.zone)
        days = [day for day in (lifted, last + timedelta(days=1) if last else None) if day is not None]
        return min(days, default=None)

    def _about(self, case: LetterCase) -> list[ListItem]:
        return [
            review
            for review in self.found.register.reviews.items
            if same_reference(as_text(review.fields.get("Title", "")), case.case.reference)
        ]

    def _obstacle(self, kind: LetterKind, case: LetterCase, review: ListItem | None) -> LetterCode | None:
        match kind:
            case LetterKind.DECISION:
                return None if case.is_decided else LetterCode.CASE_NOT_APPROVED
            case LetterKind.REMINDER:
                in_force = case.accepted is not None and case.accepted.state is CaseState.IN_FORCE
                return None if in_force else LetterCode.NOT_IN_FORCE
            case LetterKind.LIFT:
                return None if case.has_ended else LetterCode.NOT_LIFTED
            case LetterKind.REVIEW:
                return LetterCode.REVIEW_NOT_DECIDED if review is None else _review_obstacle(case, review)
        assert_never(kind)

    def _read(
        self, item: ListItem, evidence: ApprovalEvidence | None, opened: OpenedCase | None
    ) -> Iterator[LetterCase]:
        reference = read_reference(as_text(item.fields.get("Title", "")))
        protected = read_protected(protected_values(item.fields)).fields
        if isinstance(reference, str) and protected is not None and evidence is not None:
            other = read_open_fields(item.fields).fields
            case = Case(item_id=item.item_id, reference=reference, protected=protected, other=other)
            yield LetterCase(item=item, case=case, evidence=evidence, opened=opened)

    def _approving(self, item: ListItem) -> ApprovalEvidence | None:
        """Evidence that the values which the item holds now are approved."""
        wanted = hash_of(protected_values(item.fields))
        return next((one for one in reversed(self._eligible(item)) if one.fields_hash == wanted), None)

    def _latest(self, item: ListItem) -> ApprovalEvidence | None:
        return next(reversed(self._eligible(item)), None)

    def _eligible(self, item: ListItem) -> list[ApprovalEvidence]:
        found = [one for key, one in self.evidence.items() if key[0] == item.item_id]
        eligible = [one for one in found if one.verdict is EvidenceVerdict.ELIGIBLE]
        return sorted(eligible, key=lambda one: one.saved_at)


def _review_obstacle(case: LetterCase, review: ListItem) -> LetterCode | None:
    """A review that has not taken effect, because nobody eligible saved it or Status was left alone."""
    outcome = _outcome(review)
    if outcome is Outcome.EXTEND and review.fields.get("NewEndsOn") != case.case.protected.ends_on:
        return LetterCode.EXTENSION_NOT_APPROVED
    if outcome in _ENDS and not case.has_ended:
        return LetterCode.NOT_LIFTED
    return None


def _review_source(review: ListItem) -> ReviewSource:
    decided, new_end = review.fields.get("DecidedOn"), review.fields.get("NewEndsOn")
    kind = review.fields.get("Kind")
    return ReviewSource(
        kind=next((one for one in ReviewKind if one == kind), None),
        outcome=_outcome(review),
        decided_on=decided if isinstance(decided, date) else None,
        new_ends_on=new_end if isinstance(new_end, date) else None,
        considerations=as_text(review.fields.get("Considerations", "")),
    )


def _outcome(review: ListItem) -> Outcome | None:
    return next((one for one in Outcome if one == review.fields.get("Outcome")), None)


def _approver(case: LetterCase) -> str:
    """The name of the account that saved the approving version; "" where that version is pruned."""
    wanted = "" if case.evidence is None else case.evidence.version
    names = (one.saver.display_name for one in case.item.versions if one.number == wanted)
    return next(names, "")


def _reviewer(review: ListItem) -> str:
    """The officer is who saved the review (contracts.md 1); the tool's own saves do not count."""
    people = [one.saver for one in review.versions if one.saver.kind is SaverKind.USER]
    return people[-1].display_name if people else ""


def _ward_councillors(item: ListItem) -> tuple[str, ...]:
    value = item.fields.get("WardCouncillors", ())
    people = value if isinstance(value, tuple) else ()
    names = (one.display_name or one.address for one in people if isinstance(one, Person))
    return tuple(name for name in names if name)


def merged_evidence(pinned: Pinned, found: Found) -> Mapping[tuple[str, str], ApprovalEvidence]:
    """What the ledger has pinned with what this run saw first."""
    return {**{one.key: one for one in found.judgement.new_evidence}, **pinned}
