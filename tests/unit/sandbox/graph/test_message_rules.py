import pytest

USER = "users/cllr.b@ashbourne.example"
RULES = f"{USER}/mailFolders/inbox/messageRules"


def sender(address, **name):
    return {"emailAddress": {"address": address, **name}}


def junk(council):
    return council.graph("GET", f"{USER}/mailFolders/junkemail").json()["id"]


def body(council, **changed):
    return {
        "displayName": "Ours",
        "sequence": 3,
        "isEnabled": True,
        "conditions": {"fromAddresses": [sender("A@out.example"), sender("b@out.example")]},
        "actions": {"moveToFolder": junk(council), "stopProcessingRules": True},
        **changed,
    }


def create(council, **changed):
    return council.graph("POST", RULES, role="writer", json=body(council, **changed))


def read(council, rule_id):
    return council.graph("GET", f"{RULES}/{rule_id}").json()


def test_rules_come_in_the_order_in_which_they_run(council):
    create(council)
    found = council.graph("GET", RULES).json()["value"]
    assert [(rule["sequence"], rule["displayName"]) for rule in found] == [
        (1, "Beyond Graph"), (2, "Mine"), (3, "Ours"),
    ]  # fmt: skip


def test_a_created_rule_is_read_back(council):
    made = create(council)
    assert made.status_code == 201
    rule = read(council, made.json()["id"])
    assert (rule["isEnabled"], rule["hasError"], rule["isReadOnly"]) == (True, False, False)
    assert rule["actions"] == {"moveToFolder": junk(council), "stopProcessingRules": True}
    addresses = [entry["emailAddress"]["address"] for entry in rule["conditions"]["fromAddresses"]]
    assert addresses == ["A@out.example", "b@out.example"]


@pytest.mark.parametrize("missing", ["displayName", "sequence", "actions"])
def test_a_rule_without_a_required_member_is_400(council, missing):
    assert create(council, **{missing: None}).status_code == 400


def test_a_rule_is_disabled_unless_it_says_otherwise(council):
    wanted = body(council)
    del wanted["isEnabled"]
    made = council.graph("POST", RULES, role="writer", json=wanted).json()
    assert made["isEnabled"] is False


def test_sender_contains_comes_back_in_capitals(council):
    made = create(council, conditions={"senderContains": ["adele"]}).json()
    assert made["conditions"]["senderContains"] == ["ADELE"]


def patch(council, rule_id, change):
    return council.graph("PATCH", f"{RULES}/{rule_id}", role="writer", json=change)


def test_a_patch_leaves_alone_what_it_does_not_name(council):
    rule_id = create(council).json()["id"]
    assert patch(council, rule_id, {"isEnabled": False}).status_code == 200
    rule = read(council, rule_id)
    assert rule["isEnabled"] is False
    assert len(rule["conditions"]["fromAddresses"]) == 2


def test_a_patch_replaces_a_complex_member_whole(council):
    rule_id = create(council).json()["id"]
    patch(council, rule_id, {"actions": {"assignCategories": ["Seen"]}})
    assert read(council, rule_id)["actions"] == {"assignCategories": ["Seen"]}


def test_a_rule_can_be_left_without_conditions(council):
    rule_id = create(council).json()["id"]
    patch(council, rule_id, {"conditions": None})
    assert read(council, rule_id)["conditions"] == {}


@pytest.mark.parametrize(
    "change",
    [
        {"colour": 1},
        {"conditions": {"fromDomain": ["x"]}},
        {"actions": {"explode": True}},
        {"conditions": {"fromAddresses": [{"emailAddress": {"address": "nobody"}}]}},
        {"actions": {"moveToFolder": "junkemail"}},
        {"actions": {"moveToFolder": "AAMkADnowhere"}},
        {"isEnabled": "yes"},
        {"sequence": "first"},
        {"actions": {}},
    ],
)
def test_a_bad_rule_is_400_and_changes_nothing(council, change):
    rule_id = create(council).json()["id"]
    before = read(council, rule_id)
    assert patch(council, rule_id, change).status_code == 400
    assert read(council, rule_id) == before


def test_a_folder_of_another_mailbox_is_400(council):
    other = council.graph("GET", "users/director@ashbourne.example/mailFolders/junkemail").json()["id"]
    assert create(council, actions={"moveToFolder": other}).status_code == 400


def test_a_tenant_may_take_well_known_names_and_give_ids_back(council_seed, sandbox):
    council_seed["tenant"]["behaviour"] = {"junkemail_as_id": True}
    sandbox.seed(council_seed)
    made = create(sandbox, actions={"moveToFolder": "junkemail"})
    assert made.json()["actions"]["moveToFolder"] == junk(sandbox)


def opaque(council):
    return council.graph("GET", RULES).json()["value"][0]


def test_a_rule_beyond_graph_shows_neither_conditions_nor_actions(council):
    assert opaque(council)["isReadOnly"] is True
    assert not {"conditions", "actions", "exceptions"} & set(opaque(council))


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_rule_beyond_graph_cannot_be_changed(council, method):
    change = {"isEnabled": False} if method == "PATCH" else None
    answer = council.graph(method, f"{RULES}/{opaque(council)['id']}", role="writer", json=change)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "ErrorNotSupportedMessageRule")


def test_a_deleted_rule_is_gone(council):
    rule_id = create(council).json()["id"]
    assert council.graph("DELETE", f"{RULES}/{rule_id}", role="writer").status_code == 204
    answer = council.graph("GET", f"{RULES}/{rule_id}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ErrorItemNotFound")


def many(count):
    return {"fromAddresses": [sender(f"sender{n}@a-rather-long-domain-name.example") for n in range(count)]}


def test_the_quota_counts_enabled_rules_alone(council):
    assert create(council, conditions=many(2500), isEnabled=False).status_code == 201
    assert create(council, conditions=many(2500)).status_code == 400
    assert create(council, conditions=many(100)).status_code == 201


def test_rules_exist_only_in_the_inbox(council):
    assert council.graph("GET", f"{USER}/mailFolders/junkemail/messageRules").status_code == 404
