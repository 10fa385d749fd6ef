"""A snapshot of the transport rules: asked for, polled, read and taken away, whatever the service answers."""

import asyncio

import pytest

from m365_restrict.ledger.evidence_bodies import canonical
from m365_restrict.outcome import Unknown
from m365_restrict.tenant.configuration_snapshot import ConfigurationSnapshotReader, Snapshot, SnapshotRule
from m365_restrict.tenant.shared_wait import SharedWait

TYPE = "microsoft.exchange.transportrule"
BASE = "https://graph.example/v1.0/admin/configurationManagement"
DONE = {"status": "succeeded", "resourceLocation": f"{BASE}/configurationSnapshots('5e-1')"}


def ask(tenant, work, *script, seconds=30):
    async def _ask():
        tenant.script = list(script)
        async with tenant.graph() as (reader, _):
            return await work(ConfigurationSnapshotReader(reader, SharedWait(seconds)))

    return asyncio.run(_ask())


def read(tenant, answer, *answers, seconds=30):
    return ask(tenant, lambda one: one.read("j"), *(answer(body) for body in answers), seconds=seconds)


@pytest.mark.parametrize("location", [DONE["resourceLocation"], f"{BASE}/configurationSnapshots/5e-1/"])
def test_a_job_is_looked_at_until_it_has_ended_and_its_snapshot_is_read(tenant, answer, location):
    rule = {
        "resourceType": TYPE.upper(),
        "properties": {"Name": "RC-1", "Mode": "Enforce", "a@odata.type": "x"},
    }
    running, done = {"status": "running"}, {**DONE, "resourceLocation": location}
    found = read(tenant, answer, running, done, {"resources": [rule]})
    assert found == Snapshot((SnapshotRule("RC-1", {"Name": "RC-1", "Mode": "Enforce"}),))
    assert tenant.received[-1].path.endswith("/configurationSnapshots('5e-1')")


@pytest.mark.parametrize(
    ("job", "says"),
    [
        ({"status": "failed", "errorDetails": ["no Security Reader", None]}, "no Security Reader"),
        ({"status": "partiallySuccessful", "errorDetails": "text"}, "ended as partiallySuccessful"),
        ({"status": None}, "ended as None"),
        ({"status": ["x"]}, "ended as"),
        ({"status": "succeeded"}, "did not say where"),
        ({"status": "succeeded", "resourceLocation": "https://elsewhere.example/"}, "did not say where"),
        ({"status": "succeeded", "resourceLocation": {"x": 1}}, "did not say where"),
        ({"status": "failed", "errorDetails": ["half \ud800"]}, "half ?"),
    ],
)
def test_a_job_without_a_snapshot_says_why(tenant, answer, job, says):
    found = read(tenant, answer, job)
    assert isinstance(found, Unknown)
    assert says in found.reason
    assert found.reason.encode()


@pytest.mark.parametrize(
    ("resources", "names"),
    [
        (None, []),
        ("text", []),
        ({"a": 1}, []),
        ([None, "text", 7, [], {}, {"properties": {"Name": "no type"}}], []),
        ([{"resourceType": TYPE, "properties": None}, {"resourceType": TYPE, "properties": ["x"]}], []),
        ([{"resourceType": "microsoft.exchange.mailbox", "properties": {"Name": "x"}}], []),
        ([{"resourceType": TYPE, "properties": {}}], [""]),
        ([{"resourceType": TYPE, "properties": {"Name": None}}], [""]),
        ([{"resourceType": TYPE, "properties": {"Name": "half \udfff", "From": ["\ud800"]}}], ["half ?"]),
    ],
)
def test_of_a_snapshot_only_what_is_a_transport_rule_is_read(tenant, answer, resources, names):
    found = read(tenant, answer, DONE, {"resources": resources})
    assert [one.name for one in found.rules] == names
    assert all(canonical(one.properties).encode() for one in found.rules)


@pytest.mark.parametrize("body", [{}, {"id": None}])
def test_a_job_that_got_no_id_is_unknown(tenant, answer, body):
    assert isinstance(ask(tenant, lambda one: one.ask(), answer(body)), Unknown)


@pytest.mark.parametrize(
    "work", [lambda one: one.ask(), lambda one: one.read("j"), lambda one: one.withdraw("j")]
)
def test_a_refusal_names_the_permission(tenant, answer, work):
    found = ask(tenant, work, answer({"error": {}}, status=403))
    assert isinstance(found, Unknown)
    assert "ConfigurationMonitoring.ReadWrite.All" in found.reason


def test_what_is_not_there_in_time_is_left_to_a_later_run(tenant, answer):
    assert read(tenant, answer, DONE, seconds=0) == Snapshot(None)
    for work in (lambda one: one.ask(), lambda one: one.withdraw("j")):
        found = ask(tenant, work, answer({"id": "j"}), seconds=0)
        assert "in the time that a run gives it" in found.reason


@pytest.mark.parametrize("status", [204, 404])
def test_a_job_that_is_gone_is_taken_away(tenant, answer, status):
    body = b"" if status == 204 else {"error": {"code": "NotFound"}}
    assert ask(tenant, lambda one: one.withdraw("j/1"), answer(body, status=status)) is None
    assert tenant.received[0].method == "DELETE"
    assert tenant.received[0].path.endswith("/configurationSnapshotJobs/j%2F1")
