"""Turning a seed into the tenant's documents. A seed that fails leaves the tenant as it was."""

from collections.abc import Mapping, Sequence
from typing import Any

from m365_restrict.sandbox.clock import format_instant
from m365_restrict.sandbox.directory import object_id_for
from m365_restrict.sandbox.exchange.service import Caller
from m365_restrict.sandbox.list_columns import PROVING_TITLE
from m365_restrict.sandbox.list_fields import BadField
from m365_restrict.sandbox.mailbox_folders import (
    CLOUD_MAILBOXES,
    find_folder_by_any_name,
    folders_of_new_mailbox,
    new_rule_id,
)
from m365_restrict.sandbox.seed import BadSeed, ItemSeed, ListSeed, Seed, TransportRuleSeed, UserSeed
from m365_restrict.sandbox.store import Json
from m365_restrict.sandbox.tenant import SandboxTenant, UnknownPerson

_FIRST_ERROR_STATUS = 400


def plant(tenant: SandboxTenant, seed: Seed, *, setup_client_id: str) -> None:
    """Replace the tenant by the seed, or raise `BadSeed` and keep what was there."""
    people = _check_names(seed)
    before = tenant.store.snapshot()
    try:
        with tenant.store.batch():
            tenant.store.clear()
            _plant_tenant(tenant, seed)
            _plant_people(tenant, seed)
            _plant_lists(tenant, seed, setup_client_id)
            _plant_inbox_rules(tenant, seed, people)
            _plant_transport_rules(tenant, seed)
    except Exception:
        tenant.store.restore(before)
        raise


def _check_names(seed: Seed) -> dict[str, UserSeed]:
    people: dict[str, UserSeed] = {}
    for number, user in enumerate(seed.users):
        for name in (user.upn, *user.aliases):
            if name.lower() in people:
                raise BadSeed(f"The seed has the address {name} twice, again at users.{number}.")
            people[name.lower()] = user
    addresses = {group.address.lower() for group in seed.groups}
    for group in seed.groups:
        if group.address.lower() in people:
            raise BadSeed(f"The seed has the address {group.address} for a user and a group.")
        for member in group.members:
            if member.lower() not in people and member.lower() not in addresses:
                raise BadSeed(f"The group {group.address} has the member {member}, who is not in the seed.")
    return people


def _plant_tenant(tenant: SandboxTenant, seed: Seed) -> None:
    domains = [domain.lower() for domain in seed.tenant.accepted_domains]
    stem = domains[0].partition(".")[0] if domains else "council"
    tenant.store.put(
        "tenant",
        "tenant",
        {
            "id": (seed.tenant.id or object_id_for("tenant")).lower(),
            "accepted_domains": domains,
            "time_zone": seed.tenant.time_zone,
            "initial_domain": f"{stem}.onmicrosoft.example",
            "behaviour": seed.tenant.behaviour.model_dump(),
            "now": format_instant(seed.now) if seed.now else None,
            "applications": {
                role: application.model_dump() for role, application in seed.tenant.applications.items()
            },
            "audit_on": seed.tenant.audit_on,
            "settings": {key: _setting_text(value) for key, value in seed.settings.items()},
        },
    )


