"""Which values of a case are approved, by whom, and what evidence proves it (contracts.md 1).

A version approves its protected values if an eligible approver saved it with Status
Approved. Eligibility is judged once, when the version is first seen; the ledger keeps
the verdict, so that neither pruning nor a departure undoes it (graph.md 3.4).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import assert_never

from m365_restrict.register.case import Stage, Status
from m365_restrict.register.codes import ApprovalCode
from m365_restrict.register.evidence import ApprovalEvidence, EvidenceVerdict, Pinned
from m365_restrict.register.item import Identity, ItemVersion, ListItem, SaverKind
from m365_restrict.register.values import hash_of, protected_values, values_from_json, values_to_json

__all__ = [
    "ApprovalEvidence",
    "ApprovalRules",
    "ApprovalVerdict",
    "EvidenceVerdict",
    "Pinned",
    "is_by_proposer",
    "judge_approval",
]

_FIRST_VERSIONS = frozenset({(1, 0), (0, 1)})


@dataclass(frozen=True, kw_only=True)
class ApprovalRules:
    """Who may approve. Object ids and flow identities (object ids or addresses) are lower case.

    `approvers` has an entry for `Stage.NONE`, which stands in for a stage without its own.
    `quorum_at` and `proposer_may_approve_at` replace the general values for the stages they name.
    """

    approvers: Mapping[Stage, frozenset[str]]
    quorum: int = 1
    proposer_may_approve: bool = False
    flow_identities: frozenset[str] = frozenset()
    quorum_at: Mapping[Stage, int] = field(default_factory=dict)
    proposer_may_approve_at: Mapping[Stage, bool] = field(default_factory=dict)

    def quorum_of(self, stage: Stage) -> int:
        """How many different approvers that stage asks for."""
        return self.quorum_at.get(stage, self.quorum)

    def lets_proposer_approve(self, stage: Stage) -> bool:
        """Whether the proposer may be an approver at that stage."""
        return self.proposer_may_approve_at.get(stage, self.proposer_may_approve)

    def may_approve(self, saver: Identity, stage: Stage) -> bool:
        """Whether the saver is an approver for that stage today, by Entra object id."""
        eligible = self.approvers.get(stage, self.approvers.get(Stage.NONE, frozenset()))
        return bool(saver.object_id) and saver.object_id.lower() in eligible

    def is_flow(self, saver: Identity) -> bool:
        """Whether the saver is an account that flows act as."""
        return not {saver.object_id.lower(), saver.address.lower()}.isdisjoint(self.flow_identities - {""})

    def judge_saver(self, saver: Identity, stage: Stage) -> EvidenceVerdict:
        """What the saver's identity alone says: a flow, an application, an approver or none."""
        if self.is_flow(saver):
            return EvidenceVerdict.FLOW
        if saver.kind is SaverKind.APPLICATION:
            return EvidenceVerdict.APPLICATION
        if saver.kind is SaverKind.USER and self.may_approve(saver, stage):
            return EvidenceVerdict.ELIGIBLE
        return EvidenceVerdict.NOT_ELIGIBLE


@dataclass(frozen=True, kw_only=True)
class ApprovalVerdict:
    """The outcome for one item: `evidence` of the latest approved values, or else `code` and `message`.

    `approvals` are all approving saves that still count, oldest first. `opened` is true where a save has
    since opened the case, such as with Status Suspended, as far as its version is still there.
    """

    evidence: ApprovalEvidence | None = None
    code: ApprovalCode | None = None
    message: str = ""
    approvals: tuple[ApprovalEvidence, ...] = ()
    new_evidence: tuple[ApprovalEvidence, ...] = ()
    opened: bool = False

    @property
    def approvers(self) -> frozenset[str]:
        """Object ids of everybody whose save approves the values that count, lower case."""
        wanted = self.evidence.fields_hash if self.evidence else ""
        return frozenset(one.saver_object_id.lower() for one in self.approvals if one.fields_hash == wanted)


