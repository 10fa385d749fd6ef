"""Whether the audit log agrees that an approver saved what approves a case (graph.md 11; exchange.md 6).

Author and editor of an item can be set by an application, and an item can be changed without a version. The
audit log names who really did it. What a record of a list item looks like is inferred, so a record that
cannot be matched says nothing: only one that names somebody else speaks against an approval.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from m365_restrict.register.evidence import ApprovalEvidence
from m365_restrict.register.item import ListItem

_NEAR = timedelta(minutes=2)
"""How far the record of a save may lie from the time of its version."""
_SAME_MOMENT = timedelta(seconds=2)


class AuditVerdict(StrEnum):
    """What the audit log says about one approving save."""

    CONFIRMED = "confirmed"
    #: Somebody else, or an application, made the version that names the approver.
    CONTRADICTED = "contradicted"
    #: The approver's save is there, and a later change that left no version behind.
    REWRITTEN = "rewritten"
    UNRECORDED = "unrecorded"


@dataclass(frozen=True, kw_only=True)
class AuditRecord:
    """One change of one list item. `actor` is the account as the log names it, lower case; ids too."""

    item_id: str
    at: datetime
    actor: str
    object_id: str = ""
    by_application: bool = False


@dataclass(frozen=True, kw_only=True)
class AuditOpinion:
    """The verdict, and whom the log names instead where it contradicts."""

    verdict: AuditVerdict
    actor: str = ""


def judge_save(
    evidence: ApprovalEvidence,
    item: ListItem,
    records: Iterable[AuditRecord],
    *,
    accounts: Mapping[str, str],
    zone: tzinfo,
) -> AuditOpinion:
    """Hold one approving save against the records of its item.

    `accounts` gives the Entra object id of each actor that the directory knows: a sign-in name may differ
    from the address that the version names. An actor that it does not know is nobody's contradiction.
    `zone` is the site's: times of versions may have been converted twice (graph.md 3.7).
    """
    of_item = [one for one in records if one.item_id == item.item_id]
    times = _Times(evidence.saved_at, zone)
    near = [one for one in of_item if times.distance(one) <= _NEAR and not _is_of_other(one, item, times)]
    if not near:
        return AuditOpinion(verdict=AuditVerdict.UNRECORDED)
    nearest = min(times.distance(one) for one in near)
    closest = [one for one in near if times.distance(one) <= nearest + _SAME_MOMENT]
    if not any(_is_saver(one, evidence, accounts) for one in closest):
        return _contradiction(closest, accounts)
    hidden = [one for one in of_item if _left_no_version(one, evidence, item, zone)]
    for one in hidden:
        if not _is_saver(one, evidence, accounts):
            return AuditOpinion(verdict=AuditVerdict.REWRITTEN, actor=one.actor)
    return AuditOpinion(verdict=AuditVerdict.CONFIRMED)


def unfamiliar_actors(evidence: Sequence[ApprovalEvidence], records: Iterable[AuditRecord]) -> frozenset[str]:
    """The accounts that must be looked up before anybody is said to be somebody else."""
    known = {one.saver_address.lower() for one in evidence}
    return frozenset(one.actor for one in records if not one.by_application) - known - {""}


def _contradiction(closest: Sequence[AuditRecord], accounts: Mapping[str, str]) -> AuditOpinion:
    ordered = sorted(closest, key=lambda one: not one.by_application)
    other = next((one for one in ordered if one.by_application or one.actor in accounts), None)
    if other is None:
        return AuditOpinion(verdict=AuditVerdict.UNRECORDED)
    return AuditOpinion(verdict=AuditVerdict.CONTRADICTED, actor=other.actor)


def _is_saver(record: AuditRecord, evidence: ApprovalEvidence, accounts: Mapping[str, str]) -> bool:
    if record.by_application:
        return False
    wanted = evidence.saver_object_id.lower()
    ids = {record.object_id, accounts.get(record.actor, "")} - {""}
    return (bool(wanted) and wanted in ids) or record.actor == evidence.saver_address.lower()


@dataclass(frozen=True)
class _Times:
    """The instants that the time of a version may stand for."""

    shown: datetime
    zone: tzinfo

    def distance(self, record: AuditRecord) -> timedelta:
        offset = self.shown.astimezone(self.zone).utcoffset() or timedelta()
        return min(abs(record.at - self.shown), abs(record.at - (self.shown + offset)))


def _is_of_other(record: AuditRecord, item: ListItem, times: _Times) -> bool:
    """Whether a record fits this version only by the converted time, and another one by its plain time."""
    if abs(record.at - times.shown) <= _NEAR:
        return False
    return any(abs(record.at - one.saved_at) <= _NEAR for one in item.versions)


def _left_no_version(record: AuditRecord, evidence: ApprovalEvidence, item: ListItem, zone: tzinfo) -> bool:
    """Whether the item was changed after the save and no version tells of it.

    Only where the approving version is still there: then all that follow it are.
    """
    if evidence.version not in {one.number for one in item.versions}:
        return False
    after = record.at > evidence.saved_at + _NEAR
    return after and all(_Times(one.saved_at, zone).distance(record) > _NEAR for one in item.versions)
