"""From a cmdlet to its answer over REST: the faults that concern its content, and pages (exchange.md 1)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from m365_restrict.sandbox.exchange.envelope import CmdletAnswer
from m365_restrict.sandbox.exchange.service import Caller
from m365_restrict.sandbox.faults import Asked, FaultKind
from m365_restrict.sandbox.services import Services
from m365_restrict.sandbox.store import Json
from m365_restrict.sandbox.tenant import SandboxTenant

_READS = "get-"
_OK = 200
_LARGEST_PAGE = 1000
_EMPTY_MARK = "~"
_PAGE_SIZE = re.compile(r"odata\.maxpagesize\s*=\s*(\d+)", re.IGNORECASE)
_SENDERS = ("From", "FromAddressMatchesPatterns", "FromAddressContainsWords", "SenderDomainIs")
_EXPIRED = "Expired or Invalid pagination request. Default Expiry time is 00:30:00"


@dataclass(frozen=True)
class Command:
    """A cmdlet with its parameters."""

    name: str
    parameters: Mapping[str, Any]

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.name.lower().startswith(_READS)

    @property
    def target(self) -> str:
        """What it is about, for the request log."""
        return str(self.parameters.get("Identity") or self.parameters.get("Name") or "")


@dataclass(frozen=True)
class Sent:
    """How a command came: its address without query, its `$skiptoken`, its headers in lower case."""

    url: str
    mark: str
    headers: Mapping[str, str]


def read_command(body: Json) -> Command | None:
    """The command in the body of InvokeCommand; None when there is none. `Parameters` may be left out."""
    try:
        cmdlet = body["CmdletInput"]
        name, parameters = cmdlet["CmdletName"], cmdlet.get("Parameters", {})
    except (KeyError, TypeError, AttributeError):
        return None
    return Command(name, parameters) if isinstance(name, str) and isinstance(parameters, dict) else None


def error_document(code: str, message: str) -> dict[str, Any]:
    """An error that says nothing but one sentence."""
    return {"error": {"code": code, "message": message, "details": []}}


class ExchangeCalls:
    """Carries commands out, with the faults that wait for them."""

    def __init__(self, services: Services) -> None:
        """Hold what all endpoints share."""
        self._services = services

    def carry_out(
        self, command: Command | None, caller: Caller, asked: Asked, sent: Sent, *, refused_by: FaultKind
    ) -> CmdletAnswer:
        """The answer of one command; `refused_by` is the kind of fault that refuses it instead."""
        fault = self._services.faults.take(refused_by, asked)
        if fault is not None:
            return _plain_error(fault.code, "Injected", "Injected.", fault.headers)
        if command is None:
            return _plain_error(400, "BadRequest", "The request body is not a CmdletInput.", {})
        if command.reads:
            return self._page(self._read(command, caller, asked), asked, sent)
        self._services.past.remember()
        kept = self._with_a_loss(command, asked)
        return self._services.tenant.exchange.invoke(kept.name, kept.parameters, caller)

    def _read(self, command: Command, caller: Caller, asked: Asked) -> CmdletAnswer:
        def read(tenant: SandboxTenant) -> CmdletAnswer:
            return tenant.exchange.invoke(command.name, command.parameters, caller)

        now = read(self._services.tenant)
        if self._services.faults.waits(FaultKind.STALE_READ, asked) is None:
            return now
        before = self._services.past.stale(now, read)
        if before is None:
            return now
        self._services.faults.take(FaultKind.STALE_READ, asked)
        return before

    def _page(self, answer: CmdletAnswer, asked: Asked, sent: Sent) -> CmdletAnswer:
        """One page with its link: the same command is sent again to it (exchange.md 1.5)."""
        if answer.status != _OK:
            return answer
        empty = self._services.faults.take(FaultKind.EMPTY_PAGE, asked) is not None
        number = sent.mark.rstrip(_EMPTY_MARK) or "0"
        needs_anchor = self._services.tenant.document["behaviour"].get("paging_needs_anchor", True)
        if not number.isdigit() or (sent.mark and needs_anchor and not sent.headers.get("x-anchormailbox")):
            return _plain_error(400, "BadRequest", _EXPIRED, {})
        found = _PAGE_SIZE.search(sent.headers.get("prefer", ""))
        size = min(int(found[1]) or _LARGEST_PAGE, _LARGEST_PAGE) if found else _LARGEST_PAGE
        document = json.loads(answer.body)
        start = int(number)
        if not empty and not start and len(document["value"]) <= size:
            return answer
        following = sent.mark + _EMPTY_MARK if empty else str(start + size)
        if empty or start + size < len(document["value"]):
            document["@odata.nextLink"] = f"{sent.url}?$skiptoken={following}"
        document["value"] = [] if empty else document["value"][start : start + size]
        return replace(answer, body=json.dumps(document, ensure_ascii=False).encode(errors="replace"))

    def _with_a_loss(self, command: Command, asked: Asked) -> Command:
        """Without the parameter that `drop_parameter` takes away; without it the fault waits for the next."""
        faults = self._services.faults
        fault = faults.waits(FaultKind.DROP_PARAMETER, asked)
        if fault is None:
            return command
        wanted = [fault.parameter] if fault.parameter else list(_SENDERS)
        given = {name.lower(): name for name in command.parameters}
        lost = next((given[name.lower()] for name in wanted if name.lower() in given), None)
        if lost is None:
            return command
        faults.take(FaultKind.DROP_PARAMETER, asked)
        return replace(command, parameters={k: v for k, v in command.parameters.items() if k != lost})


def _plain_error(status: int, code: str, message: str, headers: Mapping[str, str]) -> CmdletAnswer:
    body = json.dumps(error_document(code, message)).encode()
    return CmdletAnswer(status, body, {**headers, "Content-Type": "application/json; charset=utf-8"})
