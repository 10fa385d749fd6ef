"""The sandbox's people and groups, found by any name that Exchange or Graph accepts."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from m365_restrict.sandbox.store import Store

_NAMESPACE = uuid.UUID("6f1d7a52-1a0c-4f0e-9d53-5b7b6a0f8c11")
_CLOUD_MAILBOXES = frozenset({"user", "shared"})


def object_id_for(name: str) -> str:
    """The object id of a user, group or list: the same name always has the same id."""
    return str(uuid.uuid5(_NAMESPACE, name.lower()))


@dataclass
class _Index:
    """Lookup tables over one state of the store."""

    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)
    members: dict[str, frozenset[str]] = field(default_factory=dict)
    domains: frozenset[str] = frozenset()


class SandboxDirectory:
    """Answers about addresses (`mailflow.directory.MailDirectory`) and finds users and groups.

    Documents that it hands out belong to a shared index: read them, write through the store.
    """

    def __init__(self, store: Store) -> None:
        """Index `store` lazily, and again whenever its users, groups or tenant change."""
        self._store = store
        self._revision: tuple[int, ...] = (-1,)
        self._built = _Index()

    def primary(self, address: str) -> str:
        """The primary SMTP address, lower case; an unknown address is its own."""
        found = self.find(address)
        if found is not None:
            return str(found["mail"] or found["upn"]).lower()
        group = self.find_group(address)
        return str(group["address"]).lower() if group is not None else address.strip().lower()

    def members(self, group: str) -> frozenset[str]:
        """Primary addresses of all transitive members; empty for a group that does not exist."""
        index = self._index()
        found = index.groups.get(_key(group))
        if found is None:
            return frozenset()
        if found["id"] not in index.members:
            index.members[found["id"]] = self._expand(found)
        return index.members[found["id"]]

    def is_group(self, address: str) -> bool:
        """Whether mail to this address is expanded to members."""
        return _key(address) in self._index().groups

    def has_mailbox(self, address: str) -> bool:
        """Whether mail to this address lands in a mailbox of this tenant."""
        found = self.find(address)
        return found is not None and found["mailbox"] in _CLOUD_MAILBOXES

    def is_accepted_domain(self, domain: str) -> bool:
        """Whether the tenant receives mail for this domain."""
        return domain.strip().lower() in self._index().domains

    def find(self, identity: str) -> dict[str, Any] | None:
        """A user, guest or contact by object id, sign-in name, alias or exact display name."""
        index = self._index()
        found = index.users.get(_key(identity))
        if found is not None:
            return found
        ids = index.names.get(_key(identity), [])
        return index.users.get(ids[0]) if len(ids) == 1 else None

    def find_group(self, identity: str) -> dict[str, Any] | None:
        """A group by object id, address or exact display name."""
        index = self._index()
        found = index.groups.get(_key(identity))
        if found is not None:
            return found
        ids = index.names.get(_key(identity), [])
        return index.groups.get(ids[0]) if len(ids) == 1 else None

    def is_within(self, user: Mapping[str, Any], scope: Sequence[str]) -> bool:
        """Whether a mailbox is named in a scope, or a direct member of a group that is (exchange.md 10)."""
        own = {user["id"], *map(_key, (user["upn"], user["mail"] or "", *user["aliases"]))}
        for name in scope:
            group = self._index().groups.get(_key(name))
            named = [name] if group is None else group["members"]
            if not own.isdisjoint(map(_key, named)):
                return True
        return False

    def ambiguous(self, identity: str) -> bool:
        """Whether this is only a display name, and two or more recipients share it."""
        index = self._index()
        key = _key(identity)
        known = key in index.users or key in index.groups
        return not known and len(index.names.get(key, [])) > 1

    def display_name_of(self, upn: str) -> str:
        """The display name behind an address or id; the address itself when nobody has it."""
        found = self.find(upn) or self.find_group(upn)
        return str(found["display_name"]) if found is not None else upn

    def _expand(self, group: dict[str, Any]) -> frozenset[str]:
        seen: set[str] = set()
        members: set[str] = set()
        waiting = [group]
        while waiting:
            current = waiting.pop()
            if current["id"] in seen:
                continue
            seen.add(current["id"])
            for member in current["members"]:
                inner = self._index().groups.get(_key(member))
                if inner is None:
                    members.add(self.primary(member))
                else:
                    waiting.append(inner)
        return frozenset(members)

    def _index(self) -> _Index:
        revision = tuple(self._store.revision(kind) for kind in ("users", "groups", "tenant"))
        if revision != self._revision:
            self._built = self._build()
            self._revision = revision
        return self._built

    def _build(self) -> _Index:
        index = _Index()
        for object_id, user in self._store.all("users"):
            for name in (object_id, user["upn"], user["mail"] or "", *user["aliases"]):
                index.users.setdefault(_key(name), user)
            index.names.setdefault(_key(user["display_name"]), []).append(object_id)
        for object_id, group in self._store.all("groups"):
            for name in (object_id, group["address"]):
                index.groups.setdefault(_key(name), group)
            index.names.setdefault(_key(group["display_name"]), []).append(object_id)
        index.users.pop("", None)
        tenant = self._store.get("tenant", "tenant") or {}
        domains = [*tenant.get("accepted_domains", []), tenant.get("initial_domain") or ""]
        index.domains = frozenset(domain.lower() for domain in domains if domain)
        return index


def _key(identity: str) -> str:
    return identity.strip().lower()
