"""Who approved what, and when: from the evidence that the register left in the ledger (contracts.md 1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from m365_restrict.register.dates import local_day
from m365_restrict.register.evidence import ApprovalEvidence, EvidenceVerdict


@dataclass(frozen=True, kw_only=True)
class Approval:
    """The approvers of one decision as directory object ids, and the local day of the last of them."""

    by: tuple[str, ...] = ()
    on: date | None = None


NOBODY = Approval()


class Approvals:
    """The approving saves of every item."""

    def __init__(self, evidence: Iterable[ApprovalEvidence], zone: ZoneInfo) -> None:
        """Of all evidence only saves by eligible approvers count."""
        self._zone = zone
        self._by_item: dict[str, list[ApprovalEvidence]] = {}
        for one in sorted(evidence, key=lambda entry: entry.saved_at):
            if one.verdict is EvidenceVerdict.ELIGIBLE:
                self._by_item.setdefault(one.item_id, []).append(one)

    def of(self, item_id: str, *, at: datetime) -> Approval:
        """The approval of an item as it stood at a moment: of a quorum, all that approved the same values."""
        saves = [one for one in self._by_item.get(item_id, ()) if one.saved_at <= at]
        return self.with_values(item_id, saves[-1].fields_hash, at=at) if saves else NOBODY

    def with_values(self, item_id: str, fields_hash: str, *, at: datetime) -> Approval:
        """The approval of those values of an item."""
        same = [
            one
            for one in self._by_item.get(item_id, ())
            if one.fields_hash == fields_hash and one.saved_at <= at
        ]
        if not same:
            return NOBODY
        by = tuple(dict.fromkeys(one.saver_object_id for one in same))
        return Approval(by=by, on=local_day(same[-1].saved_at, self._zone))
