"""An item of a list as it is shown to the person it is about: values in words, changes by version. Pure."""

from collections.abc import Iterator

from m365_restrict.register.case import AddressShared
from m365_restrict.register.item import Fields, FieldValue, Identity, ListItem, Person, SaverKind
from m365_restrict.register.schema import Column, ColumnKind, ListSchema
from m365_restrict.report.person_document import (
    HeldChange,
    HeldField,
    HeldItem,
    HeldVersion,
    Others,
    ToRedact,
)
from m365_restrict.rules.naming import long_day

_PEOPLE = frozenset({ColumnKind.PERSON, ColumnKind.PERSONS})
#: The person's own data, though several lines: nothing in them is expected to be about others.
_OWN_LINES = frozenset({"ContactDetails", "ScopeMailboxes", "AllowedRecipients"})


def held_item(item: ListItem, schema: ListSchema, title: str) -> HeldItem:
    """One item with what each of its versions changed."""
    shared = item.fields.get("AddressShared")
    fields = (
        HeldField(
            column=column.name,
            label=column.display_name,
            value=_text(value),
            others=_others(column, shared),
        )
        for column in schema.columns
        if (value := item.fields.get(column.name)) is not None
    )
    return HeldItem(
        item_id=item.item_id, list=title, fields=tuple(fields), versions=tuple(_versions(item, schema))
    )


def to_redact(item: HeldItem, name: str) -> Iterator[ToRedact]:
    """Every place of an item that may be about somebody else. `name` says which item it is."""
    for one in item.fields:
        if one.others:
            yield ToRedact(where=f"{name}, {one.label}", why=f"{one.others.value}.")
    for version in item.versions:
        if version.others:
            why = "It names another person: staff."
            yield ToRedact(where=f"{name}, version {version.number}, saved by", why=why)
        for change in version.changes:
            if change.others:
                where = f"{name}, version {version.number}, {change.label}"
                yield ToRedact(where=where, why=f"{change.others.value}.")


def saver_name(saver: Identity) -> str:
    """Who saved a version, in words."""
    known = saver.display_name or saver.address or saver.object_id or "not known"
    match saver.kind:
        case SaverKind.APPLICATION:
            return f"the application {known}"
        case SaverKind.UNKNOWN:
            return "not known"
        case SaverKind.USER:
            return known


def _versions(item: ListItem, schema: ListSchema) -> Iterator[HeldVersion]:
    before: Fields = {}
    for version in item.versions:
        shared = version.fields.get("AddressShared")
        changes = (
            HeldChange(
                column=column.name,
                label=column.display_name,
                before=_text(before.get(column.name)),
                after=_text(version.fields.get(column.name)),
                others=_others(column, shared),
            )
            for column in schema.columns
            if before.get(column.name) != version.fields.get(column.name)
        )
        yield HeldVersion(
            number=version.number,
            saved_at=version.saved_at,
            saved_by=saver_name(version.saver),
            others=Others.NOBODY if version.saver.kind is SaverKind.APPLICATION else Others.NAMED,
            changes=tuple(changes),
        )
        before = version.fields


def _others(column: Column, shared: FieldValue | None) -> Others:
    if column.kind in _PEOPLE:
        return Others.NAMED
    if column.name == "AdvocateAddresses":
        return Others.ADDRESS
    if column.name == "Addresses":
        return Others.NOBODY if shared == AddressShared.NO else Others.SHARED
    if column.kind is ColumnKind.LINES and column.name not in _OWN_LINES:
        return Others.FREE_TEXT
    return Others.NOBODY


def _text(value: FieldValue | None) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "Yes" if value else "No"
        case Person():
            return value.display_name or value.address or f"#{value.lookup_id}"
        case tuple():
            return ", ".join(_text(one) for one in value)
        case str() | float():
            return str(value).strip()
        case _:
            return long_day(value)
