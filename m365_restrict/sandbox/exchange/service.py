"""Exchange administration of the sandbox: one cmdlet in, one answer out (exchange.md 1.2, 1.5, 1.7)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from m365_restrict.sandbox.audit_log import Actor, AuditLog, RecordType
from m365_restrict.sandbox.clock import SandboxClock
from m365_restrict.sandbox.directory import SandboxDirectory
from m365_restrict.sandbox.exchange.access_cmdlets import AccessCmdlets
from m365_restrict.sandbox.exchange.binding import ValueBinder
from m365_restrict.sandbox.exchange.block_list_cmdlets import BlockListCmdlets
from m365_restrict.sandbox.exchange.envelope import CmdletAnswer, forbidden, objects, refused
from m365_restrict.sandbox.exchange.organisation_cmdlets import OrganisationCmdlets, TenantFacts
from m365_restrict.sandbox.exchange.recipients import RuleRecipients
from m365_restrict.sandbox.exchange.refusals import CmdletRefused
from m365_restrict.sandbox.exchange.rule_cmdlets import RuleCmdlets
from m365_restrict.sandbox.exchange.stored_rules import StoredRules
from m365_restrict.sandbox.store import Store

__all__ = ["Caller", "CmdletAnswer", "ExchangeService"]

_READS = "get-"
_NOT_RECORDED = (_READS, "test-")


def _shown(value: object) -> str:
    return ";".join(str(one) for one in value) if isinstance(value, list) else str(value)


@dataclass(frozen=True)
class Caller:
    """Who runs a cmdlet. `name` is the display name that rules show; `cmdlets` None means all of them."""

    name: str
    object_id: str
    app_id: str
    cmdlets: frozenset[str] | None

    def may_run(self, cmdlet: str) -> bool:
        """Whether the caller's roles hold this cmdlet, in any case of letters."""
        return self.cmdlets is None or cmdlet.lower() in {name.lower() for name in self.cmdlets}


class ExchangeService:
    """The cmdlets of one sandbox tenant over its store."""

    def __init__(self, store: Store, directory: SandboxDirectory, clock: SandboxClock) -> None:
        """Hold the store; everything is read at call time, because a seed replaces it."""
        tenant = TenantFacts(store)
        self._directory = directory
        self._tenant = tenant
        self._audit = AuditLog(store, clock)
        self._rules = StoredRules(store, clock)
        binder = ValueBinder(RuleRecipients(directory, tenant.outside_senders))
        rules = RuleCmdlets(self._rules, binder, tenant, clock)
        organisation = OrganisationCmdlets(store, directory, tenant)
        self._rule_cmdlets: Mapping[str, Callable[[Mapping[str, Any], str], CmdletAnswer]] = {
            "get-transportrule": rules.get,
            "new-transportrule": rules.new,
            "set-transportrule": rules.set,
            "enable-transportrule": rules.enable,
            "disable-transportrule": rules.disable,
            "remove-transportrule": rules.remove,
        }
        self._organisation_cmdlets: Mapping[str, Callable[[Mapping[str, Any]], CmdletAnswer]] = {
            "get-accepteddomain": organisation.accepted_domain,
            "get-recipient": organisation.recipient,
            "get-mailbox": organisation.mailbox,
            "get-transportconfig": organisation.transport_config,
            **BlockListCmdlets(store, directory, clock).all(),
            **AccessCmdlets(store, directory).all(),
        }

    def cmdlets(self) -> list[str]:
        """The cmdlets that are imitated, in lower case."""
        return [*self._rule_cmdlets, *self._organisation_cmdlets]

    def invoke(self, cmdlet: str, parameters: Mapping[str, Any], caller: Caller) -> CmdletAnswer:
        """Run a cmdlet. A refusal is an answer, not an exception; an unknown cmdlet is 403 and NUL bytes."""
        target = str(parameters.get("Identity") or parameters.get("Name") or "")
        key = cmdlet.lower()
        if not caller.may_run(cmdlet) or key not in {*self._rule_cmdlets, *self._organisation_cmdlets}:
            return forbidden(target=target)
        try:
            answer = self._run(key, parameters, caller, target)
        except CmdletRefused as refusal:
            return refused(refusal, target=target)
        if not key.startswith(_NOT_RECORDED):
            self._record(cmdlet, parameters, caller, answer.target)
        return answer

    def _run(self, key: str, parameters: Mapping[str, Any], caller: Caller, target: str) -> CmdletAnswer:
        if key in self._organisation_cmdlets:
            return self._organisation_cmdlets[key](parameters)
        if parameters.get("WhatIf") is True and not key.startswith(_READS):
            # What WhatIf does over REST is unknown (exchange.md 2.2): here it changes nothing.
            return objects([], target=target)
        return self._rule_cmdlets[key](parameters, self._shown_as(caller))

    def _shown_as(self, caller: Caller) -> str:
        """What a rule says of an application that made it is unknown (exchange.md 6, 8.16)."""
        by_id = caller.app_id and self._tenant.behaviour().get("application_shown_as", "name") == "id"
        return caller.app_id if by_id else caller.name

    def _record(self, cmdlet: str, parameters: Mapping[str, Any], caller: Caller, target: str) -> None:
        """For New- the object may be empty and the name stands in the parameters (exchange.md 6)."""
        user = self._directory.find(caller.object_id) if caller.object_id else None
        actor = Actor(user["upn"] if user else caller.name, caller.object_id, caller.app_id)
        given = [{"Name": name, "Value": _shown(value)} for name, value in parameters.items()]
        self._audit.record(
            RecordType.EXCHANGE_ADMIN,
            cmdlet,
            actor,
            "" if cmdlet.lower().startswith("new-") else target,
            details={"Parameters": given},
        )

    def forget_seeding(self) -> None:
        """Call after a seed: nobody is on record for rules that were there already."""
        self._audit.forget(RecordType.EXCHANGE_ADMIN)

    def rules(self) -> list[dict[str, Any]]:
        """All transport rules as they are stored, by Priority. Shared objects: read only."""
        return self._rules.in_order()

    def rules_in_force(self) -> list[dict[str, Any]]:
        """What transport obeys now, by Priority. Shared objects: read only."""
        return self._rules.in_force()

    def settle_rules(self) -> None:
        """Call after a seed: the rules it made have long reached transport."""
        self._rules.settle()