def judge_approval(item: ListItem, rules: ApprovalRules, pinned: Pinned, *, today: date) -> ApprovalVerdict:
    """Judge the versions of one item in order, with the pinned verdicts of those seen before."""
    history = _History(item=item, rules=rules, pinned=pinned, today=today)
    visible = {version.number for version in item.versions}
    pruned = [one for key, one in pinned.items() if key[0] == item.item_id and key[1] not in visible]
    entries: list[ItemVersion | ApprovalEvidence] = [*item.versions, *pruned]
    for entry in sorted(entries, key=_place):
        history.take(entry)
    return history.verdict()


@dataclass
class _History:
    """What is known after each version, walking from the oldest to the newest."""

    item: ListItem
    rules: ApprovalRules
    pinned: Pinned
    today: date
    changer: Identity | None = None
    previous: ItemVersion | None = None
    counted: list[ApprovalEvidence] = field(default_factory=list)
    rejected: list[ApprovalEvidence] = field(default_factory=list)
    new: list[ApprovalEvidence] = field(default_factory=list)
    approved: ApprovalEvidence | None = None
    opened: bool = False

    def take(self, entry: ItemVersion | ApprovalEvidence) -> None:
        """Judge one version, or count one that is gone but pinned."""
        evidence = self._of_version(entry) if isinstance(entry, ItemVersion) else entry
        self.opened |= isinstance(entry, ItemVersion) and _opens(entry.fields.get("Status"))
        if evidence is None:
            return
        if evidence.verdict is EvidenceVerdict.CANCELS:
            self.counted.clear()
            self.rejected.clear()
            self.approved = None
        elif evidence.verdict is EvidenceVerdict.ELIGIBLE:
            self.counted.append(evidence)
            if len(self._approvers(evidence.fields_hash)) >= self._quorum(evidence):
                self.approved, self.opened = evidence, False
        else:
            self.rejected.append(evidence)

    def verdict(self) -> ApprovalVerdict:
        """The latest approved values, or why there are none."""
        approvals, new = tuple(self.counted), tuple(self.new)
        if self.approved:
            return ApprovalVerdict(evidence=self.approved, approvals=approvals, new_evidence=new)
        code, message = self._reason()
        return ApprovalVerdict(
            code=code, message=message, approvals=approvals, new_evidence=new, opened=self.opened
        )

    def _of_version(self, version: ItemVersion) -> ApprovalEvidence | None:
        whole = self._follow(version)
        known = self.pinned.get((self.item.item_id, version.number))
        if known:
            return known
        status = version.fields.get("Status")
        if status == Status.APPROVED:
            evidence = self._evidence(version, self._judge(version, whole=whole))
        elif self.counted and _is_not_live(status):
            evidence = self._evidence(version, EvidenceVerdict.CANCELS)
        else:
            return None
        # An application is told from the version itself at any time; the tool's own writes need no pin.
        if evidence.verdict is not EvidenceVerdict.APPLICATION:
            self.new.append(evidence)
        return evidence

    def _follow(self, version: ItemVersion) -> bool:
        """Note who last changed a protected value; False where versions are gone that would tell it."""
        before, self.previous = self.previous, version
        if before is None:
            self.changer = version.saver
            return _number(version.number) in _FIRST_VERSIONS
        if hash_of(protected_values(before.fields)) == hash_of(protected_values(version.fields)):
            return True
        self.changer = version.saver
        return _number(version.number)[0] - _number(before.number)[0] <= 1

    def _judge(self, version: ItemVersion, *, whole: bool) -> EvidenceVerdict:
        saver = version.saver
        stage = _stage(version.fields.get("Stage"))
        verdict = self.rules.judge_saver(saver, stage)
        if verdict is not EvidenceVerdict.ELIGIBLE or self.rules.lets_proposer_approve(stage):
            return verdict
        if _same(saver, self.item.created_by):
            return EvidenceVerdict.PROPOSER
        if not whole:
            return EvidenceVerdict.HISTORY_PRUNED
        if self.changer and _same(saver, self.changer):
            return EvidenceVerdict.PROPOSER
        return EvidenceVerdict.ELIGIBLE

    def _evidence(self, version: ItemVersion, verdict: EvidenceVerdict) -> ApprovalEvidence:
        values = protected_values(version.fields)
        return ApprovalEvidence(
            item_id=self.item.item_id,
            version=version.number,
            saver_object_id=version.saver.object_id,
            saver_address=version.saver.address,
            saved_at=version.saved_at,
            fields_hash=hash_of(values),
            values_json=values_to_json(values),
            seen_on=self.today,
            verdict=verdict,
        )

    def _approvers(self, fields_hash: str) -> set[str]:
        return {one.saver_object_id.lower() for one in self.counted if one.fields_hash == fields_hash}

    def _quorum(self, evidence: ApprovalEvidence) -> int:
        return self.rules.quorum_of(_stage(values_from_json(evidence.values_json).get("Stage")))

    def _reason(self) -> tuple[ApprovalCode, str]:
        if self.counted:
            best = max(self.counted, key=lambda one: len(self._approvers(one.fields_hash)))
            most = len(self._approvers(best.fields_hash))
            return ApprovalCode.QUORUM_NOT_REACHED, (
                f"{most} of the {self._quorum(best)} approvers that the policy asks for have saved these "
                "values. Ask another approver to save the item with Status Approved, changing nothing else."
            )
        people = [one for one in self.rejected if one.verdict is not EvidenceVerdict.APPLICATION]
        judged = people or self.rejected
        code = _code_of(judged[-1].verdict) if judged else ApprovalCode.NOT_APPROVED
        return code, f"{code.meaning} {code.advice}"


