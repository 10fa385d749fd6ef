"""What stops mail beside transport rules: the tenant's block list, spam policies, mailboxes' junk settings.

Facts: exchange.md 5.1, 5.2. Only what names senders is kept; the sandbox's delivery does not obey these
lists, because this program never writes them and only has to find what others wrote.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from m365_restrict.sandbox.clock import SandboxClock, format_instant
from m365_restrict.sandbox.directory import SandboxDirectory
from m365_restrict.sandbox.exchange.binding import named
from m365_restrict.sandbox.exchange.envelope import CmdletAnswer, objects
from m365_restrict.sandbox.exchange.refusals import (
    invalid,
    missing_parameter,
    not_transformable,
    recipient_object_not_found,
    rule_not_found,
)
from m365_restrict.sandbox.store import Store

_MAILBOXES = frozenset({"user", "shared"})
_ENTRIES, _POLICY, _JUNK = "tenant_block_list", "content_filter_policy", "junk_configuration"
_DEFAULT_POLICY = "Default"
_ENTRY_LIMIT = 500
_USUAL_LIFE = timedelta(days=30)
_TABLE_TYPE = "#Exchange.GenericHashTable"

_LIST = {
    name.lower(): name
    for name in (
        "ListType",
        "Entries",
        "Block",
        "Allow",
        "NoExpiration",
        "ExpirationDate",
        "Notes",
        "Ids",
        "Entry",
    )
}
_POLICY_FIELDS = ("BlockedSenders", "BlockedSenderDomains", "AllowedSenders", "AllowedSenderDomains")
_POLICY_NAMES = {name.lower(): name for name in ("Identity", "Name", *_POLICY_FIELDS)}
_JUNK_FIELDS = ("BlockedSendersAndDomains", "TrustedSendersAndDomains")
_JUNK_NAMES = {name.lower(): name for name in ("Identity", "Enabled", *_JUNK_FIELDS)}


@dataclass(frozen=True)
class BlockListCmdlets:
    """Get-, New- and Remove- of tenant list items, Get-, New- and Set- of policies, Get- and Set- of junk."""

    store: Store
    directory: SandboxDirectory
    clock: SandboxClock

    def all(self) -> Mapping[str, Callable[[Mapping[str, Any]], CmdletAnswer]]:
        """The cmdlets by their names in lower case."""
        return {
            "get-tenantallowblocklistitems": self.get_entries,
            "new-tenantallowblocklistitems": self.new_entries,
            "remove-tenantallowblocklistitems": self.remove_entries,
            "get-hostedcontentfilterpolicy": self.get_policy,
            "new-hostedcontentfilterpolicy": self.new_policy,
            "set-hostedcontentfilterpolicy": self.set_policy,
            "get-mailboxjunkemailconfiguration": self.get_junk,
            "set-mailboxjunkemailconfiguration": self.set_junk,
        }

    def get_entries(self, parameters: Mapping[str, Any]) -> CmdletAnswer:
        """Entries of one kind; the cmdlet wants to know which."""
        given = named(parameters, _LIST)
        kind = _list_type(given)
        rows = [row for _, row in self.store.all(_ENTRIES) if row["ListType"] == kind]
        wanted = str(given.get("Entry") or "").lower()
        return objects([row for row in rows if not wanted or row["Value"] == wanted], target=wanted)

    def new_entries(self, parameters: Mapping[str, Any]) -> CmdletAnswer:
        """One row for each entry; 30 days unless told otherwise (exchange.md 5.1)."""
        given = named(parameters, _LIST)
        kind, entries = _list_type(given), _texts(given.get("Entries"))
        if not entries:
            raise missing_parameter("Entries")
        if len(self.store.all(_ENTRIES)) + len(entries) > _ENTRY_LIMIT:
            raise invalid(f"The list holds at most {_ENTRY_LIMIT} entries of a kind.", "Entries")
        made = [self._entry(kind, value.lower(), given) for value in entries]
        for row in made:
            self.store.put(_ENTRIES, row["Identity"], row)
        return objects(made, target=", ".join(row["Value"] for row in made))

    def remove_entries(self, parameters: Mapping[str, Any]) -> CmdletAnswer:
        """Takes entries off by value."""
        given = named(parameters, _LIST)
        kind = _list_type(given)
        values = {value.lower() for value in _texts(given.get("Entries"))}
        for key, row in self.store.all(_ENTRIES):
            if row["ListType"] == kind and row["Value"] in values:
                self.store.delete(_ENTRIES, key)
        return objects([], target=", ".join(sorted(values)))

    def get_policy(self, parameters: Mapping[str, Any]) -> CmdletAnswer:
        """Every anti-spam policy, the default one first (exchange.md 10)."""
        given = named(parameters, _POLICY_NAMES)
        wanted = str(given.get("Identity") or "")
        rows = [self._policy(wanted)] if wanted else [self._policy(name) for name in self._policies()]
        return objects(rows, target=wanted)

    def new_policy(self, parameters: Mapping[str, Any]) -> CmdletAnswer:
        """A further policy with the lists that are named."""
        given = named(parameters, _POLICY_NAMES)
        name = str(given.get("Name") or "")
        if not name:
            raise missing_parameter("Name")
        if name.lower() in {known.lower() for known in self._policies()}:
            raise invalid(f"There is a policy named '{name}' already.", "Name")
        self.store.put(_POLICY, name, {"Name": name})
        return self.set_policy({**given, "Identity": name})

    def set_policy(self, parameters: Mapping[str, Any]) -> CmdletAnswer:
        """Overwrites the lists that are named, or adds to and takes from them (exchange.md 1.3, 5.2)."""
        given = named(parameters, _POLICY_NAMES)
        known = self._policy(str(given.get("Identity") or ""))
        changed = {name: _edited(known[name], given[name]) for name in _POLICY_FIELDS if name in given}
        stamp = {"WhenChanged": format_instant(self.clock.now())}
        self.store.put(_POLICY, known["Name"], {**known, **changed, **stamp})
        return objects([], target=known["Name"])

    def get_junk(self, parameters: Mapping[str, Any]) -> CmdletAnswer:
        """One mailbox's lists."""
        owner = self._owner(named(parameters, _JUNK_NAMES))
        return objects([self._junk(owner)], target=owner["upn"])

    def set_junk(self, parameters: Mapping[str, Any]) -> CmdletAnswer:
        """Overwrites the lists that are named."""
        given = named(parameters, _JUNK_NAMES)
        owner = self._owner(given)
        known = self._junk(owner)
        changed = {name: _edited(known[name], given[name]) for name in _JUNK_FIELDS if name in given}
        self.store.put(_JUNK, owner["id"], {**known, **changed})
        return objects([], target=owner["upn"])

    def _entry(self, kind: str, value: str, given: Mapping[str, Any]) -> dict[str, Any]:
        usual = format_instant(self.clock.now() + _USUAL_LIFE)
        ends = None if given.get("NoExpiration") is True else str(given.get("ExpirationDate") or usual)
        return {
            "Identity": f"entry-{self.store.next_number(_ENTRIES)}",
            "Value": value,
            "Action": "Allow" if given.get("Allow") is True else "Block",
            "ListType": kind,
            "Notes": str(given.get("Notes") or ""),
            "ExpirationDate": ends,
            "LastModifiedDateTime": format_instant(self.clock.now()),
        }

    def _policies(self) -> list[str]:
        made = [key for key, _ in self.store.all(_POLICY) if key != _DEFAULT_POLICY]
        return [_DEFAULT_POLICY, *made]

    def _policy(self, identity: str) -> dict[str, Any]:
        name = next((one for one in self._policies() if one.lower() == identity.lower()), None)
        if name is None:
            raise rule_not_found(identity)
        empty: dict[str, Any] = {field: [] for field in _POLICY_FIELDS}
        known = self.store.get(_POLICY, name) or {}
        basis = {"Identity": name, "Name": name, "IsDefault": name == _DEFAULT_POLICY, "WhenChanged": None}
        return {**basis, **empty, **known}

    def _junk(self, owner: Mapping[str, Any]) -> dict[str, Any]:
        known = self.store.get(_JUNK, owner["id"]) or {}
        empty: dict[str, Any] = {name: [] for name in _JUNK_FIELDS}
        return {"Identity": owner["display_name"], "Enabled": True, **empty, **known}

    def _owner(self, given: Mapping[str, Any]) -> dict[str, Any]:
        identity = str(given.get("Identity") or "")
        user = self.directory.find(identity) if identity else None
        if user is None or user["mailbox"] not in _MAILBOXES:
            raise recipient_object_not_found(identity)
        return user


def _list_type(given: Mapping[str, Any]) -> str:
    kind = str(given.get("ListType") or "")
    if not kind:
        raise missing_parameter("ListType")
    return kind.capitalize()


def _edited(known: list[str], given: object) -> list[str]:
    """A whole list replaces the old one; a tagged table adds and removes, and clears with its tag alone."""
    if not isinstance(given, Mapping):
        return _texts(given)
    if given.get("@odata.type") != _TABLE_TYPE:
        raise not_transformable("a list", "A table needs its type beside it.")
    added, removed = _texts(given.get("Add")), {value.lower() for value in _texts(given.get("Remove"))}
    if not added and not removed:
        return []
    kept = [value for value in known if value.lower() not in removed]
    return kept + [value for value in added if value.lower() not in {one.lower() for one in kept}]


def _texts(value: object) -> list[str]:
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]
