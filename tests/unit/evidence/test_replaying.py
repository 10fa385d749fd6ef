"""Answers given to a run, and given again in the same order."""

import asyncio
from dataclasses import fields
from datetime import UTC, datetime

import pytest

from m365_restrict.errors import ServiceError
from m365_restrict.evidence.recording import Recording, Watched, question, watched_readers
from m365_restrict.evidence.replaying import Answers, AskedOtherwise, Replayed
from m365_restrict.evidence.values import Unreadable
from m365_restrict.outcome import Unknown
from m365_restrict.tenant.in_flight import InFlight
from m365_restrict.tenant.session import TenantReaders


class Reader:
    """Answers with how often it was asked."""

    def __init__(self):
        self.asked = 0

    async def count(self, *names, of=""):
        self.asked += 1
        return (self.asked, tuple(tuple(one) for one in names), of)

    async def fail(self):
        raise ServiceError("no answer", status=503)

    async def hang(self):
        await asyncio.Event().wait()

    async def read_personal_fields(self):
        return {"PersonName": "nobody's affair"}


def answers_of(recording, *, last=""):
    return Answers({"answers": recording._answers, "stops": {"asked": recording._stopping, "last": last}})


async def play(reader):
    first = [await reader.count(iter("ab"), of="x"), await reader.count(iter("ab"), of="x")]
    with pytest.raises(ServiceError, match="no answer") as failed:
        await reader.fail()
    return [*first, await reader.count(), failed.value.status]


def test_answers_come_again_in_their_order_errors_too():
    recording = Recording()
    told = asyncio.run(play(Watched(Reader(), "r", recording)))
    assert asyncio.run(play(Replayed("r", answers_of(recording)))) == told


def test_a_question_that_was_not_asked_is_not_answered():
    with pytest.raises(AskedOtherwise) as other:
        asyncio.run(Replayed("r", answers_of(Recording())).count("person@outside.example"))
    assert other.value.asked == "r.count"


def test_a_question_that_was_asked_more_often_than_then_is_not_answered():
    recording = Recording()
    asyncio.run(Watched(Reader(), "r", recording).count())
    again = Replayed("r", answers_of(recording))
    asyncio.run(again.count())
    with pytest.raises(AskedOtherwise):
        asyncio.run(again.count())


def test_what_was_never_answered_has_no_answer():
    recording = Recording()

    async def _cut_short():
        await asyncio.wait_for(Watched(Reader(), "r", recording).hang(), 0.01)

    with pytest.raises(TimeoutError):
        asyncio.run(_cut_short())
    with pytest.raises(AskedOtherwise):
        asyncio.run(Replayed("r", answers_of(recording)).hang())


def test_what_letters_read_of_a_person_is_not_kept():
    recording = Recording()
    assert asyncio.run(Watched(Reader(), "r", recording).read_personal_fields())
    assert recording._answers == {}


def test_who_wrote_to_whom_is_not_kept():
    traces, block_lists = Reader(), Reader()
    apart = {"traces", "block_lists", "in_flight"}
    others = dict.fromkeys(one.name for one in fields(TenantReaders) if one.name not in apart)
    readers = TenantReaders(traces=traces, block_lists=block_lists, in_flight=InFlight(1), **others)
    watched = watched_readers(readers, Recording())
    assert (watched.traces, watched.in_flight) == (traces, readers.in_flight)
    assert isinstance(watched.block_lists, Watched)


def test_arguments_are_not_kept():
    assert "outside" not in question("r.count", ("person@outside.example",), {})


def test_the_same_question_in_other_words_is_another():
    asked = {
        question("r.count", given, named) for given, named in [((), {}), (("a",), {}), ((), {"of": "a"})]
    }
    assert len(asked) == 3


def test_the_members_of_a_set_are_the_same_in_any_order():
    one, other = frozenset({"a", "b", "c"}), frozenset({"c", "b", "a"})
    assert question("r", (one,), {}) == question("r", (other,), {})


def test_a_signal_is_heard_when_it_was_heard_and_ever_after():
    recording = Recording()
    recording._stopping += ["", "SIGTERM"]
    answers = answers_of(recording, last="SIGTERM")
    assert [answers.stopping() for _ in range(4)] == ["", "SIGTERM", "SIGTERM", "SIGTERM"]


@pytest.mark.parametrize("kept", [None, [], {"answers": 1}])
def test_what_is_no_part_of_evidence_cannot_be_read(kept):
    with pytest.raises(Unreadable):
        Answers(kept)


def test_a_recording_that_watched_no_run_has_no_evidence():
    assert Recording().evidence(datetime(2026, 11, 23, tzinfo=UTC)) is None


def test_unknown_is_an_answer_like_any_other():
    class Blind:
        async def look(self):
            return Unknown("it", "it was not read")

    recording = Recording()
    asyncio.run(Watched(Blind(), "r", recording).look())
    assert asyncio.run(Replayed("r", answers_of(recording)).look()) == Unknown("it", "it was not read")
