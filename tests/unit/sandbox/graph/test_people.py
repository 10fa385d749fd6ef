import pytest

COUNCILLORS = "councillors@ashbourne.example"
EVENTUAL = {"ConsistencyLevel": "eventual"}


def group_id(council, address=COUNCILLORS):
    found = council.graph("GET", "groups", params={"$filter": f"mail eq '{address}'"}).json()["value"]
    return found[0]["id"] if found else None


def test_a_user_without_select_is_the_basic_profile(council):
    user = council.graph("GET", "users/director@ashbourne.example").json()
    assert {key for key in user if not key.startswith("@")} == {
        "id",
        "userPrincipalName",
        "displayName",
        "mail",
    }


def test_a_user_is_found_by_id_with_select(council):
    found = council.tenant.directory.find("spoc@ashbourne.example")
    query = {"$select": "accountEnabled,proxyAddresses"}
    user = council.graph("GET", f"users/{found['id']}", params=query).json()
    assert user["accountEnabled"] is False
    assert user["proxyAddresses"] == ["SMTP:spoc@ashbourne.example"]


@pytest.mark.parametrize(
    "name", ["gone@ashbourne.example", "a.o@ashbourne.example", "The Director", "contact@partner.example"]
)
def test_only_id_and_sign_in_name_find_a_user(council, name):
    answer = council.graph("GET", f"users/{name}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "Request_ResourceNotFound")


def test_a_guest_signs_in_with_a_name_built_from_the_outside_address(council):
    query = {"$filter": "mail eq 'guest@partner.example'", "$select": "userPrincipalName,userType"}
    guest = council.graph("GET", "users", params=query).json()["value"][0]
    assert guest["userPrincipalName"] == "guest_partner.example#ext#@ashbourne.onmicrosoft.example"
    name = guest["userPrincipalName"].replace("#", "%23")
    assert council.graph("GET", f"users/{name}").json()["mail"] == "guest@partner.example"


@pytest.mark.parametrize(
    ("expression", "count"),
    [
        ("proxyAddresses/any(p:p eq 'smtp:a.o@ashbourne.example')", 1),
        ("mail eq 'x@y.example' or userPrincipalName eq 'director@ashbourne.example'", 1),
        ("startswith(displayName,'A') and accountEnabled eq true", 1),
        ("mail eq 'o''brien@x.example'", 0),
    ],
)
def test_users_are_filtered(council, expression, count):
    found = council.graph("GET", "users", params={"$filter": expression}).json()["value"]
    assert len(found) == count


@pytest.mark.parametrize("expression", ["mail like 'x'", "mail eq 'x' xor mail eq 'y'", "mail eq"])
def test_a_filter_that_is_not_understood_is_400(council, expression):
    assert council.graph("GET", "users", params={"$filter": expression}).status_code == 400


def test_transitive_members_are_flat_and_of_every_kind(council):
    found = council.graph("GET", f"groups/{group_id(council)}/transitiveMembers").json()["value"]
    assert sorted((entry["@odata.type"].rpartition(".")[2], entry["mail"]) for entry in found) == [
        ("group", "ward@ashbourne.example"),
        ("orgContact", "contact@partner.example"),
        ("user", "cllr.b@ashbourne.example"),
        ("user", "director@ashbourne.example"),
    ]


def test_the_cast_to_users_needs_header_and_count(council):
    path = f"groups/{group_id(council)}/transitiveMembers/microsoft.graph.user"
    assert council.graph("GET", path).status_code == 400
    assert council.graph("GET", path, params={"$count": "true"}).status_code == 400
    found = council.graph("GET", path, params={"$count": "true"}, headers=EVENTUAL).json()
    assert found["@odata.count"] == 2
    assert {entry["mail"] for entry in found["value"]} == {
        "cllr.b@ashbourne.example", "director@ashbourne.example",
    }  # fmt: skip


def test_members_are_the_direct_ones(council):
    found = council.graph("GET", f"groups/{group_id(council)}/members").json()["value"]
    assert {entry["mail"] for entry in found} == {"cllr.b@ashbourne.example", "ward@ashbourne.example"}


def test_a_large_group_comes_in_pages(sandbox):
    users = [{"upn": f"u{n}@council.example"} for n in range(150)]
    group = {"address": "all@council.example", "members": [user["upn"] for user in users]}
    sandbox.seed({"users": users, "groups": [group]})
    first = sandbox.graph(
        "GET", f"groups/{group_id(sandbox, 'all@council.example')}/transitiveMembers"
    ).json()
    second = sandbox.graph("GET", first["@odata.nextLink"]).json()
    assert (len(first["value"]), len(second["value"])) == (100, 50)
    assert "@odata.nextLink" not in second


def test_dynamic_groups_are_not_in_graph(council):
    assert group_id(council, "everyone@ashbourne.example") is None


def test_groups_that_contain_each_other_end(sandbox):
    groups = [
        {"address": "a@council.example", "members": ["b@council.example"]},
        {"address": "b@council.example", "members": ["a@council.example"]},
    ]
    sandbox.seed({"groups": groups})
    found = sandbox.graph("GET", f"groups/{group_id(sandbox, 'a@council.example')}/transitiveMembers")
    assert found.status_code == 200
