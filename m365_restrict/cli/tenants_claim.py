"""Sharing councils among workers that have no number: whoever claims a council's slot first does its job.

The claim stands in the council's own ledger (`job_runs`, one row for each slot), so no two workers do one
council twice, wherever they run. What all must agree on is the slot: the latest of the council's timetable.
"""

import os
import socket
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from m365_restrict.errors import ConfigurationError
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.schedule.jobs import Job, JobStatus, lane_of
from m365_restrict.schedule.timetable import SlotTrigger
from settings.model import PREFIX, Settings

_BACK = tuple(timedelta(hours=hours) for hours in (1, 25, 8 * 24, 32 * 24, 367 * 24))


def slot_to_claim(job: Job, settings: Settings, now: datetime | None = None) -> datetime | None:
    """The slot that a worker is to run the job for; None where another does or has done it.

    ConfigurationError where the job has no timetable, LedgerError where the ledger cannot be used.
    """
    at = now or datetime.now(UTC)
    trigger = settings.schedule.timetable(settings.lists.zone).trigger(job)
    slot = None if trigger is None else latest_slot(trigger, at)
    if slot is None:
        raise ConfigurationError(
            f"{PREFIX}SCHEDULE__{job.value.upper()} names no time that has come: nothing can be claimed.",
            advice="Give the job a timetable, or run it without --claim.",
        )
    with open_ledger(settings.ledger.url) as ledger:
        run = ledger.jobs.at(job, slot)
        if run is not None and run.status is JobStatus.ENDED:
            return None
        host, seconds = socket.gethostname(), settings.lease.seconds
        at_work = ledger.lease_holder(lane_of(job), host=host, seconds=seconds, now=datetime.now(UTC))
    return None if at_work is not None else slot


def latest_slot(trigger: SlotTrigger, now: datetime) -> datetime | None:
    """The last slot that is not after `now`; None where there was none in a year."""
    for back in _BACK:
        found = None
        slot = trigger.first_from(now - back)
        while slot is not None and slot <= now:
            found = slot
            slot = trigger.first_from(slot + timedelta(seconds=1))
        if found is not None:
            return found
    return None


def in_own_order(names: Sequence[str]) -> list[str]:
    """The councils in an order of this worker's own, so that workers do not all begin with the same."""
    worker = f"{socket.gethostname()}:{os.getpid()}"
    return sorted(names, key=lambda name: sha256(f"{worker}:{name}".encode()).digest())
