import pytest

LISTS = "sites/root/lists"
DAY = {"name": "LastDay", "dateTime": {"format": "dateOnly"}}


@pytest.fixture
def made(sandbox):
    """A list with two columns of its own."""

    def call(method, path="", json=None, *, role="setup", params=None):
        return sandbox.graph(method, f"{LISTS}{path}", json=json, role=role, params=params)

    columns = [DAY, {"name": "Notes", "text": {"allowMultipleLines": True}, "description": "Help."}]
    body = {"displayName": "Cases", "list": {"template": "genericList"}, "columns": columns}
    answer = call("POST", json=body)
    assert answer.status_code == 201
    assert answer.json()["displayName"] == "Cases"
    return call


def columns(call, **query):
    found = call("GET", "/Cases/columns", role="reader", params=query).json()["value"]
    return {one["name"]: one for one in found}


def test_a_new_list_has_a_title_that_must_be_filled_in(made):
    title = columns(made)["Title"]
    assert (title["displayName"], title["required"]) == ("Title", True)


def test_columns_are_shown_as_they_were_made(made):
    shown = columns(made)
    assert shown["LastDay"]["dateTime"] == {"format": "dateOnly"}
    assert (shown["Notes"]["displayName"], shown["Notes"]["description"]) == ("Notes", "Help.")


def test_items_keep_values_of_new_columns(made):
    fields = {"Title": "One", "LastDay": "2027-06-30T23:00:00Z"}
    item = made("POST", "/Cases/items", {"fields": fields}).json()["id"]
    shown = made("GET", f"/Cases/items/{item}/fields", role="reader").json()
    assert shown["LastDay"] == "2027-06-30T23:00:00Z"


def test_a_column_is_added_and_changed(made):
    added = made("POST", "/Cases/columns", {"name": "State", "choice": {"choices": ["A"]}})
    assert added.status_code == 201
    more = {"displayName": "The state", "choice": {"choices": ["A", "B"]}}
    assert made("PATCH", f"/Cases/columns/{added.json()['id']}", more).status_code == 200
    state = columns(made)["State"]
    assert (state["displayName"], state["choice"]["choices"]) == ("The state", ["A", "B"])


def test_a_hidden_column_is_listed_only_when_asked_for(made):
    made("PATCH", "/Cases/columns/Notes", {"hidden": True})
    assert "Notes" not in columns(made)
    assert columns(made, **{"$select": "name,hidden"})["Notes"] == {
        "name": "Notes", "hidden": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "", {"displayName": "cases"}, 409),
        ("POST", "", {"displayName": ""}, 400),
        ("POST", "", {"displayName": "X", "list": {"template": "survey"}}, 400),
        ("POST", "", {"displayName": "X", "columns": [{"name": "A"}]}, 400),
        ("POST", "", {"displayName": "X", "columns": [DAY, DAY]}, 400),
        ("POST", "/Cases/columns", DAY, 400),
        ("POST", "/Cases/columns", {"name": "A", "text": {}, "number": {}}, 400),
        ("POST", "/Cases/columns", {"name": "A", "choice": {"choices": []}}, 400),
        ("PATCH", "/Cases/columns/LastDay", {"text": {}}, 400),
        ("PATCH", "/Cases/columns/LastDay", {"name": "Other"}, 400),
        ("PATCH", "/Cases/columns/Nothing", {"description": "x"}, 404),
    ],
)
def test_what_sharepoint_does_not_take_is_refused(made, method, path, body, status):
    assert made(method, path, body).status_code == status


@pytest.mark.parametrize("role", ["reader", "writer"])
@pytest.mark.parametrize(
    ("method", "path"), [("POST", ""), ("POST", "/Cases/columns"), ("PATCH", "/Cases/columns/LastDay")]
)
def test_only_a_managing_permission_makes_lists_and_columns(made, role, method, path):
    assert made(method, path, {"displayName": "X"}, role=role).status_code == 403


def test_a_column_that_a_seed_left_out_can_be_added(sandbox):
    sandbox.seed({"lists": {"Restricted contacts": {"omit_columns": ["EndsOn"]}}})
    path = f"{LISTS}/Restricted contacts/columns"
    day = {"name": "EndsOn", "dateTime": {"format": "dateOnly"}}
    assert sandbox.graph("POST", path, role="setup", json=day).status_code == 201
    item = {"by": "app:Somebody", "fields": {"Title": "RC-1", "EndsOn": "2027-03-28"}}
    answer = sandbox.control("POST", "list/Restricted contacts", item)
    assert answer.json()["fields"]["EndsOn"] == "2027-03-28"
