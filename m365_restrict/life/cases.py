"""Every item of the register as a case file: what the checks said of it, its reviews, and when it ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from m365_restrict.codes import CatalogueCode
from m365_restrict.ledger.lives import LifeRecord
from m365_restrict.life.closing import ended_on
from m365_restrict.policy.life import CaseFile
from m365_restrict.register.dates import local_day
from m365_restrict.register.evidence import ApprovalEvidence, EvidenceVerdict
from m365_restrict.register.item import ListItem
from m365_restrict.register.read_review import Review, read_review
from m365_restrict.register.reference import reference_key
from m365_restrict.steps.found import Found
from m365_restrict.steps.run_context import Run


@dataclass(frozen=True, kw_only=True)
class Cases:
    """All case files, and the reviews that are about the whole register."""

    files: tuple[CaseFile, ...]
    other_reviews: tuple[Review, ...]


def case_files(run: Run, found: Found, lives: Mapping[str, LifeRecord]) -> Cases:
    """The case files of a run. Items that only a duplicate reference refuses share their reviews."""
    zone = run.options.zone
    reviews: dict[str, list[Review]] = {}
    for item in found.register.reviews.items:
        review = read_review(item, zone)
        reviews.setdefault(reference_key(review.title), []).append(review)
    evidence = _latest_approvals(run.ledger.register.evidence())
    files = []
    for plain in _judged(found):
        key = reference_key(plain.case_ref)
        case = replace(plain, reviews=tuple(reviews.get(key, ())), approver=_approver(plain, evidence))
        known = lives.get(case.item.item_id)
        files.append(replace(case, ended_on=ended_on(case, known, run.today, _status_day(case.item, zone))))
    about_cases = {reference_key(case.case_ref) for case in files}
    others = tuple(one for key, found_ones in reviews.items() if key not in about_cases for one in found_ones)
    return Cases(files=tuple(files), other_reviews=others)


def _judged(found: Found) -> Sequence[CaseFile]:
    items = {item.item_id: item for item in found.register.cases.items}
    judgement = found.judgement
    refused: dict[str, set[CatalogueCode]] = {}
    references = {one.item_id: one.case_ref for one in judgement.refused}
    references |= {one.item_id: one.case_ref for one in judgement.drafts}
    for refusal in judgement.refused:
        refused.setdefault(refusal.item_id, set()).add(refusal.code)
    accepted = [
        CaseFile(case_ref=one.case.reference, item=items[one.case.item_id], accepted=one)
        for one in judgement.accepted
    ]
    opened = [
        CaseFile(case_ref=one.case_ref, item=items[one.item_id], opened=one)
        for one in judgement.ended_by_register
    ]
    others = [
        CaseFile(case_ref=reference, item=items[item_id], refused=frozenset(refused.get(item_id, ())))
        for item_id, reference in references.items()
    ]
    return [*accepted, *opened, *others]


def _approver(case: CaseFile, latest: Mapping[str, ApprovalEvidence]) -> str:
    if case.accepted:
        return case.accepted.evidence.saver_address
    known = latest.get(case.item.item_id)
    return known.saver_address if known else ""


def _latest_approvals(evidence: Mapping[tuple[str, str], ApprovalEvidence]) -> dict[str, ApprovalEvidence]:
    latest: dict[str, ApprovalEvidence] = {}
    for one in sorted(evidence.values(), key=lambda entry: entry.saved_at):
        if one.verdict is EvidenceVerdict.ELIGIBLE:
            latest[one.item_id] = one
    return latest


def _status_day(item: ListItem, zone: ZoneInfo) -> date | None:
    """The local day on which the item got the status that it has."""
    status, day = item.fields.get("Status"), None
    for version in reversed(item.versions):
        if version.fields.get("Status") != status:
            break
        day = local_day(version.saved_at, zone)
    return day
