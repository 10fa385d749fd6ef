import pytest

QUERIES = "security/auditLog/queries"
DIRECTOR = "director@ashbourne.example"
CLLR = "cllr.b@ashbourne.example"
RULE = {"Name": "One", "From": ["x@post.example"], "DeleteMessage": True}
ALL = ["AuditLogsQuery-Exchange.Read.All", "AuditLogsQuery-SharePoint.Read.All"]


@pytest.fixture
def audited(council, council_seed):
    """The council, with an application that may read the log, at once unless told otherwise."""

    def plant(*, roles=ALL, delay=0, **tenant):
        council_seed["tenant"] |= {
            "applications": {"reader": {"add_roles": roles}},
            "behaviour": {"audit_delay_minutes": delay},
            **tenant,
        }
        council.seed(council_seed)
        return council

    return plant


def query(council, **filters):
    return council.graph("POST", QUERIES, json={"displayName": "Who", **filters}).json()["id"]


def records(council, **filters):
    path = f"{QUERIES}/{query(council, **filters)}"
    assert [council.graph("GET", path).json()["status"] for _ in range(2)] == ["running", "succeeded"]
    return council.graph("GET", f"{path}/records").json()["value"]


def make_rule(council):
    body = {"by": DIRECTOR, "cmdlet": "New-TransportRule", "parameters": RULE}
    assert council.control("POST", "cmdlet", body).status_code == 200


def test_a_cmdlet_is_on_record_with_its_parameters(audited):
    council = audited()
    make_rule(council)
    (record,) = records(council, recordTypeFilters=["exchangeAdmin"])
    assert (record["operation"], record["userId"]) == ("New-TransportRule", DIRECTOR)
    assert {"Name": "Name", "Value": "One"} in record["auditData"]["Parameters"]
    assert record["objectId"] == ""


def test_reads_and_what_a_seed_made_are_not_on_record(audited, council_seed):
    council_seed["transport_rules"] = [{"by": DIRECTOR, "parameters": RULE}]
    council = audited()
    council.cmdlet("Get-TransportRule", {})
    assert records(council, recordTypeFilters=["exchangeAdmin"]) == []


def test_our_own_changes_can_be_told_by_the_application(audited):
    council = audited()
    council.cmdlet("New-TransportRule", RULE, role="writer")
    (record,) = records(council, recordTypeFilters=["exchangeAdmin"])
    writer = council.authority.applications["writer"]
    assert record["auditData"]["AppAccessContext"] == {"ClientAppId": writer.client_id}
    assert record["auditData"]["TokenObjectId"] == writer.object_id


def test_an_inbox_rule_edited_by_its_owner_is_on_record(audited):
    council = audited()
    rule = {"displayName": "One", "sequence": 9, "actions": {"stopProcessingRules": True}}
    path = "/me/mailFolders/inbox/messageRules"
    council.control("POST", f"holder/{CLLR}", {"method": "POST", "path": path, "body": rule})
    (record,) = records(council, operationFilters=["UpdateInboxRules"])
    assert (record["auditLogRecordType"], record["userId"]) == ("exchangeItem", CLLR)
    assert {"Name": "RuleName", "Value": "One"} in record["auditData"]["OperationProperties"]


def test_list_items_are_on_record_at_their_own_time(audited):
    council = audited()
    found = records(
        council, recordTypeFilters=["sharePointListOperation"], userPrincipalNameFilters=[DIRECTOR]
    )
    assert [(one["operation"], one["createdDateTime"]) for one in found] == [
        ("ListItemUpdated", "2026-09-03T15:00:00Z")
    ]


def test_a_record_is_not_yet_in_the_log(audited):
    council = audited(delay=60)
    make_rule(council)
    assert records(council, recordTypeFilters=["exchangeAdmin"]) == []
    council.control("POST", "clock", {"now": "2026-11-23T10:00:00Z"})
    assert len(records(council, recordTypeFilters=["exchangeAdmin"])) == 1


def test_a_tenant_without_auditing_records_nothing(audited):
    council = audited(audit_on=False)
    make_rule(council)
    assert records(council) == []


def test_a_query_that_has_not_ended_has_no_records(audited):
    council = audited()
    make_rule(council)
    assert council.graph("GET", f"{QUERIES}/{query(council)}/records").json()["value"] == []


def test_a_window_of_time_is_kept(audited):
    council = audited()
    window = {"filterStartDateTime": "2026-09-02T00:00:00Z", "filterEndDateTime": "2026-09-04T00:00:00Z"}
    assert [one["userId"] for one in records(council, **window)] == [DIRECTOR]


def test_each_role_reads_its_own_workload(audited):
    council = audited(roles=ALL[:1])
    make_rule(council)
    assert {one["service"] for one in records(council)} == {"Exchange"}


def test_without_a_role_there_is_no_query(council):
    assert council.graph("POST", QUERIES, json={"displayName": "Who"}).status_code == 403
