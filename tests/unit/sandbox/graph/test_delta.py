import pytest

BASE = "sites/localhost:/sites/democracy:/lists/Restricted contacts"
DIRECTOR = "director@ashbourne.example"


def rows(answer):
    return [(row["id"], "deleted" in row) for row in answer.json()["value"]]


def link(answer):
    return answer.json()["@odata.deltaLink"]


def save(council, item, **fields):
    path = f"list/Restricted contacts/{item}"
    assert council.control("POST", path, {"by": DIRECTOR, "fields": fields}).is_success


@pytest.mark.parametrize("path", ["delta", "delta()"])
def test_without_a_token_everything_comes(council, path):
    assert rows(council.graph("GET", f"{BASE}/items/{path}")) == [("1", False), ("2", False)]


def test_after_a_token_only_what_changed_comes(council):
    first = council.graph("GET", f"{BASE}/items/delta")
    save(council, "2", Title="Changed")
    second = council.graph("GET", link(first))
    assert rows(second) == [("2", False)]
    assert rows(council.graph("GET", link(second))) == []


def test_a_deleted_item_comes_as_deleted(council):
    first = link(council.graph("GET", f"{BASE}/items/delta"))
    council.control("DELETE", "list/Restricted contacts/1", params={"by": DIRECTOR})
    assert rows(council.graph("GET", first)) == [("1", True)]


def test_the_same_item_can_come_twice(council):
    first = link(council.graph("GET", f"{BASE}/items/delta"))
    save(council, "1", Title="A")
    save(council, "2", Title="B")
    assert [item for item, _ in rows(council.graph("GET", first))] == ["1", "2", "1"]


@pytest.mark.parametrize("form", ["delta?token=latest", "delta(token='latest')"])
def test_the_latest_token_gives_a_link_alone(council, form):
    answer = council.graph("GET", f"{BASE}/items/{form}")
    assert rows(answer) == []
    save(council, "1", Title="Later")
    assert rows(council.graph("GET", link(answer))) == [("1", False)]


def test_a_token_from_elsewhere_is_gone_with_the_place_to_begin_anew(council):
    answer = council.graph("GET", f"{BASE}/items/delta", params={"token": "999"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "resyncChangesApplyDifferences")
    assert len(rows(council.graph("GET", answer.headers["Location"]))) == 2


def test_pages_lead_to_the_delta_link(council):
    first = council.graph("GET", f"{BASE}/items/delta", params={"$top": "1", "$expand": "fields"}).json()
    assert "@odata.deltaLink" not in first
    assert first["value"][0]["fields"]["Title"] == "RC-2026-001"
    assert "@odata.deltaLink" in council.graph("GET", first["@odata.nextLink"]).json()
