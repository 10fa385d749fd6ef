"""The tenant's unified audit log: who changed a mail-flow rule, an inbox rule or a list item (exchange.md 6).

A record can be read some time after the deed: no delay is guaranteed, an hour or so is advised. So
`behaviour.audit_delay_minutes` keeps it back. A tenant whose auditing is off records nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from m365_restrict.sandbox.clock import SandboxClock, format_instant, parse_instant
from m365_restrict.sandbox.directory import object_id_for
from m365_restrict.sandbox.store import Store

_RECORDS = "audit"


class RecordType(StrEnum):
    """The kinds of record that the sandbox keeps, as Graph spells them."""

    EXCHANGE_ADMIN = "exchangeAdmin"
    EXCHANGE_ITEM = "exchangeItem"
    LIST_ITEM = "sharePointListOperation"


@dataclass(frozen=True)
class Actor:
    """Who did it: a sign-in name, or an application by its client id."""

    user_id: str
    object_id: str = ""
    app_id: str = ""


class AuditLog:
    """Keeps and shows records; everything is read at call time, because a seed replaces it."""

    def __init__(self, store: Store, clock: SandboxClock) -> None:
        """Hold the store and the tenant's time."""
        self._store = store
        self._clock = clock

    def record(
        self,
        kind: RecordType,
        operation: str,
        actor: Actor,
        object_id: str,
        *,
        details: Mapping[str, Any],
        at: datetime | None = None,
    ) -> None:
        """Keep one deed, unless auditing is off. `details` are the members of this kind of record."""
        tenant = self._store.get("tenant", "tenant") or {}
        if not tenant.get("audit_on", True):
            return
        number = self._store.next_number(_RECORDS)
        when = format_instant(at or self._clock.now())
        data = {
            "CreationTime": when.removesuffix("Z"),
            "Id": object_id_for(f"audit:{number}"),
            "Operation": operation,
            "OrganizationId": tenant.get("id", ""),
            "UserId": actor.user_id,
            "UserType": 5 if actor.app_id else 2,
            "ClientIP": "192.0.2.10:4711",
            "ResultStatus": "True",
            "ObjectId": object_id,
            "Workload": "SharePoint" if kind is RecordType.LIST_ITEM else "Exchange",
            "ExternalAccess": False,
            "AppAccessContext": {"ClientAppId": actor.app_id} if actor.app_id else {},
            "TokenObjectId": actor.object_id,
            "TokenTenantId": tenant.get("id", ""),
            **details,
        }
        record = {
            "id": data["Id"],
            "createdDateTime": when,
            "auditLogRecordType": kind.value,
            "operation": operation,
            "organizationId": data["OrganizationId"],
            "userType": "application" if actor.app_id else "admin",
            "userId": actor.user_id,
            "service": data["Workload"],
            "objectId": object_id,
            "userPrincipalName": actor.user_id,
            "clientIp": data["ClientIP"],
            "administrativeUnits": [],
            "auditData": data,
        }
        self._store.put(_RECORDS, str(number), record)

    def readable(self) -> list[dict[str, Any]]:
        """The records that have reached the log by now, oldest first."""
        tenant = self._store.get("tenant", "tenant") or {}
        delay = timedelta(minutes=int((tenant.get("behaviour") or {}).get("audit_delay_minutes", 0)))
        until = self._clock.now() - delay
        return [
            record
            for _, record in self._store.all(_RECORDS)
            if parse_instant(record["createdDateTime"]) <= until
        ]

    def forget(self, kind: RecordType) -> None:
        """Forget the records of a kind: what a seed made was made long ago."""
        for key, record in self._store.all(_RECORDS):
            if record["auditLogRecordType"] == kind.value:
                self._store.delete(_RECORDS, key)
