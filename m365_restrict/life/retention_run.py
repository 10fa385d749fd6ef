"""`retention`: closed cases whose time has come, deleted only where somebody approves it.

A case goes with its reviews, and with its addresses in the ledger; the certificate says what stays where.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from m365_restrict.errors import ExitCode, RestrictError, ServiceError
from m365_restrict.ledger.deletions import Deletion
from m365_restrict.life.closing import addresses_of
from m365_restrict.life.due import retentions
from m365_restrict.life.reading import Lives, read_lives
from m365_restrict.life.review_run import head_after
from m365_restrict.policy.deletion import DeletionCertificate, DeletionFacts, certificate_for
from m365_restrict.policy.retention import Retention
from m365_restrict.register.columns import RESTRICTED_CONTACTS, REVIEWS
from m365_restrict.report.json_text import value_json
from m365_restrict.report.retention import QueueLine, QueueState, RetentionDocument
from m365_restrict.steps.run_context import Run, Writing
from m365_restrict.tenant.lists import ListLocation
from m365_restrict.tenant.session import TenantWriters

_MOVED = 412


async def keep_retention(
    run: Run, writing: Writing | None, finished: Callable[[], datetime]
) -> RetentionDocument:
    """List closed cases; with `writing`, delete those that are due. Raises as `reconcile` does in reading."""
    lives = await read_lives(run)
    for record in lives.records:
        run.ledger.lives.record(record)
    clocks = retentions(lives)
    due = [one for one in clocks if one.is_due(run.today)]
    lines = {one.case.item.item_id: _line(one, run) for one in clocks}
    certificates: list[DeletionCertificate] = []
    if writing is not None and due:
        async with writing.open_writers() as writers:
            for clock in due:
                writing.lease.check()
                if writing.stopping():
                    break
                line, certificate = await _Deleting(run, lives, writers).delete(
                    clock, lines[clock.case.item.item_id]
                )
                lines[clock.case.item.item_id] = line
                certificates += [certificate] if certificate else []
    states = {line.state for line in lines.values()}
    codes = [
        ExitCode.DIFFERENCES if states & {QueueState.DUE, QueueState.SKIPPED} else ExitCode.IN_STEP,
        ExitCode.PARTIAL if QueueState.FAILED in states else ExitCode.IN_STEP,
    ]
    return RetentionDocument(
        head=head_after(run, lives, finished(), *codes),
        queue=tuple(sorted(lines.values(), key=lambda one: (one.closed_on, one.case_ref))),
        certificates=tuple(certificates),
    )


def _line(clock: Retention, run: Run) -> QueueLine:
    if clock.legal_hold:
        state = QueueState.LEGAL_HOLD
    elif clock.delete_on is None:
        state = QueueState.NO_TIME_SET
    else:
        state = QueueState.DUE if clock.is_due(run.today) else QueueState.WAITING
    return QueueLine(
        case_ref=clock.case.case_ref,
        closed_on=clock.closed_on,
        last_activity_on=clock.last_activity_on,
        delete_on=clock.delete_on,
        state=state,
    )


class _Deleting:
    """Deletes cases in one run."""

    def __init__(self, run: Run, lives: Lives, writers: TenantWriters) -> None:
        self._run = run
        self._lives = lives
        self._writers = writers

    async def delete(self, clock: Retention, line: QueueLine) -> tuple[QueueLine, DeletionCertificate | None]:
        """The case first: if somebody has saved it since, nothing of it is touched."""
        places, lists = self._run.options.lists, self._run.readers.lists
        try:
            register = await lists.locate(places.register_site, places.register, RESTRICTED_CONTACTS)
            reviews = await lists.locate(places.register_site, places.reviews, REVIEWS)
            await self._writers.list_items.delete(register, clock.case.item.item_id, clock.case.item.etag)
        except RestrictError as error:
            moved = isinstance(error, ServiceError) and error.status == _MOVED
            state = QueueState.SKIPPED if moved else QueueState.FAILED
            return replace(line, state=state, reason="" if moved else error.message), None
        kept = await self._delete_reviews(clock, reviews)
        certificate = self._record(clock, kept)
        return replace(line, state=QueueState.DELETED), certificate

    async def _delete_reviews(self, clock: Retention, place: ListLocation) -> tuple[str, ...]:
        """The ids of those that could not be deleted. The case is gone, so no later save of theirs counts."""
        kept = []
        for review in clock.case.reviews:
            try:
                await self._writers.list_items.delete(place, review.item_id, "")
            except ServiceError:
                kept.append(review.item_id)
        return tuple(kept)

    def _record(self, clock: Retention, kept: tuple[str, ...]) -> DeletionCertificate:
        run, case = self._run, clock.case
        certificate = certificate_for(
            DeletionFacts(
                case_ref=case.case_ref,
                deleted_on=run.today,
                run_id=run.run_id,
                closed_on=clock.closed_on,
                last_activity_on=clock.last_activity_on,
                reviews_deleted=len(case.reviews) - len(kept),
                reviews_kept=kept,
            )
        )
        run.ledger.drafts.forget_item(case.item.item_id)
        run.ledger.deletions.record(
            Deletion(
                item_id=case.item.item_id,
                case_reference=case.case_ref,
                deleted_on=run.today,
                run_id=run.run_id,
                certificate=value_json(certificate),
            ),
            addresses=addresses_of(case.item, run.ledger.register.evidence()),
            evidence_ids=(case.item.item_id, *(f"review:{one.item_id}" for one in case.reviews)),
        )
        return certificate
