"""Get-AdminAuditLogConfig and Test-ServicePrincipalAuthorization (exchange.md 6, graph.md 8.2)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from m365_restrict.sandbox.directory import SandboxDirectory
from m365_restrict.sandbox.exchange.binding import named
from m365_restrict.sandbox.exchange.envelope import CmdletAnswer, objects
from m365_restrict.sandbox.exchange.refusals import missing_parameter, recipient_object_not_found
from m365_restrict.sandbox.store import Store

_TEST = {"identity": "Identity", "resource": "Resource"}


@dataclass(frozen=True)
class AccessCmdlets:
    """What an examination asks of a tenant: is auditing on, and whose mailboxes may an application open."""

    store: Store
    directory: SandboxDirectory

    def all(self) -> Mapping[str, Callable[[Mapping[str, Any]], CmdletAnswer]]:
        """The cmdlets by lower-case name."""
        return {
            "get-adminauditlogconfig": self.audit_config,
            "test-serviceprincipalauthorization": self.test_authorization,
        }

    def audit_config(self, parameters: Mapping[str, Any]) -> CmdletAnswer:
        """Whether the tenant records anything at all (exchange.md 6)."""
        named(parameters, {})
        tenant = self.store.get("tenant", "tenant") or {}
        row = {
            "Name": "Default",
            "AdminAuditLogEnabled": True,
            "UnifiedAuditLogIngestionEnabled": bool(tenant.get("audit_on", True)),
        }
        return objects([row], target="")

    def test_authorization(self, parameters: Mapping[str, Any]) -> CmdletAnswer:
        """One row for each role that Exchange gives an application; what Entra consents to is not shown.

        The names of the columns are general knowledge: the facts name the cmdlet and its use alone.
        """
        given = named(parameters, _TEST)
        identity, resource = str(given.get("Identity") or ""), given.get("Resource")
        if not identity:
            raise missing_parameter("Identity")
        application = self._application(identity)
        user = self.directory.find(str(resource)) if resource else None
        if resource and user is None:
            raise recipient_object_not_found(str(resource))
        scope = application["mailboxes"] or []
        rows = [
            {
                "RoleName": f"Application {role.removesuffix('.All')}",
                "GrantedPermissions": role,
                "AllowedResourceScope": ", ".join(scope),
                "ScopeType": "CustomRecipientScope",
                "InScope": self.directory.is_within(user, scope) if user else None,
            }
            for role in application["scoped_roles"]
        ]
        return objects(rows, target=identity)

    def _application(self, identity: str) -> dict[str, Any]:
        for _, known in self.store.all("applications"):
            if identity.lower() in {known[name].lower() for name in ("client_id", "object_id", "name")}:
                return known
        raise recipient_object_not_found(identity)
