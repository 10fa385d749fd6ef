"""What nobody knows of Microsoft 365, each with both answers (contracts.md 2)."""

import pytest

RULE = {"Name": "One", "From": ["x@post.example"], "RejectMessageReasonText": "No."}
CLLR = "cllr.b@ashbourne.example"
RULES = f"users/{CLLR}/mailFolders/inbox/messageRules"
LIST = "sites/localhost:/sites/democracy:/lists/Restricted contacts"
ITEM = f"{LIST}/items/1"


@pytest.fixture
def behaving(council, council_seed):
    """The small council in a tenant that behaves as told; `lists` are settings of the case list."""

    def plant(*, lists=None, **behaviour):
        council_seed["tenant"]["behaviour"] = behaviour
        council_seed["lists"]["Restricted contacts"].update(lists or {})
        council.seed(council_seed)
        return council

    return plant


def write(council, cmdlet, **parameters):
    return council.cmdlet(cmdlet, parameters, role="writer")


def rule(council):
    return council.cmdlet("Get-TransportRule", {}).json()["value"][0]


def inbox_rule(council, *, address="x@post.example", **predicates):
    conditions = {"fromAddresses": [{"emailAddress": {"address": address}}], **predicates}
    body = {"displayName": "New", "sequence": 7, "conditions": conditions, "actions": {"markAsRead": True}}
    made = council.graph("POST", RULES, role="writer", json=body)
    assert made.status_code == 201
    return made.json()


@pytest.mark.parametrize(
    ("takes", "by_null", "by_list"),
    [("both", 200, 200), ("null", 200, 400), ("empty_list", 400, 200)],
)
def test_how_a_list_is_cleared(behaving, takes, by_null, by_list):
    council = behaving(clears_with=takes)
    for value, status in ((None, by_null), ([], by_list)):
        write(council, "Remove-TransportRule", Identity="One")
        write(council, "New-TransportRule", **RULE, ExceptIfSentTo=[CLLR])
        answer = write(council, "Set-TransportRule", Identity="One", ExceptIfSentTo=value)
        assert answer.status_code == status
        assert (rule(council)["ExceptIfSentTo"] is None) is (status == 200)


@pytest.mark.parametrize(
    ("offset", "shown"),
    [("honoured", "2027-07-01T12:00:00.0000000+00:00"), ("ignored", "2027-07-01T11:00:00.0000000+00:00")],
)
def test_whether_the_offset_of_a_date_counts(behaving, offset, shown):
    council = behaving(expiry_offset=offset)
    write(council, "New-TransportRule", **RULE, ExpiryDate="2027-07-01T12:00:00Z")
    assert rule(council)["ExpiryDate"] == shown


@pytest.mark.parametrize(("both", "code"), [(True, "5.7.904"), (False, "5.7.1")])
def test_whether_a_refusal_keeps_text_and_code(behaving, both, code):
    council = behaving(rejects_with_both=both)
    write(council, "New-TransportRule", **RULE, RejectMessageEnhancedStatusCode="5.7.904")
    assert rule(council)["RejectMessageEnhancedStatusCode"] == code


@pytest.mark.parametrize(("counts", "size"), [(True, 12), (False, 0)])
def test_whether_domains_use_the_budget(behaving, counts, size):
    council = behaving(domains_use_budget=counts)
    write(council, "New-TransportRule", Name="One", SenderDomainIs=["post.example"], DeleteMessage=True)
    assert rule(council)["RegexSize"] == size


@pytest.mark.parametrize("shown", ["name", "id"])
def test_how_an_application_is_named_on_a_rule(behaving, shown):
    council = behaving(application_shown_as=shown)
    write(council, "New-TransportRule", **RULE)
    writer = council.authority.applications["writer"]
    wanted = writer.display_name if shown == "name" else writer.client_id
    assert {rule(council)[name] for name in ("CreatedBy", "LastModifiedBy")} == {wanted}


@pytest.mark.parametrize(("kept", "count"), [("honoured", 1), ("ignored", 2)])
def test_whether_the_result_size_counts(behaving, kept, count):
    council = behaving(result_size=kept)
    for name in ("One", "Two"):
        write(council, "New-TransportRule", **{**RULE, "Name": name})
    assert len(council.cmdlet("Get-TransportRule", {"ResultSize": 1}).json()["value"]) == count


@pytest.mark.parametrize("status", [400, 409])
def test_the_status_of_a_name_that_is_taken(behaving, status):
    council = behaving(duplicate_name_status=status)
    write(council, "New-TransportRule", **RULE)
    assert write(council, "New-TransportRule", **RULE).status_code == status


@pytest.mark.parametrize(
    ("patch", "kept"), [("replaces", {"subjectContains"}), ("merges", {"fromAddresses", "subjectContains"})]
)
def test_what_a_change_of_conditions_does_to_the_others(behaving, patch, kept):
    council = behaving(rule_patch=patch)
    path = f"{RULES}/{inbox_rule(council)['id']}"
    body = {"conditions": {"subjectContains": ["bins"]}}
    assert set(council.graph("PATCH", path, role="writer", json=body).json()["conditions"]) == kept


@pytest.mark.parametrize(
    ("raised", "sender", "subject"), [("sender", "ADA", "Bin"), ("all", "ADA", "BIN"), ("none", "Ada", "Bin")]
)
def test_which_words_come_back_in_capitals(behaving, raised, sender, subject):
    council = behaving(contains_upper=raised)
    conditions = inbox_rule(council, senderContains=["Ada"], subjectContains=["Bin"])["conditions"]
    assert (conditions["senderContains"], conditions["subjectContains"]) == ([sender], [subject])


