import pytest

from m365_restrict.sandbox.seed import BadSeed, read_seed


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ([], "not a JSON object"),
        ({"userz": []}, "userz"),
        ({"users": [{"upn": "a@x.example", "colour": 1}]}, "users.0.colour"),
        ({"users": [{"upn": "nobody"}]}, "users.0.upn"),
        ({"users": [{"upn": "a@x.example", "mailbox": "room"}]}, "users.0.mailbox"),
        ({"now": "2026-11-23T09:00:00"}, "no time zone"),
        ({"tenant": {"time_zone": "Mars/Base"}}, "Mars/Base"),
        ({"tenant": {"behaviour": {"from_externl": True}}}, "tenant.behaviour.from_externl"),
        ({"lists": {"Cases": {}}}, "'Cases' is not one of the lists"),
        ({"lists": {"Restricted contacts": {"items": [{"versions": []}]}}}, "versions"),
    ],
)
def test_a_bad_seed_is_refused_in_a_sentence(document, says):
    with pytest.raises(BadSeed, match=says):
        read_seed(document)


def _item(**fields):
    version = {"by": "a@council.example", "fields": fields}
    return {"Restricted contacts": {"items": [{"versions": [version]}]}}


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ({"users": [{"upn": "a@x.example"}, {"upn": "A@x.example"}]}, "twice"),
        ({"groups": [{"address": "g@x.example", "members": ["gone@x.example"]}]}, "gone@x.example"),
        ({"lists": _item(Colour="red")}, "no column 'Colour'"),
        ({"lists": _item(EndsOn="2027-02-30")}, "EndsOn holds a day"),
        ({"lists": _item(CaseOwner="gone@x.example")}, "gone@x.example"),
        ({"lists": _item(LegalHold="yes")}, "LegalHold holds true or false"),
        ({"inbox_rules": {"gone@x.example": []}}, "gone@x.example"),
        ({"inbox_rules": {"a@council.example": [{"actions": {"moveToFolder": "Nowhere"}}]}}, "Nowhere"),
        ({"transport_rules": [{"by": "gone@x.example", "parameters": {}}]}, "transport_rules.0"),
        (
            {"transport_rules": [{"by": "a@council.example", "parameters": {"Colour": 1}}]},
            "transport_rules.0",
        ),
    ],
)
def test_a_seed_that_does_not_fit_leaves_the_tenant_as_it_was(sandbox, part, says):
    users = {"users": [{"upn": "a@council.example"}]}
    sandbox.seed(users)
    with pytest.raises(BadSeed, match=says):
        sandbox.seed({**users, **part})
    assert sandbox.tenant.directory.find("a@council.example") is not None
    assert sandbox.tenant.lists.titles() == []


def test_a_bad_seed_over_http_is_400(sandbox):
    answer = sandbox.control("POST", "seed", {"userz": []})
    assert answer.status_code == 400
    assert "userz" in answer.json()["error"]["message"]


def test_an_unknown_choice_value_can_be_seeded(council_seed, sandbox):
    versions = council_seed["lists"]["Restricted contacts"]["items"][0]["versions"]
    versions[0]["fields"]["Measure"] = "Something else"
    sandbox.seed(council_seed)


def test_a_value_of_an_omitted_column_is_left_out(council_seed, sandbox):
    council_seed["lists"]["Restricted contacts"]["omit_columns"] = ["EndsOn"]
    sandbox.seed(council_seed)
    document = sandbox.tenant.lists.find("Restricted contacts")
    assert "EndsOn" not in sandbox.tenant.lists.item(document, "1")["versions"][0]["fields"]


def test_the_proving_row_follows_the_seeded_items(council):
    document = council.tenant.lists.find("Restricted contacts")
    assert council.tenant.lists.item_ids(document) == ["1", "2"]
    title = council.tenant.lists.item(document, "2")["versions"][-1]["fields"]["Title"]
    assert title == "~ this row proves the list can be read whole"


@pytest.mark.parametrize(
    ("upn", "enabled"), [("spoc@ashbourne.example", False), ("director@ashbourne.example", True)]
)
def test_a_shared_mailbox_has_a_disabled_account(council, upn, enabled):
    assert council.tenant.directory.find(upn)["enabled"] is enabled


def test_a_folder_name_in_a_seeded_rule_becomes_its_id(council):
    user = council.tenant.directory.find("cllr.b@ashbourne.example")
    folders = council.tenant.store.get("folders", user["id"])["folders"]
    junk = next(folder["id"] for folder in folders if folder["path"] == "Junk Email")
    rules = council.tenant.store.get("inbox_rules", user["id"])["rules"]
    assert rules[0]["actions"] == {"moveToFolder": junk}


def test_seeding_again_keeps_credentials_and_rewrites_client_env(council):
    before = council.env
    council.seed({"settings": {"POLICY__APPROVERS": "director@council.example", "RULES__MODE": "audit"}})
    written = dict(line.split("=", 1) for line in (council.state / "client.env").read_text().splitlines())
    same = "M365_RESTRICT_AUTH__READER__CLIENT_SECRET"
    assert written[same] == before[same]
    assert written["M365_RESTRICT_POLICY__APPROVERS"] == "director@council.example"
    assert written["M365_RESTRICT_RULES__MODE"] == "audit"


def test_two_thousand_users_have_their_own_folders(sandbox):
    users = [{"upn": f"u{n}@council.example"} for n in range(2000)]
    sandbox.seed({"users": users})
    folders = dict(sandbox.tenant.store.all("folders"))
    assert len(folders) == 2000
    assert len({document["folders"][0]["id"] for document in folders.values()}) == 2000
