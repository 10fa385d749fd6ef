import pytest


def test_a_site_is_found_by_path_and_by_id(council):
    site = council.graph("GET", "sites/localhost:/sites/democracy").json()
    assert site["id"].startswith("localhost,")
    assert council.graph("GET", f"sites/{site['id']}").json()["id"] == site["id"]


def test_an_unknown_site_is_404(council):
    assert council.graph("GET", "sites/localhost:/sites/other").status_code == 404


def test_the_choices_may_live_in_a_site_of_their_own(council_seed, sandbox):
    council_seed["settings"] = {"CHOICES__SITE": "localhost:/sites/councillors"}
    sandbox.seed(council_seed)
    titles = {
        site: [
            entry["displayName"]
            for entry in sandbox.graph("GET", f"sites/localhost:/sites/{site}:/lists").json()["value"]
        ]
        for site in ("democracy", "councillors")
    }
    assert titles == {"democracy": ["Restricted contacts"], "councillors": ["Councillor mail choices"]}


def test_a_list_is_found_by_title_and_by_id(council):
    found = council.graph("GET", "sites/root/lists/Restricted contacts").json()
    assert (
        council.graph("GET", f"sites/root/lists/{found['id']}").json()["displayName"] == "Restricted contacts"
    )


def test_a_list_that_the_seed_does_not_name_is_404(council):
    assert council.graph("GET", "sites/root/lists/Restriction reviews").status_code == 404


def columns(council, title="Restricted contacts"):
    found = council.graph("GET", f"sites/root/lists/{title}/columns", params={"$top": "500"}).json()["value"]
    return {column["name"]: column for column in found}


@pytest.mark.parametrize(
    ("name", "facet"),
    [
        ("Addresses", {"text": {"allowMultipleLines": True, "textType": "plain"}}),
        ("EndsOn", {"dateTime": {"displayAs": "standard", "format": "dateOnly"}}),
        (
            "WardCouncillors",
            {"personOrGroup": {"allowMultipleSelection": True, "chooseFromType": "peopleOnly"}},
        ),
        ("LegalHold", {"boolean": {}}),
        (
            "Stage",
            {"choice": {"allowTextEntry": False, "choices": ["1", "2", "None"], "displayAs": "dropDownMenu"}},
        ),
    ],
)
def test_a_column_says_its_type(council, name, facet):
    column = columns(council)[name]
    assert {key: column[key] for key in facet} == facet
    assert column["required"] is False


def test_title_is_shown_as_case_reference(council):
    assert columns(council)["Title"]["displayName"] == "Case reference"


def test_an_omitted_column_is_not_there(council_seed, sandbox):
    council_seed["lists"]["Restricted contacts"]["omit_columns"] = ["Grounds"]
    sandbox.seed(council_seed)
    assert "Grounds" not in columns(sandbox)
    assert "Measure" in columns(sandbox)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "planets", 400), ("PUT", "users", 405), ("GET", "sites/root/lists/Nothing", 404)],
)
def test_what_is_not_there(council, method, path, status):
    answer = council.graph(method, path)
    assert answer.status_code == status
    assert answer.json()["error"]["innerError"]["request-id"] == answer.headers["request-id"]
