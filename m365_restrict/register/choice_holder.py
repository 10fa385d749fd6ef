"""Whose mailbox a choice is about: its creator's, or that of someone who let the creator choose."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from m365_restrict.register.address import read_address
from m365_restrict.register.choice import Handling
from m365_restrict.register.codes import ChoiceCode
from m365_restrict.register.item import FieldValue, ListItem, Person, SaverKind
from m365_restrict.register.values import as_text


@dataclass(frozen=True)
class Holder:
    """A mailbox holder. `object_id` is "" where only the address is known; both are lower case."""

    address: str
    object_id: str = ""


@dataclass(frozen=True)
class Delegations:
    """Live delegations as (holder's address, delegate's address)."""

    pairs: frozenset[tuple[str, str]]

    @classmethod
    def read(cls, items: Sequence[ListItem], *, today: date) -> "Delegations":
        """Items 'Let this person set my choices' that holders made themselves and that have not ended."""
        return cls(
            frozenset(
                (item.created_by.address.lower(), delegate)
                for item in items
                if _is_live_delegation(item, today)
                for delegate in _delegates(item)
            )
        )

    def allows(self, holder: str, delegate: str) -> bool:
        """Whether the holder has let the delegate choose."""
        return (holder, delegate) in self.pairs


def find_holder(item: ListItem, delegations: Delegations) -> Holder | ChoiceCode:
    """The holder of the mailbox that the choice is about, or why it cannot be told."""
    creator = item.created_by
    if creator.kind is SaverKind.APPLICATION:
        return ChoiceCode.CREATED_BY_APPLICATION
    if creator.kind is not SaverKind.USER or not creator.address:
        return ChoiceCode.HOLDER_UNKNOWN
    own = Holder(creator.address.lower(), creator.object_id.lower())
    behalf = item.fields.get("OnBehalfOf")
    return _on_behalf(behalf, own, delegations) if behalf else own


def _on_behalf(behalf: FieldValue, own: Holder, delegations: Delegations) -> Holder | ChoiceCode:
    if not isinstance(behalf, Person) or not behalf.address:
        return ChoiceCode.HOLDER_UNKNOWN
    holder = behalf.address.lower()
    if holder == own.address:
        return own
    return Holder(holder) if delegations.allows(holder, own.address) else ChoiceCode.DELEGATION_MISSING


def _is_live_delegation(item: ListItem, today: date) -> bool:
    """An item that any other person ever saved does not count: nobody delegates another's mailbox."""
    if item.fields.get("Handling") != Handling.DELEGATE or item.created_by.kind is not SaverKind.USER:
        return False
    ends_on = item.fields.get("EndsOn")
    if ends_on and not (isinstance(ends_on, date) and ends_on >= today):
        return False
    creator = item.created_by.object_id.lower()
    people = (version.saver for version in item.versions if version.saver.kind is not SaverKind.APPLICATION)
    return all(saver.object_id.lower() == creator for saver in people)


def _delegates(item: ListItem) -> frozenset[str]:
    """The person column, or else an address in Title."""
    person = item.fields.get("Delegate")
    if isinstance(person, Person) and person.address:
        return frozenset({person.address.lower()})
    read = read_address(as_text(item.fields.get("Title", "")))
    return frozenset({read}) if isinstance(read, str) else frozenset()
