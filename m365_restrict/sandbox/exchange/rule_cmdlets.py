"""New-, Set-, Enable-, Disable-, Remove- and Get-TransportRule (exchange.md 1, 2, 7.1)."""

import copy
import fnmatch
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from m365_restrict.sandbox.clock import SandboxClock
from m365_restrict.sandbox.exchange.binding import ValueBinder, named, rule_parameters
from m365_restrict.sandbox.exchange.catalogue import Kind, Part, defaults, properties
from m365_restrict.sandbox.exchange.envelope import CmdletAnswer, objects
from m365_restrict.sandbox.exchange.organisation_cmdlets import TenantFacts, limited
from m365_restrict.sandbox.exchange.refusals import missing_parameter, null_argument, rule_not_found
from m365_restrict.sandbox.exchange.rule_checks import check_count, check_priority, check_rule
from m365_restrict.sandbox.exchange.rule_object import complete_rejection, derive
from m365_restrict.sandbox.exchange.stored_rules import StoredRules
from m365_restrict.sandbox.exchange.values import instant_text

_FILTER = re.compile(r"\s*Description\s+-like\s+(['\"])(?P<pattern>.*)\1\s*", re.IGNORECASE | re.DOTALL)
_DATES = frozenset({"ActivationDate", "ExpiryDate"})
_DETAIL = ("Description", "Conditions", "Exceptions", "Actions")


def _names(*names: str) -> dict[str, str]:
    return {name.lower(): name for name in names}


_IDENTITY = _names("Identity")
_ENABLE = _names("Identity", "Mode")
_GET = _names("Identity", "State", "Filter", "ResultSize", "ExcludeConditionActionDetails", "DlpPolicy")


