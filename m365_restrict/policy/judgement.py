"""What the checks conclude about every item of the register."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from m365_restrict.codes import CatalogueCode
from m365_restrict.register.approval import ApprovalEvidence
from m365_restrict.register.case import Case, CaseState, Measure, Status


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One reason why a case is not enforced. `case_ref` is "item 7" where the reference cannot be shown."""

    case_ref: str
    item_id: str
    code: CatalogueCode
    message: str
    policy_refs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CaseWarning:
    """Something to put right that does not stop the case."""

    case_ref: str
    item_id: str
    code: CatalogueCode
    message: str
    policy_refs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AcceptedCase:
    """A case to enforce, now (`IN_FORCE`) or from its first day (`SCHEDULED`).

    `waiting` names the columns whose edits wait for approval; `case` holds what counts today.
    `decided_on` is the local day of the approving save, `next_review_on` the day on the item or,
    where that is empty, the latest that the policy allows.
    """

    case: Case
    state: CaseState
    evidence: ApprovalEvidence
    waiting: tuple[str, ...] = ()
    warnings: tuple[CaseWarning, ...] = ()
    decided_on: date | None = None
    next_review_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class DraftCase:
    """An item that nobody has proposed yet. `missing` is what it lacks; nothing is refused."""

    case_ref: str
    item_id: str
    missing: tuple[Refusal, ...]


@dataclass(frozen=True, kw_only=True)
class OpenedCase:
    """A case that the register itself opens, so that a guard never holds its rules in place.

    `by_status` is the status that opens it, or None where its last day has passed or
    an edit has taken away every address or every named mailbox.
    """

    case_ref: str
    item_id: str
    by_status: Status | None


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """Every item of the register is in exactly one of accepted, refused, drafts and ended_by_register.

    A refused case may have several refusals. `warnings` repeats those of the accepted cases and
    adds those of proposed, refused and opened cases, of drafts, and of reviews.
    `opened_since_approved` are the ids of refused items and drafts that a save has opened since they were
    last approved: that their rules go is the register's own word, not evidence that was lost.
    `new_evidence` is to be pinned in the ledger.
    `stated` is what refused and draft items say now, as far as it can be read. It restricts nobody, but
    where a guard keeps the rule of such a case in place, what the item opens is opened (design.md 2).
    """

    accepted: tuple[AcceptedCase, ...] = ()
    refused: tuple[Refusal, ...] = ()
    warnings: tuple[CaseWarning, ...] = ()
    drafts: tuple[DraftCase, ...] = ()
    ended_by_register: tuple[OpenedCase, ...] = ()
    opened_since_approved: frozenset[str] = frozenset()
    new_evidence: tuple[ApprovalEvidence, ...] = ()
    stated: tuple[Case, ...] = ()

    @property
    def in_force(self) -> tuple[AcceptedCase, ...]:
        """Accepted cases whose first day has come."""
        return tuple(one for one in self.accepted if one.state is CaseState.IN_FORCE)

    @property
    def live_measures(self) -> Mapping[str, Measure]:
        """The measure of each case in force by its reference, as councillors' choices may name them."""
        return {one.case.reference: one.case.protected.measure for one in self.in_force}
