"""Exchange Online's admin endpoint, InvokeCommand: one POST per cmdlet (exchange.md 1).

Reading and writing cmdlets are two enums, so that the type checker refuses a write asked of a reader.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote, urlsplit
from uuid import uuid4

import httpx

from m365_restrict.errors import ErrorCode, ServiceError
from m365_restrict.tenant.connection import build_http_client, retry_after_seconds
from m365_restrict.tenant.credentials import Credential, ReaderCredential, WriterCredential
from m365_restrict.tenant.exchange_errors import (
    challenged_claims,
    error_text,
    is_concurrency_refusal,
    is_transient_text,
)
from m365_restrict.tenant.in_flight import InFlight
from m365_restrict.tenant.patience import Patience, TryAgain

JsonObject: TypeAlias = dict[str, Any]

# Application calls are anchored to this mailbox, so that pages stay on one back end (exchange.md 1.2).
_ANCHOR = "APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@"
_PAGE_SIZE = 1000
_THROTTLED = 429
_ATTEMPTS = 5
"""Attempts where a service that is down says nothing of when to come back; about 15 seconds, as for Graph."""
_RETRIED_STATUSES = frozenset({408, 503, 504})
_TRUNCATION = "there are more results available"


class ReadCmdlet(StrEnum):
    """Cmdlets that change nothing."""

    TRANSPORT_RULE = "Get-TransportRule"
    RECIPIENT = "Get-Recipient"
    MAILBOX = "Get-Mailbox"
    ACCEPTED_DOMAIN = "Get-AcceptedDomain"
    TRANSPORT_CONFIG = "Get-TransportConfig"
    TENANT_BLOCK_LIST = "Get-TenantAllowBlockListItems"
    CONTENT_FILTER = "Get-HostedContentFilterPolicy"
    JUNK_CONFIGURATION = "Get-MailboxJunkEmailConfiguration"
    ADMIN_AUDIT_LOG_CONFIG = "Get-AdminAuditLogConfig"


class WriteCmdlet(StrEnum):
    """Cmdlets that change transport rules. No other is ever called."""

    NEW = "New-TransportRule"
    SET = "Set-TransportRule"
    ENABLE = "Enable-TransportRule"
    DISABLE = "Disable-TransportRule"
    REMOVE = "Remove-TransportRule"


Cmdlet: TypeAlias = ReadCmdlet | WriteCmdlet


@dataclass(frozen=True, kw_only=True)
class ExchangeOptions:
    """Where the admin endpoint is. `deadline_seconds` bounds one cmdlet with all its retries and waits.

    `enabled` is false where the tenant gives no Exchange role: every call then says so.
    """

    base_url: str
    scope: str
    tenant_id: str
    deadline_seconds: float = 300.0
    timeout_seconds: float = 100.0
    enabled: bool = True


@dataclass(frozen=True)
class CmdletResult:
    """All objects of all pages. `truncated` means that the service held some back: then it proves nothing."""

    values: tuple[JsonObject, ...]
    warnings: tuple[str, ...] = ()

    @property
    def truncated(self) -> bool:
        """Whether a warning says that more results exist (exchange.md 1.5)."""
        return any(_TRUNCATION in warning.lower() for warning in self.warnings)


class _ExchangeConnection:
    """One application's connection to the admin endpoint."""

    def __init__(
        self,
        options: ExchangeOptions,
        credential: Credential,
        *,
        ca_file: Path | None,
        in_flight: InFlight,
    ) -> None:
        self._options = options
        self._credential = credential
        self._in_flight = in_flight
        self._http = build_http_client(ca_file=ca_file, timeout_seconds=options.timeout_seconds, counted=True)

    async def close(self) -> None:
        await self._http.aclose()

    async def invoke(self, cmdlet: Cmdlet, parameters: Mapping[str, object]) -> CmdletResult:
        """Run a cmdlet and collect every page by posting the same body again (exchange.md 1.5)."""
        if not self._options.enabled:
            raise ServiceError(f"{cmdlet} was not run: ENFORCE_WITH says that there is no Exchange role.")
        body = {"CmdletInput": {"CmdletName": str(cmdlet), "Parameters": dict(parameters)}}
        tenant = quote(self._options.tenant_id, safe="")
        url = f"{self._options.base_url}/adminapi/beta/{tenant}/InvokeCommand"
        values: list[JsonObject] = []
        warnings: list[str] = []
        seen = {url}
        while url:
            page = await self._post_with_retries(cmdlet, url, body)
            values += _values_of(cmdlet, page)
            warnings += [str(line) for line in page.get("@adminapi.warnings") or ()]
            url = str(page.get("@odata.nextLink") or "")
            if url in seen or (url and urlsplit(url)[:2] != urlsplit(self._options.base_url)[:2]):
                raise ServiceError(f"Exchange answered {cmdlet} with a next page that cannot be followed.")
            seen.add(url)
        return CmdletResult(tuple(values), tuple(warnings))

    async def _post_with_retries(self, cmdlet: Cmdlet, url: str, body: Mapping[str, object]) -> JsonObject:
        patience = Patience(
            deadline_seconds=self._options.deadline_seconds, attempts=_ATTEMPTS, in_flight=self._in_flight
        )
        return await patience.try_until_done(lambda: self._post(cmdlet, url, body))

    async def _post(self, cmdlet: Cmdlet, url: str, body: Mapping[str, object]) -> JsonObject:
        """One attempt. A token that is challenged was refused before anything began: even New goes again."""
        async with self._in_flight:
            response = await self._post_as(cmdlet, url, body, claims=None)
            claims = challenged_claims(response.status_code, response.headers.get("www-authenticate"))
            if claims:
                response = await self._post_as(cmdlet, url, body, claims=claims)
        return _read_response(cmdlet, response)

    async def _post_as(
        self, cmdlet: Cmdlet, url: str, body: Mapping[str, object], *, claims: str | None
    ) -> httpx.Response:
        """POST with a token that has these claims; a cached one where none are asked for."""
        # Asked for so every time, a token that answers a challenge replaces the refused one in the cache.
        token = await self._credential.get_token(self._options.scope, claims=claims, enable_cae=True)
        try:
            return await self._http.post(url, json=body, headers=self._headers(cmdlet, token.token))
        except httpx.HTTPError as error:
            failure = ServiceError(f"Exchange did not answer {cmdlet}: {type(error).__name__}")
            failure.__cause__ = error
            # A New that got no answer may have been carried out: only the caller's re-list can tell.
            raise failure if cmdlet is WriteCmdlet.NEW else TryAgain(failure) from error

    def _headers(self, cmdlet: Cmdlet, token: str) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {token}",
            "X-AnchorMailbox": f"{_ANCHOR}{self._options.tenant_id}",
            "X-CmdletName": str(cmdlet),
            "Prefer": f"odata.maxpagesize={_PAGE_SIZE}",
            # Error texts and descriptions follow the caller's language; ours are compared in English.
            "Accept-Language": "en-US",
            "client-request-id": str(uuid4()),
        }


