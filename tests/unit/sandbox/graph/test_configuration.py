import pytest

BASE = "admin/configurationManagement"
ROLE = "ConfigurationMonitoring.ReadWrite.All"
TYPE = "microsoft.exchange.transportrule"
RULE = {"Name": "One", "From": ["x@post.example"], "RejectMessageReasonText": "No."}
SNAPSHOT = {"displayName": "Rules now", "resources": [TYPE]}
JOB_FIELDS = {"$select": "id,status,resourceLocation,errorDetails"}
UNKNOWN_MEMBERS = {"Prefer": "include-unknown-enum-members"}


@pytest.fixture
def managed(council, council_seed):
    """The council with one rule, and an application that may take snapshots."""

    def plant(**behaviour):
        council_seed["tenant"] |= {
            "applications": {"reader": {"add_roles": [ROLE]}},
            "behaviour": behaviour,
        }
        council_seed["transport_rules"] = [{"by": "director@ashbourne.example", "parameters": RULE}]
        council.seed(council_seed)
        return council

    return plant


def ended_job(council):
    job = council.graph("POST", f"{BASE}/configurationSnapshots/createSnapshot", json=SNAPSHOT).json()
    assert (job["status"], job["completedDateTime"]) == ("notStarted", "0001-01-01T00:00:00Z")
    path = f"{BASE}/configurationSnapshotJobs/{job['id']}"
    assert council.graph("GET", path, params=JOB_FIELDS).json()["status"] == "running"
    return council.graph("GET", path, params=JOB_FIELDS, headers=UNKNOWN_MEMBERS).json()


def monitor(council, **properties):
    resource = {"displayName": "R", "resourceType": TYPE, "properties": {"Name": "One", **properties}}
    body = {"displayName": "Rules", "baseline": {"displayName": "b", "resources": [resource]}}
    made = council.graph("POST", f"{BASE}/configurationMonitors", json=body)
    assert made.status_code == 201
    return made.json()


def drifts(council, made):
    query = {"$filter": f"monitorId eq '{made['id']}'"}
    return council.graph("GET", f"{BASE}/configurationDrifts", params=query).json()["value"]


def at(council, time):
    council.control("POST", "clock", {"now": f"2026-11-23T{time}:00Z"})


def test_a_snapshot_shows_a_rule_in_the_shape_of_dsc(managed):
    council = managed()
    job = ended_job(council)
    assert (job["status"], job["errorDetails"]) == ("succeeded", [])
    (resource,) = council.graph("GET", job["resourceLocation"]).json()["resources"]
    properties = resource["properties"]
    assert (resource["displayName"], resource["resourceType"]) == ("EXOTransportRule-One", TYPE)
    assert properties["From"] == ["x@post.example"]
    assert (properties["Enabled"], properties["Ensure"], properties["SentTo"]) == (True, "Present", [])
    assert (properties["RejectMessageEnhancedStatusCode"], properties["DeleteMessage"]) == ("5.7.1", False)
    assert not {"Guid", "WhenChanged", "State", "Identity"} & set(properties)


def test_some_members_of_a_job_are_shown_on_request_alone(managed):
    council = managed()
    path = f"{BASE}/configurationSnapshotJobs/{ended_job(council)['id']}"
    assert "resourceLocation" not in council.graph("GET", path).json()


def test_without_rights_of_its_own_the_service_reads_nothing(managed):
    council = managed(configuration_reader=False)
    job = ended_job(council)
    assert job["status"] == "partiallySuccessful"
    assert job["errorDetails"]
    assert council.graph("GET", job["resourceLocation"]).json()["resources"] == []
    path = f"{BASE}/configurationSnapshotJobs/{job['id']}"
    assert council.graph("GET", path).json()["status"] == "unknownFutureValue"


def test_the_thirteenth_job_is_refused_until_one_is_deleted(managed):
    council = managed()
    path = f"{BASE}/configurationSnapshots/createSnapshot"
    ids = [council.graph("POST", path, json=SNAPSHOT).json()["id"] for _ in range(12)]
    assert council.graph("POST", path, json=SNAPSHOT).status_code == 400
    council.graph("DELETE", f"{BASE}/configurationSnapshotJobs/{ids[0]}")
    assert council.graph("POST", path, json=SNAPSHOT).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {**SNAPSHOT, "displayName": "Rules: now"},
        {**SNAPSHOT, "resources": []},
        {**SNAPSHOT, "resources": ["microsoft.exchange.inboxrule"]},
    ],
)
def test_a_snapshot_that_cannot_be_taken_is_refused(managed, body):
    path = f"{BASE}/configurationSnapshots/createSnapshot"
    assert managed().graph("POST", path, json=body).status_code == 400


def test_a_snapshot_needs_its_role(council):
    path = f"{BASE}/configurationSnapshots/createSnapshot"
    assert council.graph("POST", path, json=SNAPSHOT).status_code == 403


def test_a_drift_is_seen_at_the_next_run_and_ends_when_it_is_put_right(managed):
    council = managed()
    made = monitor(council, Enabled=True)
    council.cmdlet("Disable-TransportRule", {"Identity": "One"}, role="writer")
    assert drifts(council, made) == []
    at(council, "12:01")
    (drift,) = drifts(council, made)
    assert drift["driftedProperties"] == [
        {"propertyName": "Enabled", "currentValue": False, "desiredValue": True}
    ]
    assert (drift["status"], drift["firstReportedDateTime"]) == ("active", "2026-11-23T12:00:00Z")
    council.cmdlet("Enable-TransportRule", {"Identity": "One"}, role="writer")
    at(council, "18:00")
    assert [entry["status"] for entry in drifts(council, made)] == ["fixed"]
    results = council.graph("GET", f"{BASE}/configurationMonitoringResults").json()["value"]
    assert [result["driftsCount"] for result in results] == [1, 0]


def test_a_rule_that_is_gone_is_a_drift(managed):
    council = managed()
    made = monitor(council, Enabled=True)
    council.cmdlet("Remove-TransportRule", {"Identity": "One"}, role="writer")
    at(council, "12:00")
    assert drifts(council, made)[0]["driftedProperties"][0]["currentValue"] == "Absent"


def test_a_new_baseline_forgets_what_was_found(managed):
    council = managed()
    made = monitor(council, Enabled=False)
    at(council, "12:00")
    assert len(drifts(council, made)) == 1
    path = f"{BASE}/configurationMonitors/{made['id']}"
    assert council.graph("PATCH", path, json={"baseline": made["baseline"]}).status_code == 200
    assert drifts(council, made) == []


@pytest.mark.parametrize("body", [{"displayName": "x"}, {"displayName": "x", "baseline": {"resources": []}}])
def test_a_monitor_needs_a_baseline(managed, body):
    assert managed().graph("POST", f"{BASE}/configurationMonitors", json=body).status_code == 400


def test_a_deleted_monitor_is_gone(managed):
    council = managed()
    path = f"{BASE}/configurationMonitors/{monitor(council, Enabled=True)['id']}"
    assert council.graph("DELETE", path).status_code == 204
    assert council.graph("GET", path).status_code == 404
