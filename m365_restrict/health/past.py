"""What past runs said, read from the documents that the ledger keeps of them."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from m365_restrict.errors import ExitCode
from m365_restrict.health.state import (
    FindingCount,
    Findings,
    HeadroomLine,
    Reason,
    RefusedRun,
    UsedOf,
)
from m365_restrict.ledger.ledger import Ledger
from m365_restrict.ledger.runs import STARTED, RunRecord

_LOOK_BACK = 5
"""Runs of a verb that are looked at for one which could say something."""
_WRITES = "apply"
_NOT_REFUSED = frozenset({ExitCode.IN_STEP, ExitCode.DIFFERENCES})


def last_findings(ledger: Ledger) -> Findings:
    """What the last `drift` that read everything it needed found, in numbers."""
    for run, document in _told(ledger, "drift"):
        counts: Counter[tuple[str, str, bool]] = Counter()
        for one in _objects(document.get("findings")):
            counts[str(one.get("class")), str(one.get("severity")), one.get("waived") is not None] += 1
        kinds = sorted({(class_, severity) for class_, severity, _ in counts})
        return Findings(
            at=run.started_at,
            run_id=run.run_id,
            counts=tuple(
                FindingCount(
                    class_=class_,
                    severity=severity,
                    count=counts[class_, severity, False],
                    waived=counts[class_, severity, True],
                )
                for class_, severity in kinds
            ),
        )
    return Findings()


def last_headroom(ledger: Ledger) -> HeadroomLine | None:
    """How much of the organisation's limits was used when a run last looked."""
    found = [one for verb in (_WRITES, "plan") for one in _told(ledger, verb) if one[1].get("headroom")]
    if not found:
        return None
    run, document = max(found, key=lambda one: one[0].started_at)
    room = document["headroom"]
    largest = room["largest_rule"]
    return HeadroomLine(
        at=run.started_at,
        rules=UsedOf(used=room["rules"]["used"], limit=room["rules"]["limit"]),
        pattern_characters=UsedOf(
            used=room["pattern_characters"]["used"], limit=room["pattern_characters"]["limit"]
        ),
        largest_rule=None
        if largest["used"] is None
        else UsedOf(used=largest["used"], limit=largest["limit"]),
    )


def last_refused(ledger: Ledger) -> RefusedRun | None:
    """The last run that writes and ended, where it held something back or an error ended it.

    One that found another at work looked at nothing, so it says nothing of the one before.
    """
    ended = (
        one
        for one in ledger.runs.latest(verb=_WRITES, limit=_LOOK_BACK)
        if one.status != STARTED and one.exit_code != ExitCode.LEASE_HELD
    )
    run = next(ended, None)
    if run is None or run.exit_code is None or run.exit_code in _NOT_REFUSED:
        return None
    document = _document(run)
    return RefusedRun(
        run_id=run.run_id,
        verb=run.verb,
        at=run.started_at,
        exit_code=int(run.exit_code),
        reasons=tuple(_reasons(document)),
    )


def _reasons(document: Mapping[str, Any]) -> Iterator[Reason]:
    for one in _objects(document.get("guards")):
        yield Reason(code=str(one.get("code")), message=str(one.get("message")))
    for one in _objects(document.get("refused")):
        # What is said of a case may hold what stands in it; its code does not.
        yield Reason(code=str(one.get("code")), message="", case_ref=str(one.get("case_ref")))
    error = document.get("error")
    if isinstance(error, dict):
        yield Reason(code=str(error.get("code")), message=str(error.get("message")))


def _told(ledger: Ledger, verb: str) -> Iterator[tuple[RunRecord, Mapping[str, Any]]]:
    """The latest runs of a verb that said something, newest first."""
    for run in ledger.runs.latest(verb=verb, limit=_LOOK_BACK):
        document = _document(run)
        if document and document.get("error") is None:
            yield run, document


def _document(run: RunRecord) -> Mapping[str, Any]:
    try:
        found = json.loads(run.document) if run.document else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _objects(found: object) -> Iterator[Mapping[str, Any]]:
    yield from (one for one in found if isinstance(one, dict)) if isinstance(found, list) else ()
