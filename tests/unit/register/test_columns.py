import pytest

from m365_restrict.register.columns import (
    CHOICES,
    PROTECTED_COLUMNS,
    RESTRICTED_CONTACTS,
    REVIEWS,
    ColumnKind,
)

LISTS = pytest.mark.parametrize("schema", [RESTRICTED_CONTACTS, REVIEWS, CHOICES], ids=lambda one: one.title)


@LISTS
def test_every_help_text_has_one_example(schema):
    for column in schema.columns:
        assert column.help.count("Example: ") == 1, column.name


@LISTS
def test_every_choice_column_offers_values_and_no_other_does(schema):
    for column in schema.columns:
        assert bool(column.choices) == (column.kind in {ColumnKind.CHOICE, ColumnKind.CHOICES}), column.name


@LISTS
def test_essential_columns_exist_and_names_are_unique(schema):
    assert schema.essential <= set(schema.names)
    assert len(set(schema.names)) == len(schema.names)


def test_a_run_cannot_do_without_a_protected_column():
    assert set(PROTECTED_COLUMNS) <= RESTRICTED_CONTACTS.essential


def test_only_the_tools_own_columns_are_written_by_it():
    assert [one.name for one in RESTRICTED_CONTACTS.columns if one.tool_written] == [
        "EnforcementStatus",
        "EnforcementNote",
    ]


def test_a_councillor_sees_four_fields():
    assert [one.name for one in CHOICES.columns if not (one.hidden or one.tool_written)] == [
        "Title",
        "Handling",
        "FolderName",
        "EndsOn",
    ]
