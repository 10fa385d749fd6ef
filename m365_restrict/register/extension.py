"""Reviews that extend a case (contracts.md 1).

An Extend with NewEndsOn saved by an eligible officer is itself the approval of that end date.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from m365_restrict.register.approval import ApprovalRules
from m365_restrict.register.case import Stage
from m365_restrict.register.evidence import ApprovalEvidence, EvidenceVerdict, Pinned
from m365_restrict.register.item import Fields, ItemVersion, ListItem
from m365_restrict.register.reference import same_reference
from m365_restrict.register.review import Outcome
from m365_restrict.register.values import ProtectedValues, hash_of, values_from_json, values_to_json


@dataclass(frozen=True, kw_only=True)
class Extension:
    """An approved new end date and when it was approved."""

    ends_on: date
    saved_at: datetime
    evidence: ApprovalEvidence


@dataclass(frozen=True, kw_only=True)
class ExtensionVerdict:
    """The latest approved extension of a case, and the ids of reviews whose Extend does not count."""

    extension: Extension | None = None
    not_approved: tuple[str, ...] = ()
    new_evidence: tuple[ApprovalEvidence, ...] = ()


def judge_extensions(
    case: ListItem,
    reviews: Sequence[ListItem],
    *,
    stage: Stage,
    rules: ApprovalRules,
    pinned: Pinned,
    today: date,
) -> ExtensionVerdict:
    """Judge every version of every review of one case, known by its item; the latest approving save wins.

    What was saved while the item bore another reference was decided about another case.
    """
    reference = str(case.fields.get("Title", ""))
    found: list[Extension] = []
    not_approved: list[str] = []
    new: list[ApprovalEvidence] = []
    for review in reviews:
        if not _extends(review.fields, reference):
            continue
        evidence = [
            _evidence(review.item_id, version, rules.judge_saver(version.saver, stage), pinned, today)
            for version in review.versions
            if _extends(version.fields, reference)
        ]
        new += [one for one in evidence if one.key not in pinned]
        approving = [
            one
            for one in (*evidence, *_pruned(review, pinned))
            if _counts(one, reference) and _bore(case, reference, one.saved_at)
        ]
        if approving:
            found.append(_extension(review, max(approving, key=lambda one: one.saved_at)))
        else:
            not_approved.append(review.item_id)
    latest = max(found, key=lambda one: one.saved_at, default=None)
    return ExtensionVerdict(extension=latest, not_approved=tuple(not_approved), new_evidence=tuple(new))


def _extends(fields: Fields, reference: str) -> bool:
    title = fields.get("Title")
    return (
        isinstance(title, str)
        and same_reference(title, reference)
        and fields.get("Outcome") == Outcome.EXTEND
        and isinstance(fields.get("NewEndsOn"), date)
    )


def _counts(evidence: ApprovalEvidence, reference: str) -> bool:
    title = values_from_json(evidence.values_json).get("Title")
    return (
        evidence.verdict is EvidenceVerdict.ELIGIBLE
        and isinstance(title, str)
        and same_reference(title, reference)
    )


def _bore(case: ListItem, reference: str, at: datetime) -> bool:
    """Whether the item bore the reference at that moment, as far as its versions tell."""
    title = [version.fields.get("Title", "") for version in case.versions if version.saved_at <= at][-1:]
    return not title or same_reference(str(title[0]), reference)


def _evidence(
    review_id: str, version: ItemVersion, verdict: EvidenceVerdict, pinned: Pinned, today: date
) -> ApprovalEvidence:
    item_id = f"review:{review_id}"
    known = pinned.get((item_id, version.number))
    if known:
        return known
    values = _values(version.fields)
    return ApprovalEvidence(
        item_id=item_id,
        version=version.number,
        saver_object_id=version.saver.object_id,
        saver_address=version.saver.address,
        saved_at=version.saved_at,
        fields_hash=hash_of(values),
        values_json=values_to_json(values),
        seen_on=today,
        verdict=verdict,
    )


def _values(fields: Fields) -> ProtectedValues:
    ends_on, title = fields["NewEndsOn"], fields["Title"]
    return {"Title": str(title).strip(), "EndsOn": ends_on.isoformat() if isinstance(ends_on, date) else ""}


def _pruned(review: ListItem, pinned: Pinned) -> list[ApprovalEvidence]:
    visible = {version.number for version in review.versions}
    wanted = f"review:{review.item_id}"
    return [one for key, one in pinned.items() if key[0] == wanted and key[1] not in visible]


def _extension(review: ListItem, evidence: ApprovalEvidence) -> Extension:
    """The approved date, or an earlier one that the review names by now: an earlier end only opens."""
    approved = date.fromisoformat(str(values_from_json(evidence.values_json)["EndsOn"]))
    named = review.fields.get("NewEndsOn")
    return Extension(
        ends_on=min(approved, named) if isinstance(named, date) else approved,
        saved_at=evidence.saved_at,
        evidence=evidence,
    )