@pytest.mark.parametrize(
    ("unset", "shown"),
    [("absent", ["absent", "absent"]), ("null", [[], None]), ("empty", [[], False])],
    ids=["absent", "null", "empty"],
)
def test_how_an_unset_predicate_is_shown(behaving, unset, shown):
    conditions = inbox_rule(behaving(unset_predicates=unset))["conditions"]
    assert [conditions.get(name, "absent") for name in ("subjectContains", "isSigned")] == shown
    assert conditions["fromAddresses"][0]["emailAddress"]["address"] == "x@post.example"


@pytest.mark.parametrize(("case", "shown"), [("kept", "X@Post.example"), ("lower", "x@post.example")])
def test_the_case_of_an_address(behaving, case, shown):
    made = inbox_rule(behaving(address_case=case), address="X@Post.example")
    assert made["conditions"]["fromAddresses"][0]["emailAddress"]["address"] == shown


@pytest.mark.parametrize(("form", "has_at"), [("smtp", True), ("legacy_dn", False)])
def test_how_an_inside_sender_is_shown(behaving, form, has_at):
    council = behaving(inside_senders=form)
    made = inbox_rule(council, address="director@ashbourne.example")
    address = made["conditions"]["fromAddresses"][0]["emailAddress"]["address"]
    assert ("@" in address) is has_at
    outside = inbox_rule(council)["conditions"]["fromAddresses"][0]["emailAddress"]["address"]
    assert outside == "x@post.example"


@pytest.mark.parametrize(("kept", "numbers"), [("kept", [1, 2, 7]), ("renumbered", [1, 2, 3])])
def test_whether_rules_are_renumbered(behaving, kept, numbers):
    council = behaving(sequence=kept)
    inbox_rule(council)
    assert [one["sequence"] for one in council.graph("GET", RULES).json()["value"]] == numbers


@pytest.mark.parametrize(("kept", "there"), [("kept", True), ("lost", False)])
def test_whether_a_write_loses_rules_that_only_outlook_knows(behaving, kept, there):
    council = behaving(client_rules=kept)
    inbox_rule(council)
    names = [one["displayName"] for one in council.graph("GET", RULES).json()["value"]]
    assert ("Beyond Graph" in names) is there


@pytest.mark.parametrize(("use", "status"), [("usable", 201), ("foreign", 400)])
def test_whether_an_id_of_the_mailbox_api_can_be_moved_to(behaving, use, status):
    council = behaving(admin_folder_id=use)
    mailbox = council.graph("GET", f"users/{CLLR}/settings/exchange").json()["primaryMailboxId"]
    body = {"displayName": "Held", "type": "IPF.Note"}
    made = council.graph("POST", f"admin/exchange/mailboxes/{mailbox}/folders", role="writer", json=body)
    moving = {"displayName": "New", "sequence": 7, "actions": {"moveToFolder": made.json()["id"]}}
    assert council.graph("POST", RULES, role="writer", json=moving).status_code == status


@pytest.mark.parametrize(
    ("times", "shown"), [("right", "2026-09-03T15:00:00Z"), ("shifted", "2026-09-03T14:00:00Z")]
)
def test_whether_the_times_of_versions_are_right(behaving, times, shown):
    versions = behaving(version_times=times).graph("GET", f"{ITEM}/versions").json()["value"]
    assert versions[1]["lastModifiedDateTime"] == shown


@pytest.mark.parametrize(("status", "there"), [("hidden", False), ("shown", True)])
def test_whether_the_approval_status_is_shown(behaving, status, there):
    council = behaving(moderation_status=status, lists={"content_approval": True})
    answer = council.graph("GET", f"{ITEM}?$expand=fields", role="setup")
    assert ("_ModerationStatus" in answer.json()["fields"]) is there


@pytest.mark.parametrize(
    ("pending", "seen", "told"),
    [
        ("hidden", None, None),
        ("last_approved", "RC-2026-001", "RC-2026-001"),
        ("in_versions", "RC-2026-001", "Pending"),
    ],
)
def test_what_an_approved_item_with_a_pending_edit_looks_like(behaving, pending, seen, told):
    council = behaving(pending_edit=pending, lists={"content_approval": True})
    for fields in ({"_ModerationStatus": 0}, {"Title": "Pending"}):
        body = {"by": "director@ashbourne.example", "fields": fields}
        assert council.control("POST", "list/Restricted contacts/1", body).is_success
    items = council.graph("GET", f"{LIST}/items", params={"$expand": "fields"}).json()["value"]
    assert [item["fields"]["Title"] for item in items] == ([seen] if seen else [])
    versions = council.graph("GET", f"{ITEM}/versions", params={"$expand": "fields"}).json()
    assert [one["fields"]["Title"] for one in versions.get("value", ())][:1] == ([told] if told else [])
    assert council.graph("GET", f"{ITEM}/fields", role="setup").json()["Title"] == "Pending"


@pytest.mark.parametrize(
    ("form", "members"), [("application", {"application"}), ("sharepoint_app", {"application", "user"})]
)
def test_how_an_item_names_the_application_that_saved_it(behaving, form, members):
    council = behaving(application_saves_as=form)
    assert set(council.graph("GET", ITEM).json()["lastModifiedBy"]) == members


def test_the_size_of_a_page_of_items(behaving):
    page = behaving(list_page_size=1).graph("GET", f"{LIST}/items").json()
    assert (len(page["value"]), "@odata.nextLink" in page) == (1, True)
