"""Transport rules over the admin endpoint. Raw objects: `rules.normalise` gives them meaning."""

from collections.abc import Mapping
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

RawRule: TypeAlias = dict[str, Any]

SCOPE = "transport rules"
_NOT_FOUND = 404


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
            return Unknown(SCOPE, error.message)
        if result.truncated:
            return Unknown(SCOPE, "Exchange said that there are more rules than it returned.")
        if any(not rule.get("Guid") for rule in result.values):
            return Unknown(SCOPE, "Exchange returned a rule without a Guid.")
        return tuple(sorted(result.values, key=lambda rule: int(rule.get("Priority") or 0)))


class TransportRuleWriter:
    """Changes transport rules one at a time, always by Guid. Every method raises ServiceError on failure."""

    def __init__(self, exchange: ExchangeWriter) -> None:
        """`exchange` is the writer application's."""
        self._exchange = exchange

    async def create(self, parameters: Mapping[str, object]) -> str:
        """New-TransportRule; the Guid of what was made.

        After a ServiceError the rule may exist all the same: list the rules before asking again.
        """
        result = await self._exchange.invoke(WriteCmdlet.NEW, parameters)
        return _guid_of(result)

    async def update(self, guid: str, parameters: Mapping[str, object]) -> None:
        """Set-TransportRule with exactly these parameters; what is not named is left alone."""
        await self._exchange.invoke(WriteCmdlet.SET, {"Identity": guid, **parameters})

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


def _guid_of(result: CmdletResult) -> str:
    guid = result.values[0].get("Guid") if result.values else None
    if not guid:
        raise ServiceError("Exchange made a rule but did not say which; list the rules to find it.")
    return str(guid)