def is_by_proposer(item: ListItem, evidence: ApprovalEvidence) -> bool:
    """Whether the approver created the item or last changed what they approved, as far as versions tell."""
    approver = Identity(
        SaverKind.USER, object_id=evidence.saver_object_id, address=evidence.saver_address.lower()
    )
    changer: Identity | None = None
    before: str | None = None
    for version in item.versions:
        now = hash_of(protected_values(version.fields))
        if now != before:
            changer, before = version.saver, now
        if version.number == evidence.version:
            break
    return _same(approver, item.created_by) or (changer is not None and _same(approver, changer))


def _code_of(verdict: EvidenceVerdict) -> ApprovalCode:
    match verdict:
        case EvidenceVerdict.NOT_ELIGIBLE:
            return ApprovalCode.APPROVER_NOT_ELIGIBLE
        case EvidenceVerdict.PROPOSER:
            return ApprovalCode.APPROVER_IS_PROPOSER
        case EvidenceVerdict.APPLICATION:
            return ApprovalCode.APPROVED_BY_APPLICATION
        case EvidenceVerdict.FLOW:
            return ApprovalCode.APPROVED_BY_FLOW
        case EvidenceVerdict.HISTORY_PRUNED:
            return ApprovalCode.HISTORY_PRUNED
        case EvidenceVerdict.ELIGIBLE | EvidenceVerdict.CANCELS:
            return ApprovalCode.NOT_APPROVED
        case _:
            assert_never(verdict)


def _is_not_live(status: object) -> bool:
    """Whether the version takes the case out of force, so that approvals before it no longer count."""
    return any(status == known for known in Status if not known.is_live)


def _opens(status: object) -> bool:
    """Whether whoever saved the version has opened the case, which needs nobody's approval."""
    return any(status == known for known in Status if known.opens)


def _stage(value: object) -> Stage:
    return next((stage for stage in Stage if value == stage), Stage.NONE)


def _same(one: Identity, other: Identity) -> bool:
    if one.object_id and other.object_id:
        return one.object_id.lower() == other.object_id.lower()
    return bool(one.address) and one.address.lower() == other.address.lower()


def _place(entry: ItemVersion | ApprovalEvidence) -> tuple[int, int]:
    return _number(entry.number if isinstance(entry, ItemVersion) else entry.version)


def _number(version: str) -> tuple[int, int]:
    """SharePoint's "3.0" as (3, 0); what is not a number sorts first."""
    parts = [int(part) if part.isdecimal() else 0 for part in version.split(".")]
    major, minor, *_ = (*parts, 0, 0)
    return major, minor
