"""The files of deploy/sharepoint against the schemas, against what SharePoint documents, and against rows."""

import importlib.util
import json
import re
import sys
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from m365_restrict.register.columns import CHOICES, PROVING_ROW_TITLE, RESTRICTED_CONTACTS, REVIEWS
from m365_restrict.register.schema import ColumnKind

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "deploy" / "sharepoint"
LISTS = {schema.title: schema for schema in (RESTRICTED_CONTACTS, REVIEWS, CHOICES)}
TODAY = date(2026, 11, 23)

# learn.microsoft.com/sharepoint/dev/declarative-customization/site-design-json-schema
KEYS_OF = {
    "createSPList": {"verb", "listName", "templateType", "subactions"},
    "addSPFieldXml": {"verb", "schemaXml", "addToDefaultView"},
    "setSPFieldCustomFormatter": {"verb", "fieldDisplayName", "formatterJSON"},
    "addSPView": {"verb", "name", "viewFields", "query", "rowLimit", "isPaged", "makeDefault"},
}
# .../formatting-syntax-reference
ELEMENTS = {"div", "span", "a", "img", "svg", "path", "button", "p", "filepreview"}
ATTRIBUTES = {"href", "rel", "src", "class", "target", "title", "role", "iconName", "d", "aria"}
ACTIONS = {
    "defaultClick",
    "share",
    "delete",
    "editProps",
    "openContextMenu",
    "setValue",
    "executeFlow",
    "embed",
}


@pytest.fixture(scope="module")
def tool():
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        spec = importlib.util.spec_from_file_location(
            "write_sharepoint", ROOT / "tools" / "write_sharepoint.py"
        )
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(ROOT / "tools"))
    return module


def parsed(xml):
    return ElementTree.fromstring(xml)  # noqa: S314 (our own files)


def script(name="site-script-lists.json"):
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def subactions(verb, name="site-script-lists.json"):
    for action in script(name)["actions"]:
        for one in action["subactions"]:
            if one["verb"] == verb:
                yield LISTS[action["listName"]], one


def test_the_committed_files_are_current(tool):
    for name, text in tool.pages().items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, f"{name}: run tools/write_sharepoint.py"


def test_no_generated_file_is_left_over(tool):
    assert {path.name for path in FOLDER.iterdir()} == {*tool.pages(), "README.md"}


def test_the_readme_names_every_file(tool):
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [name for name in tool.pages() if name not in text] == []


@pytest.mark.parametrize("title", list(LISTS))
def test_every_column_is_on_the_form_exactly_once(title):
    name = f"form-{title.lower().replace(' ', '-')}.json"
    fields = [
        field
        for section in json.loads((FOLDER / name).read_text())["sections"]
        for field in section["fields"]
    ]
    assert sorted(fields) == sorted(column.display_name for column in LISTS[title].columns)


def test_the_form_has_the_sections_in_the_order_in_which_a_case_is_made():
    sections = json.loads((FOLDER / "form-restricted-contacts.json").read_text())["sections"]
    assert [one["displayname"] for one in sections] == [
        "Who", "What happens", "Why", "Fairness", "Told", "Life", "Written by the program",
    ]  # fmt: skip


@pytest.mark.parametrize("title", list(LISTS))
def test_display_names_are_told_apart(title):
    names = [column.display_name for column in LISTS[title].columns]
    assert len(names) == len(set(names))


def test_formulas_ask_about_columns_and_values_that_exist(tool):
    # Columns with several values cannot stand in a formula (list-form-conditional-show-hide).
    several = {ColumnKind.CHOICES, ColumnKind.PERSONS}
    for title, formulas in tool.FORMULAS.items():
        for name, formula in formulas.items():
            LISTS[title].column(name)
            for asked, value in re.findall(r"\[\$(\w+)\] == '([^']*)'", formula):
                column = LISTS[title].column(asked)
                assert column.kind not in several
                assert value == "" or value in column.choices
            assert re.fullmatch(r"=if\(.+, '(true|false)', '(true|false)'\)", formula)


@pytest.mark.parametrize("name", ["site-script-lists.json", "site-script-views.json"])
def test_site_scripts_hold_documented_actions_alone(name):
    for action in script(name)["actions"]:
        assert set(action) == KEYS_OF["createSPList"]
        for one in action["subactions"]:
            assert set(one) == KEYS_OF[one["verb"]]


def test_the_script_for_lists_makes_every_column_but_the_title():
    made = {}
    for schema, one in subactions("addSPFieldXml"):
        field = parsed(one["schemaXml"])
        made.setdefault(schema.title, []).append(field.get("Name"))
        column = schema.column(field.get("Name"))
        assert (field.get("DisplayName"), field.get("Description")) == (column.display_name, column.help)
        assert [choice.text for choice in field.iter("CHOICE")] == list(column.choices)
        assert field.get("Required") == "FALSE"
    assert made == {title: list(schema.names[1:]) for title, schema in LISTS.items()}


def test_field_ids_are_all_different():
    ids = [parsed(one["schemaXml"]).get("ID") for _, one in subactions("addSPFieldXml")]
    assert len(set(ids)) == len(ids)