@dataclass(frozen=True)
class RuleCmdlets:
    """The rule cmdlets of one tenant. Each takes the request's parameters and the caller's display name."""

    rules: StoredRules
    binder: ValueBinder
    tenant: TenantFacts
    clock: SandboxClock

    def new(self, parameters: Mapping[str, Any], caller: str) -> CmdletAnswer:
        """Create a rule, last unless Priority says otherwise, enabled unless Enabled is false (2.2)."""
        given = self._kept(named(parameters, rule_parameters(for_new=True)))
        if not given.get("Name"):
            raise missing_parameter("Name")
        values = self.binder.bind_for_new(given)
        self._in_tenant_time(values)
        ordered = self.rules.in_order()
        place = values.pop("Priority", None)
        place = len(ordered) if place is None else place
        check_count(len(ordered))
        check_priority(place, len(ordered))
        rule = self._fresh(values, caller, place)
        check_rule(rule, ordered, name_taken=self._name_taken())
        with self.rules.change():
            self.rules.write(rule)
            self.rules.renumber([*ordered[:place], rule, *ordered[place:]])
        return objects([rule], target=rule["Name"])

    def set(self, parameters: Mapping[str, Any], caller: str) -> CmdletAnswer:
        """Change what is given and leave the rest alone; there is no Enabled here (2.2)."""
        given = named(parameters, {**rule_parameters(for_new=False), **_IDENTITY})
        old = self._find(given.pop("Identity", None))
        values = self.binder.bind_for_set(self._clearing(self._kept(given)))
        self._in_tenant_time(values)
        rest = [rule for rule in self.rules.in_order() if rule["Guid"] != old["Guid"]]
        place = self._place(values, old, len(rest))
        rule = {**copy.deepcopy(old), **values}
        self._complete(rule, values, caller)
        check_rule(rule, rest, name_taken=self._name_taken())
        with self.rules.change():
            self.rules.write(rule)
            self.rules.renumber([*rest[:place], rule, *rest[place:]])
        return objects([], target=old["Name"])

    def enable(self, parameters: Mapping[str, Any], caller: str) -> CmdletAnswer:
        """Enable a rule, and set its Mode when that is given (2.2)."""
        given = named(parameters, _ENABLE)
        rule = self._find(given.pop("Identity", None))
        return self._change(rule, {**self.binder.bind_for_set(given), "State": "Enabled"}, caller)

    def disable(self, parameters: Mapping[str, Any], caller: str) -> CmdletAnswer:
        """Disable a rule."""
        given = named(parameters, _IDENTITY)
        return self._change(self._find(given.get("Identity")), {"State": "Disabled"}, caller)

    def remove(self, parameters: Mapping[str, Any], caller: str) -> CmdletAnswer:  # noqa: ARG002 - one shape
        """Remove a rule; the later ones move up."""
        rule = self._find(named(parameters, _IDENTITY).get("Identity"))
        with self.rules.change():
            self.rules.remove(rule["Guid"])
            self.rules.renumber(self.rules.in_order())
        return objects([], target=rule["Name"])

    def get(self, parameters: Mapping[str, Any], caller: str) -> CmdletAnswer:  # noqa: ARG002 - one shape
        """List rules. A null or unknown Identity returns them all (1.5, 7.1 row 27)."""
        given = named(parameters, _GET)
        identity = given.get("Identity")
        one = self._match(str(identity)) if identity else None
        found = self.rules.in_order() if one is None else [one]
        found = [rule for rule in found if _passes(rule, given)]
        if given.get("ExcludeConditionActionDetails"):
            found = [{**rule, **dict.fromkeys(_DETAIL)} for rule in found]
        honoured = self.tenant.behaviour().get("result_size", "honoured") == "honoured"
        shown, warnings = limited(found, given.get("ResultSize") if honoured else None)
        return objects(shown, target="" if identity is None else str(identity), warnings=warnings)

    def _kept(self, given: dict[str, Any]) -> dict[str, Any]:
        """Without the parameter that this tenant silently ignores (`behaviour.drop_parameter`)."""
        dropped = str(self.tenant.behaviour().get("drop_parameter") or "").lower()
        return {name: value for name, value in given.items() if name.lower() != dropped}

    def _clearing(self, given: dict[str, Any]) -> dict[str, Any]:
        """Refuse the way of clearing that this tenant does not take (exchange.md 1.4, 8.3: unknown)."""
        takes = self.tenant.behaviour().get("clears_with", "both")
        for name, value in given.items():
            if properties()[name].part is Part.SETTING or properties()[name].kind is Kind.STRING:
                continue
            if (value is None and takes == "empty_list") or (value == [] and takes == "null"):
                raise null_argument(name)
        return given

    def _in_tenant_time(self, values: dict[str, Any]) -> None:
        """Whether the offset of a date is honoured over REST is unproven (exchange.md 1.3, 8.2, 10)."""
        if self.tenant.behaviour().get("expiry_offset", "honoured") == "honoured":
            return
        zone = ZoneInfo(self.tenant.document().get("time_zone", "UTC"))
        for name in _DATES & values.keys():
            if values[name]:
                wall = datetime.fromisoformat(values[name]).astimezone(UTC).replace(tzinfo=zone)
                values[name] = instant_text(wall)

    def _fresh(self, values: dict[str, Any], caller: str, place: int) -> dict[str, Any]:
        guid = str(uuid.uuid4())
        enabled = values.pop("Enabled", True)
        rule = {**defaults(), **values, "Priority": place}
        rule.update(Guid=guid, ImmutableId=guid, CreatedBy=caller, State="Enabled" if enabled else "Disabled")
        self._complete(rule, values, caller)
        return rule

    def _complete(self, rule: dict[str, Any], values: Mapping[str, Any], caller: str) -> None:
        complete_rejection(rule, values)
        if not self.tenant.behaviour().get("rejects_with_both", True) and rule["RejectMessageReasonText"]:
            # ODP: beside a text the code becomes 5.7.1; ODE: both may be given (exchange.md 2.5).
            rule["RejectMessageEnhancedStatusCode"] = "5.7.1"
        self._stamp(rule, caller)

    def _name_taken(self) -> int:
        """The HTTP status for a name that is taken is unknown (exchange.md 1.7, 8.5)."""
        return int(self.tenant.behaviour().get("duplicate_name_status", 400))

    def _place(self, values: dict[str, Any], old: Mapping[str, Any], highest: int) -> int:
        place = values.pop("Priority", old["Priority"])
        if place is None:
            raise null_argument("Priority")
        check_priority(place, highest)
        return int(place)

    def _change(self, old: Mapping[str, Any], values: Mapping[str, Any], caller: str) -> CmdletAnswer:
        rule = {**copy.deepcopy(dict(old)), **values}
        self._stamp(rule, caller)
        with self.rules.change():
            self.rules.write(rule)
        return objects([], target=old["Name"])

    def _stamp(self, rule: dict[str, Any], caller: str) -> None:
        rule["LastModifiedBy"] = caller
        rule["WhenChanged"] = instant_text(self.clock.now())
        rule["DistinguishedName"] = self.tenant.rule_distinguished_name(str(rule["Name"]))
        rule["OrganizationId"] = self.tenant.organisation_id()
        derive(rule, domains_count=bool(self.tenant.behaviour().get("domains_use_budget", True)))

    def _find(self, identity: object) -> dict[str, Any]:
        if not identity:
            raise missing_parameter("Identity")
        rule = self._match(str(identity))
        if rule is None:
            raise rule_not_found(str(identity))
        return rule

    def _match(self, identity: str) -> dict[str, Any] | None:
        wanted = identity.casefold()
        for rule in self.rules.in_order():
            if wanted in {rule[name].casefold() for name in ("Guid", "Name", "DistinguishedName")}:
                return rule
        return None


def _passes(rule: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    """-State, and the only -Filter there is: Description -like '*x*' (1.5)."""
    state = given.get("State")
    if state and rule["State"].casefold() != str(state).casefold():
        return False
    match = _FILTER.fullmatch(str(given.get("Filter") or ""))
    return match is None or fnmatch.fnmatchcase(rule["Description"].lower(), match["pattern"].lower())
