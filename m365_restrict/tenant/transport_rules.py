"""Transport rules over the admin endpoint. Raw objects: `rules.normalise` gives them meaning."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeAlias

from m365_restrict.errors import ServiceError
from m365_restrict.outcome import Unknown
from m365_restrict.tenant.exchange import (
    CmdletResult,
    ExchangeReader,
    ExchangeWriter,
    ReadCmdlet,
    WriteCmdlet,
)
from m365_restrict.tenant.roles import why_unread

RawRule: TypeAlias = dict[str, Any]

SCOPE = "transport rules"
_REFUSED = 400
_NOT_FOUND = 404
_UNKNOWN_RECIPIENT = "ManagementObjectNotFoundException"


class _Empty(Enum):
    """What is sent for a parameter that is to be cleared."""

    AS_GIVEN = "an empty list for a list, else null"
    NULL = "null"
    LIST = "an empty list"


class TransportRuleReader:
    """Reads all transport rules, ours and others'."""

    def __init__(self, exchange: ExchangeReader) -> None:
        """`exchange` is the reader application's."""
        self._exchange = exchange

    async def list_rules(self) -> tuple[RawRule, ...] | Unknown:
        """Every rule of the tenant in the order of its Priority, or Unknown with the reason.

        Everything is listed, because Get with an Identity that does not exist returns all (exchange.md 1.5).
        """
        try:
            result = await self._exchange.invoke(ReadCmdlet.TRANSPORT_RULE)
        except ServiceError as error:
            return Unknown(SCOPE, why_unread(ReadCmdlet.TRANSPORT_RULE, error))
        if result.truncated:
            return Unknown(SCOPE, "Exchange said that there are more rules than it returned.")
        if any(not rule.get("Guid") for rule in result.values):
            return Unknown(SCOPE, "Exchange returned a rule without a Guid.")
        return tuple(sorted(result.values, key=lambda rule: int(rule.get("Priority") or 0)))

    async def find_rule(self, guid: str) -> RawRule | Unknown | None:
        """The rule with this Guid, None where the tenant has none, or Unknown with the reason.

        Everything is listed for it, as by `list_rules`; but whoever keeps the answer, keeps one rule.
        """
        listed = await self.list_rules()
        if isinstance(listed, Unknown):
            return listed
        return next((rule for rule in listed if rule["Guid"] == guid), None)


class TransportRuleWriter:
    """Changes transport rules one at a time, always by Guid. Every method raises ServiceError on failure."""

    def __init__(self, exchange: ExchangeWriter) -> None:
        """`exchange` is the writer application's."""
        self._exchange = exchange
        self._empty = _Empty.AS_GIVEN

    async def create(self, parameters: Mapping[str, object]) -> str:
        """New-TransportRule; the Guid of what was made.

        After a ServiceError the rule may exist all the same: list the rules before asking again.
        """
        return _guid_of(await self._invoke(WriteCmdlet.NEW, parameters))

    async def update(self, guid: str, parameters: Mapping[str, object]) -> None:
        """Set-TransportRule with these parameters; what is not named is left alone, null or [] is cleared.

        Which of the two a tenant takes is unknown (exchange.md 1.4, 8.3). A refusal that names a parameter
        that was to be cleared changed nothing, so the other is tried; what worked is kept to.
        """
        refused: ServiceError | None = None
        for empty in dict.fromkeys((self._empty, *_Empty)):
            try:
                await self._invoke(WriteCmdlet.SET, {"Identity": guid, **_cleared_with(empty, parameters)})
            except ServiceError as error:
                if not _is_about_clearing(error, parameters):
                    raise
                refused = refused or error
            else:
                self._empty = empty
                return
        raise refused or ServiceError("The rule could not be changed.")

    async def enable(self, guid: str, mode: str) -> None:
        """Enable-TransportRule with `mode` Enforce or Audit."""
        await self._exchange.invoke(WriteCmdlet.ENABLE, {"Identity": guid, "Mode": mode})

    async def disable(self, guid: str) -> None:
        """Disable-TransportRule; the rule stays as it is and does nothing."""
        await self._exchange.invoke(WriteCmdlet.DISABLE, {"Identity": guid, "Confirm": False})

    async def remove(self, guid: str) -> None:
        """Remove-TransportRule; a rule that is already gone is a success."""
        try:
            await self._exchange.invoke(WriteCmdlet.REMOVE, {"Identity": guid, "Confirm": False})
        except ServiceError as error:
            if error.status != _NOT_FOUND:
                raise

    async def _invoke(self, cmdlet: WriteCmdlet, parameters: Mapping[str, object]) -> CmdletResult:
        try:
            return await self._exchange.invoke(cmdlet, parameters)
        except ServiceError as error:
            if not _is_about_senders(error, parameters.get("From")):
                raise
            # Whether From takes outside addresses differs from tenant to tenant (exchange.md 2.1, From).
            raise ServiceError(
                "This tenant's Exchange takes no outside address as the sender of a rule (From). Set "
                "M365_RESTRICT_RULES__SENDER_MATCH=patterns, read the plan again and apply it.",
                status=error.status,
                service_code=error.service_code,
            ) from error


def _is_about_senders(error: ServiceError, senders: object) -> bool:
    """Whether the service does not know one of the senders as a recipient."""
    if error.service_code != _UNKNOWN_RECIPIENT or not isinstance(senders, list | tuple):
        return False
    return any(str(sender).lower() in error.message.lower() for sender in senders)


def _cleared_with(empty: _Empty, parameters: Mapping[str, object]) -> Mapping[str, object]:
    if empty is _Empty.AS_GIVEN:
        return parameters
    nothing: object = [] if empty is _Empty.LIST else None
    return {name: nothing if _is_empty(value) else value for name, value in parameters.items()}


def _is_empty(value: object) -> bool:
    return value is None or value == []


def _is_about_clearing(error: ServiceError, parameters: Mapping[str, object]) -> bool:
    """Whether the service judged a parameter that was to be cleared: it names that one in quotes."""
    cleared = (name for name, value in parameters.items() if _is_empty(value))
    return error.status == _REFUSED and any(f"'{name}'" in error.message for name in cleared)


def _guid_of(result: CmdletResult) -> str:
    guid = result.values[0].get("Guid") if result.values else None
    if not guid:
        raise ServiceError("Exchange made a rule but did not say which; list the rules to find it.")
    return str(guid)
