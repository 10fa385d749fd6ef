"""`replay`: a run performed again from its evidence, without a network and without credentials.

The code is that of every run: `reconcile` and `document_of`. Only what answers it is the evidence, and its
ledger is a new one, filled with what the tables held when the run began.
"""

import json
import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from m365_restrict import __version__
from m365_restrict.errors import RequestRefused, RestrictError
from m365_restrict.evidence.replaying import (
    Answers,
    AskedOtherwise,
    replayed_hand_over,
    replayed_readers,
    replayed_writing,
)
from m365_restrict.evidence.values import Unreadable, decode, encode_error
from m365_restrict.ledger.codes import EvidenceCode
from m365_restrict.ledger.evidence_bodies import BodyLost, Json, digest_of
from m365_restrict.ledger.evidence_chain import Entry
from m365_restrict.ledger.lease import Holder
from m365_restrict.ledger.ledger import Ledger, open_ledger
from m365_restrict.ledger.runs import RunRecord
from m365_restrict.reconcile import reconcile
from m365_restrict.report.evidence_document import ReplayPart
from m365_restrict.report.json_text import to_json
from m365_restrict.report.verb import Verb
from m365_restrict.steps.options import RunOptions
from m365_restrict.steps.run_context import Run
from m365_restrict.steps.run_document import document_of

_LONG = 86_400.0
_MOST_PARTS = 20
_IN_MEMORY = "sqlite://"
_NUMBERS = "opaque_mailboxes"


@dataclass(frozen=True, kw_only=True)
class Replay:
    """What came of it. `parts` are the places where it differs, none where every byte is the same."""

    run: RunRecord
    recorded_by: str
    evidence_hash: str
    document_sha256: str
    parts: tuple[ReplayPart, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Past:
    """What the evidence says of a run."""

    told: Mapping[str, Json]
    options: RunOptions
    state: Mapping[str, Json]
    answers: Answers
    document: str


async def replay(ledger: Ledger, run: RunRecord) -> Replay:
    """Perform a run again and compare. RequestRefused where nothing, or not everything, is left of it."""
    entry = ledger.evidence.entry_of(run.run_id)
    if entry is None or not entry.parts:
        message = f"Run {run.run_id} ({run.verb}) left no evidence from which it could be performed again."
        raise RequestRefused(message, code=EvidenceCode.NOT_RECORDED)
    recorded_by = str(entry.content.get("tool_version") or "")
    try:
        past = _past(ledger, entry)
        _refuse_without_end(run, past)
        text = await _performed(past)
    except BodyLost as lost:
        return _of(run, entry, _lost(ledger, run, lost))
    except Unreadable as error:
        message = (
            f"Run {run.run_id} was recorded by version {recorded_by}; this is version {__version__}, which "
            f"cannot read {error}."
        )
        raise RequestRefused(message, code=EvidenceCode.OTHER_VERSION) from error
    except AskedOtherwise as error:
        return _of(run, entry, (ReplayPart(where=error.asked, what="asked, and not asked by the run"),))
    return _of(run, entry, tuple(_differences(run, text, past)))


def _refuse_without_end(run: RunRecord, past: _Past) -> None:
    """What follows is not performed again, so an error in it is none that could be compared."""
    if past.told.get("failure") is not None and past.told.get("followed_up"):
        message = f"Run {run.run_id} ended with an error after all that is performed again."
        raise RequestRefused(message, code=EvidenceCode.NOT_RECORDED)


def _of(run: RunRecord, entry: Entry, parts: tuple[ReplayPart, ...]) -> Replay:
    return Replay(
        run=run,
        recorded_by=str(entry.content.get("tool_version") or ""),
        evidence_hash=entry.hash,
        document_sha256=digest_of(run.document) if run.document else "",
        parts=parts[:_MOST_PARTS],
    )


def _lost(ledger: Ledger, run: RunRecord, lost: BodyLost) -> tuple[ReplayPart, ...]:
    """What was altered is a difference; what was deleted with a case is a refusal that names the deletion."""
    deletion = ledger.evidence.entry(lost.removed_by) if lost.removed_by else None
    if deletion is not None:
        said = deletion.content.get("case_reference")
        by = f"run {deletion.run_id} on {deletion.finished_at}"
        message = f"Run {run.run_id} saw case {said}, which was deleted by {by}."
        raise RequestRefused(message, code=EvidenceCode.DELETED)
    return (ReplayPart(where="evidence_bodies", what=f"body {lost.digest[:12]} is not as it was kept"),)


def _past(ledger: Ledger, entry: Entry) -> _Past:
    """Everything that was kept of a run, made into values. Raises BodyLost and Unreadable."""
    parts = {name: ledger.evidence.value(digest) for name, digest in entry.parts.items()}
    told, state = parts.get("run"), parts.get("ledger")
    after = ledger.evidence.value(str(entry.content.get("state")))
    options = decode(parts.get("options"))
    if not isinstance(told, dict) or not isinstance(state, dict) or not isinstance(options, RunOptions):
        raise Unreadable("what the run began with")
    # Numbers for mailboxes are drawn at random: those that this run drew are in what it left.
    drawn = after.get(_NUMBERS) if isinstance(after, dict) else None
    return _Past(
        told=told,
        options=options,
        state={**state, _NUMBERS: drawn},
        answers=Answers(parts.get("answers")),
        document=str(parts.get("document") or ""),
    )


async def _performed(past: _Past) -> str:
    """The document of the run as it is made now; of a run that an error ended, that error."""
    told = past.told
    with open_ledger(_IN_MEMORY) as ledger:
        ledger.evidence.restore(past.state)
        holder = Holder(holder=str(told["run_id"]), host=socket.gethostname(), pid=os.getpid())
        with ledger.lease(holder, seconds=_LONG, clock=lambda: datetime.now(UTC)) as lease:
            run = Run(
                verb=Verb(str(told["verb"])),
                run_id=str(told["run_id"]),
                now=decode(told["now"]),
                options=past.options,
                readers=replayed_readers(past.answers),
                ledger=ledger,
                progress=lambda _sentence: None,
                writing=replayed_writing(past.answers, lease) if told["writes"] else None,
                hand_over=replayed_hand_over(told["hand_over"]),
                may_follow_up=lambda: False,
            )
            try:
                return to_json(document_of(run, await reconcile(run), decode(told["finished_at"])))
            except RestrictError as error:
                return json.dumps(encode_error(error), sort_keys=True)


def _differences(run: RunRecord, text: str, past: _Past) -> Iterator[ReplayPart]:
    """Where two documents differ, without what they say there: that may be a mailbox."""
    failure = past.told.get("failure")
    kept = json.dumps(failure, sort_keys=True) if failure is not None else past.document or run.document
    if text == kept:
        return
    now, then = json.loads(text), _parsed(kept)
    if past.told.get("tool_version") != __version__ and "tool_version" in now:
        now["tool_version"] = then.get("tool_version") if isinstance(then, dict) else None
    found = list(_places(then, now, ""))
    for place in found:
        yield ReplayPart(where=place, what="differs")
    if not found and past.told.get("tool_version") == __version__:
        yield ReplayPart(where="document", what="says the same in other bytes")


def _parsed(text: str) -> Json:
    try:
        found: Json = json.loads(text) if text else {}
    except ValueError:
        return {}
    return found


def _places(one: Json, other: Json, where: str) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({**one, **other}):
            yield from _places(one.get(key), other.get(key), f"{where}.{key}" if where else key)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for place, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from _places(left, right, f"{where}[{place}]")
    elif one != other:
        yield where or "document"
