import pytest

LIST = "sites/localhost:/sites/democracy:/lists/Restricted contacts/items"


def inject(sandbox, *faults):
    answer = sandbox.control("POST", "faults", list(faults))
    assert answer.status_code == 200


def test_a_status_fault_hits_as_often_as_asked(council):
    inject(council, {"do": "status", "status": 429, "retry_after": 7, "times": 2})
    answers = [council.graph("GET", "users") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "7"


@pytest.mark.parametrize(
    ("match", "hit"),
    [
        ({"method": "get"}, True),
        ({"method": "POST"}, False),
        ({"path_regex": "/users$"}, True),
        ({"path_regex": r"top=5"}, True),
        ({"path_regex": "/groups"}, False),
        ({"cmdlet": "Get-TransportRule"}, False),
    ],
)
def test_a_fault_hits_what_it_matches(council, match, hit):
    inject(council, {"match": match, "do": "status", "status": 500})
    answer = council.graph("GET", "users", params={"$top": "5"})
    assert (answer.status_code == 500) is hit


def test_a_fault_can_match_a_cmdlet(council):
    inject(council, {"match": {"cmdlet": "get-transportrule"}, "do": "status", "status": 503})
    assert council.cmdlet("Get-AcceptedDomain", {}).status_code == 200
    assert council.cmdlet("Get-TransportRule", {}).status_code == 503


def test_an_empty_page_has_a_link_and_the_data_continue(council):
    inject(council, {"match": {"path_regex": "items"}, "do": "empty_page"})
    first = council.graph("GET", LIST, params={"$top": "1"}).json()
    assert first["value"] == []
    ids, link = [], first["@odata.nextLink"]
    while link:
        page = council.graph("GET", link).json()
        ids += [item["id"] for item in page["value"]]
        link = page.get("@odata.nextLink")
    assert ids == ["1", "2"]


def test_two_empty_pages_in_a_row_have_different_links(council):
    inject(council, {"match": {"path_regex": "items"}, "do": "empty_page", "times": 2})
    first = council.graph("GET", LIST).json()["@odata.nextLink"]
    second = council.graph("GET", first).json()["@odata.nextLink"]
    assert first != second
    assert len(council.graph("GET", second).json()["value"]) == 2


def test_an_empty_page_waits_for_a_page(council):
    inject(council, {"do": "empty_page"})
    assert council.graph("GET", "users/director@ashbourne.example").json()["displayName"] == "The Director"
    assert council.graph("GET", LIST).json()["value"] == []


@pytest.mark.parametrize(
    "fault",
    [
        {"do": "explode"},
        {"do": "truncate"},
        {"do": "status", "match": {"path_regex": "("}},
        {"do": "status", "status": 200},
        {"status": 500},
        {"do": "status", "colour": 1},
    ],
)
def test_a_fault_that_cannot_be_injected_is_400(council, fault):
    assert council.control("POST", "faults", [fault]).status_code == 400
    assert council.graph("GET", "users").status_code == 200


def test_faults_can_be_cleared(council):
    inject(council, {"do": "status", "status": 500, "times": 9})
    council.control("DELETE", "faults")
    assert council.graph("GET", "users").status_code == 200


def test_control_calls_meet_no_fault(council):
    inject(council, {"do": "status", "status": 500})
    assert council.control("GET", "clock").status_code == 200