def test_the_script_for_views_adds_no_column():
    assert list(subactions("addSPFieldXml", "site-script-views.json")) == []


def elements(node):
    yield node
    for child in node.get("children", []):
        yield from elements(child)


def formats():
    return {path.name: json.loads(path.read_text()) for path in FOLDER.glob("column-*.json")}


def test_formats_use_documented_elements_alone():
    for name, formatter in formats().items():
        title = next(title for title in LISTS if f"column-{title.lower().replace(' ', '-')}-" in name)
        for one in elements(formatter):
            assert one["elmType"] in ELEMENTS
            assert set(one.get("attributes", {})) <= ATTRIBUTES
            assert not ("txtContent" in one and "children" in one)
        for asked in re.findall(r"\[\$(\w+)\]", json.dumps(formatter)):
            LISTS[title].column(asked)


def test_every_icon_stands_beside_the_words():
    for formatter in formats().values():
        shown = [one.get("txtContent") for one in formatter["children"]]
        assert shown[1] == "@currentField"
        assert "iconName" in formatter["children"][0]["attributes"]


def test_the_approve_button_saves_the_status_and_nothing_else():
    status = formats()["column-restricted-contacts-Status.json"]
    buttons = [one for one in elements(status) if one["elmType"] == "button"]
    assert {one["customRowAction"]["action"] for one in buttons} <= ACTIONS
    approve = buttons[-1]["customRowAction"]
    assert approve == {"action": "setValue", "actionInput": {"Status": "Approved"}}
    assert all("'Proposed', 'inline-block', 'none'" in one["style"]["display"] for one in buttons)


def test_views_show_columns_that_exist_and_ask_about_values_that_exist():
    for schema, view in subactions("addSPView"):
        for name in view["viewFields"]:
            schema.column(name)
        for one in parsed(f"<Query>{view['query']}</Query>").iter("In"):
            column = schema.column(one.find("FieldRef").get("Name"))
            values = [value.text for value in one.iter("Value")]
            assert column.kind is ColumnKind.TEXT or set(values) <= set(column.choices)


def test_each_list_has_one_first_view():
    for title in LISTS:
        first = [
            view for schema, view in subactions("addSPView") if schema.title == title and view["makeDefault"]
        ]
        assert len(first) == 1


def holds(node, row):
    """Whether a row meets a CAML condition; a comparison with an empty column never holds."""
    children = list(node)
    if node.tag in {"And", "Or"}:
        assert len(children) == 2
        first, second = (holds(child, row) for child in children)
        return (first and second) if node.tag == "And" else (first or second)
    value = row.get(node.find("FieldRef").get("Name"))
    if node.tag in {"IsNull", "IsNotNull"}:
        return (value is None) == (node.tag == "IsNull")
    if value is None:
        return False
    if node.tag == "In":
        return value in [one.text for one in node.iter("Value")]
    day = TODAY + timedelta(days=int(node.find("Value/Today").get("OffsetDays", 0)))
    return {"Leq": value <= day, "Geq": value >= day, "Lt": value < day}[node.tag]


def views_of(row):
    return {
        view["name"]
        for schema, view in subactions("addSPView")
        if schema is RESTRICTED_CONTACTS
        and holds(parsed(f"<Query>{view['query']}</Query>").find("Where")[0], row)
    }


LIVE = {
    "Status": "Approved", "EnforcementStatus": "In force", "EffectiveFrom": date(2026, 9, 7),
    "EndsOn": date(2027, 6, 30), "NextReviewOn": date(2027, 3, 1), "NoticeSentOn": date(2026, 9, 4),
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "shown"),
    [
        ({}, {"In force"}),
        ({"Status": "Draft", "EnforcementStatus": "Draft", "EndsOn": None}, {"Missing something"}),
        (
            {"Status": "Proposed", "EnforcementStatus": "Not in force"},
            {"Missing something", "Waiting for approval"},
        ),
        (
            {"NoticeSentOn": None, "EnforcementStatus": "Not in force"},
            {"Missing something", "Waiting for letter"},
        ),
        ({"EndsOn": TODAY}, {"In force", "Due in 60 days"}),
        ({"EndsOn": TODAY + timedelta(days=60)}, {"In force", "Due in 60 days"}),
        ({"EndsOn": TODAY + timedelta(days=61)}, {"In force"}),
        ({"NextReviewOn": TODAY - timedelta(days=1)}, {"In force", "Due in 60 days"}),
        ({"EndsOn": TODAY - timedelta(days=1)}, {"Due in 60 days", "Ended"}),
        (
            {"EffectiveFrom": TODAY + timedelta(days=1), "EnforcementStatus": "Approved, not yet in force"},
            set(),
        ),
        ({"Status": "Lifted", "EnforcementStatus": "Ended"}, {"Ended"}),
        ({"EnforcementStatus": "Not in step: a change failed"}, {"In force", "Missing something"}),
    ],
)
def test_a_case_is_in_the_views_where_people_look_for_it(changed, shown):
    row = {name: value for name, value in {**LIVE, **changed}.items() if value is not None}
    assert views_of(row) == shown


def test_no_view_shows_the_proving_row():
    assert views_of({"Title": PROVING_ROW_TITLE}) == set()
