"""The evidence of one approving save, as it is pinned in the ledger when it is first seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias


class EvidenceVerdict(StrEnum):
    """How a saved version was judged on the day it was first seen. It is never judged again."""

    ELIGIBLE = "eligible"
    NOT_ELIGIBLE = "not_eligible"
    PROPOSER = "proposer"
    APPLICATION = "application"
    FLOW = "flow"
    HISTORY_PRUNED = "history_pruned"
    #: The version's status is not live, so approvals saved before it no longer count.
    CANCELS = "cancels"


@dataclass(frozen=True, kw_only=True)
class ApprovalEvidence:
    """One version of one item and what it proves.

    `item_id` is the register item's id, or `review:<id>` for a review that extends a case.
    `values_json` holds the protected values in canonical JSON; `fields_hash` is its SHA-256, in hex.
    `saved_at` is UTC; `seen_on` is the local day on which the tool first saw the version.
    """

    item_id: str
    version: str
    saver_object_id: str
    saver_address: str
    saved_at: datetime
    fields_hash: str
    values_json: str
    seen_on: date
    verdict: EvidenceVerdict

    @property
    def key(self) -> tuple[str, str]:
        """Item id and version: what the ledger keeps it under."""
        return self.item_id, self.version


#: Evidence by (item id, version), as the ledger returns it.
Pinned: TypeAlias = Mapping[tuple[str, str], ApprovalEvidence]