class ExchangeReader:
    """Runs cmdlets that read."""

    def __init__(
        self,
        options: ExchangeOptions,
        credential: ReaderCredential,
        *,
        ca_file: Path | None,
        in_flight: InFlight,
    ) -> None:
        """`in_flight` is shared by everything that this run opens."""
        self.enabled = options.enabled
        self._connection = _ExchangeConnection(options, credential, ca_file=ca_file, in_flight=in_flight)

    async def close(self) -> None:
        """Close pooled connections."""
        await self._connection.close()

    async def invoke(
        self, cmdlet: ReadCmdlet, parameters: Mapping[str, object] | None = None
    ) -> CmdletResult:
        """Run a Get- cmdlet; raise ServiceError with its status, error type and text."""
        return await self._connection.invoke(ReadCmdlet(cmdlet), parameters or {})


class ExchangeWriter:
    """Runs cmdlets that change transport rules."""

    def __init__(
        self,
        options: ExchangeOptions,
        credential: WriterCredential,
        *,
        ca_file: Path | None,
        in_flight: InFlight,
    ) -> None:
        """`in_flight` is shared by everything that this run opens."""
        self._connection = _ExchangeConnection(options, credential, ca_file=ca_file, in_flight=in_flight)

    async def close(self) -> None:
        """Close pooled connections."""
        await self._connection.close()

    async def invoke(self, cmdlet: WriteCmdlet, parameters: Mapping[str, object]) -> CmdletResult:
        """Run a cmdlet that writes. New is tried again only where the service says it did not begin."""
        return await self._connection.invoke(WriteCmdlet(cmdlet), parameters)


def _values_of(cmdlet: StrEnum, page: JsonObject) -> list[JsonObject]:
    """The objects of a page. Set, Enable, Disable and Remove answer with nothing (exchange.md 1.5)."""
    errors = page.get("@adminapi.errors")
    if errors:
        raise ServiceError(f"Exchange reported an error while running {cmdlet}: {errors[0]}")
    if "value" not in page and isinstance(cmdlet, ReadCmdlet):
        raise ServiceError(f"Exchange answered {cmdlet} without a list of values.")
    return [element for element in page.get("value") or () if isinstance(element, dict)]


def _read_response(cmdlet: Cmdlet, response: httpx.Response) -> JsonObject:
    if response.is_success:
        return _parse(cmdlet, response)
    failure = _failure(cmdlet, response)
    if _may_try_again(cmdlet, response):
        busy = response.status_code == _THROTTLED or is_concurrency_refusal(response.text)
        raise TryAgain(failure, retry_after_seconds(response.headers.get("retry-after")), busy=busy)
    raise failure


def _may_try_again(cmdlet: Cmdlet, response: httpx.Response) -> bool:
    if response.status_code == _THROTTLED or is_concurrency_refusal(response.text):
        return True
    if cmdlet is WriteCmdlet.NEW:
        return False
    return response.status_code in _RETRIED_STATUSES or is_transient_text(response.text)


def _failure(cmdlet: StrEnum, response: httpx.Response) -> ServiceError:
    kind, text = error_text(response.content)
    status = response.status_code
    if status in {401, 403}:
        return ServiceError(
            f"Exchange did not let the application run {cmdlet}: HTTP {status} {text}".rstrip(),
            status=status,
            service_code=kind,
            code=ErrorCode.PERMISSION_MISSING,
            advice="The application needs Exchange.ManageAsApp with admin consent and an Exchange role that "
            f"holds {cmdlet}; neither alone is enough.",
        )
    return ServiceError(
        f"Exchange answered {cmdlet} with HTTP {status}: {text or 'no explanation'}",
        status=status,
        service_code=kind,
    )


def _parse(cmdlet: StrEnum, response: httpx.Response) -> JsonObject:
    if not response.content.strip():
        return {} if isinstance(cmdlet, WriteCmdlet) else _refuse_shape(cmdlet)
    try:
        parsed = response.json()
    except ValueError as error:
        raise ServiceError(f"Exchange's answer to {cmdlet} is not JSON.") from error
    return parsed if isinstance(parsed, dict) else _refuse_shape(cmdlet)


def _refuse_shape(cmdlet: StrEnum) -> JsonObject:
    raise ServiceError(f"Exchange's answer to {cmdlet} is not an object.")