def _setting_text(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _plant_people(tenant: SandboxTenant, seed: Seed) -> None:
    for user in seed.users:
        document = _user_document(user)
        tenant.store.put("users", document["id"], document)
        if user.mailbox in CLOUD_MAILBOXES:
            tenant.store.put(
                "folders", str(document["id"]), folders_of_new_mailbox(document["id"], user.folders)
            )
    for group in seed.groups:
        address = group.address.lower()
        made = {
            "id": object_id_for(f"group:{address}"),
            "address": address,
            "display_name": group.display_name or address.partition("@")[0],
            "kind": group.kind,
            "members": [member.lower() for member in group.members],
        }
        tenant.store.put("groups", str(made["id"]), made)


def _user_document(user: UserSeed) -> dict[str, Any]:
    upn = user.upn.lower()
    return {
        "id": object_id_for(upn),
        "upn": upn,
        "display_name": user.display_name or upn.partition("@")[0],
        "mailbox": user.mailbox,
        "enabled": user.mailbox != "shared" if user.enabled is None else user.enabled,
        "aliases": [alias.lower() for alias in user.aliases],
        "accepts_external": user.accepts_external,
        "forwarding": user.forwarding,
        "mail": None if user.mailbox == "none" else upn,
    }


def _plant_lists(tenant: SandboxTenant, seed: Seed, setup_client_id: str) -> None:
    setup = {"kind": "application", "id": setup_client_id, "name": "m365-restrict setup"}
    for title, planned in seed.lists.items():
        _plant_list(tenant, title, planned)
        document = tenant.lists.find(title)
        if document is not None:
            tenant.lists.add(document, setup, {"Title": PROVING_TITLE})


def _plant_list(tenant: SandboxTenant, title: str, planned: ListSeed) -> None:
    tenant.lists.create(
        title,
        read_security=planned.read_security,
        content_approval=planned.content_approval,
        omit=list(planned.omit_columns),
    )
    document = tenant.lists.find(title) or {}
    for number, item in enumerate(planned.items):
        try:
            _plant_item(tenant, document, item)
        except (BadField, UnknownPerson) as error:
            raise BadSeed(f"The seed cannot be used at lists.{title}.items.{number}: {error}.") from error


def _plant_item(tenant: SandboxTenant, document: Mapping[str, Any], item: ItemSeed) -> None:
    first, *later = item.versions
    creator = tenant.saver(item.created_by or first.by)
    fields = tenant.lists.check_fields(document, first.fields)
    item_id = tenant.lists.add(document, tenant.saver(first.by), fields, at=first.at, creator=creator)
    for version in later:
        fields = tenant.lists.check_fields(document, version.fields)
        tenant.lists.edit(document, item_id, tenant.saver(version.by), fields, at=version.at)


def _plant_inbox_rules(tenant: SandboxTenant, seed: Seed, people: Mapping[str, UserSeed]) -> None:
    for owner, rules in seed.inbox_rules.items():
        user = people.get(owner.lower())
        if user is None or user.mailbox not in CLOUD_MAILBOXES:
            raise BadSeed(f"The seed has inbox rules for {owner}, who has no mailbox in it.")
        user_id = object_id_for(user.upn)
        folders: list[dict[str, Any]] = (tenant.store.get("folders", user_id) or {"folders": []})["folders"]
        stored = [
            _inbox_rule(tenant, rule, folders, f"inbox_rules.{owner}.{number}")
            for number, rule in enumerate(rules)
        ]
        tenant.store.put("inbox_rules", user_id, {"rules": stored})


def _inbox_rule(
    tenant: SandboxTenant, rule: Mapping[str, Any], folders: Sequence[dict[str, Any]], where: str
) -> dict[str, Any]:
    actions = dict(rule.get("actions") or {})
    for name in ("moveToFolder", "copyToFolder"):
        if name in actions:
            folder = find_folder_by_any_name(folders, str(actions[name]))
            if folder is None:
                raise BadSeed(f"The seed cannot be used at {where}: there is no folder {actions[name]!r}.")
            actions[name] = folder["id"]
    number = tenant.store.next_number("inbox_rule")
    return {
        "id": new_rule_id(number),
        "displayName": str(rule.get("displayName", f"Rule {number}")),
        "sequence": int(rule.get("sequence", 1)),
        "isEnabled": bool(rule.get("isEnabled", True)),
        "hasError": bool(rule.get("hasError", False)),
        "isReadOnly": bool(rule.get("isReadOnly", False)),
        "conditions": rule.get("conditions") or {},
        "exceptions": rule.get("exceptions") or {},
        "actions": actions,
    }


def _plant_transport_rules(tenant: SandboxTenant, seed: Seed) -> None:
    """As administrators made them long ago, whatever the tenant has come to refuse or to drop since."""
    document = tenant.document
    earlier = {**document["behaviour"], "from_external": True, "drop_parameter": None}
    tenant.store.put("tenant", "tenant", {**document, "behaviour": earlier})
    for number, rule in enumerate(seed.transport_rules):
        _plant_transport_rule(tenant, rule, f"transport_rules.{number}")
    tenant.store.put("tenant", "tenant", document)
    tenant.exchange.settle_rules()
    tenant.exchange.forget_seeding()


def _plant_transport_rule(tenant: SandboxTenant, rule: TransportRuleSeed, where: str) -> None:
    try:
        caller = administrator(tenant, rule.by)
    except UnknownPerson as error:
        raise BadSeed(f"The seed cannot be used at {where}: {error}.") from error
    answer = tenant.exchange.invoke("New-TransportRule", rule.parameters, caller)
    if answer.status >= _FIRST_ERROR_STATUS:
        text = answer.body.decode("utf-8", errors="replace")
        raise BadSeed(f"The seed cannot be used at {where}: New-TransportRule answers {answer.status} {text}")


def administrator(tenant: SandboxTenant, by: str) -> Caller:
    """An administrator at work in Exchange, who may run every cmdlet."""
    saver = tenant.saver(by)
    found = tenant.directory.find(by) if saver["kind"] == "user" else None
    name = str(found["display_name"] if found else saver["name"])
    return Caller(name=name, object_id=found["id"] if found else "", app_id="", cmdlets=None)
