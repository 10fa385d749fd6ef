"""The part of msgraph-sdk that is used: authentication, middleware and error types.

Importing it costs up to half a second (testing.md, Speed of the SDK), so `graph` imports this
module at the first request and no other module imports it at all.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
from kiota_abstractions.api_error import APIError
from kiota_abstractions.method import Method
from kiota_abstractions.request_adapter import RequestAdapter
from kiota_abstractions.request_information import RequestInformation
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from kiota_http.kiota_client_factory import KiotaClientFactory
from kiota_http.middleware import RedirectHandler, UserAgentHandler
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient

from m365_restrict.errors import ErrorCode, ServiceError
from m365_restrict.tenant.connection import shown_path
from m365_restrict.tenant.credentials import Credential

_ERRORS: dict[str, Any] = {"XXX": ODataError}
_CODES = {401: ErrorCode.SIGN_IN_FAILED, 403: ErrorCode.PERMISSION_MISSING}


class GraphSdk:
    """The SDK's service client over an HTTP client of ours."""

    def __init__(self, credential: Credential, http: httpx.AsyncClient, *, base_url: str, scope: str) -> None:
        """It tries nothing again but for a challenged token: it knows no deadline (graph.md 9)."""
        provider = AzureIdentityAuthenticationProvider(
            credential,
            scopes=[scope],
            # Host names without a port, else the token is silently left out (testing.md, Identity).
            allowed_hosts=[urlsplit(base_url).hostname or ""],
        )
        # Of the usual seven those that do something here: the others replace and inspect nothing of ours, and
        # each costs every request a look at its address.
        middleware = [RedirectHandler(), UserAgentHandler()]
        client = KiotaClientFactory.create_with_custom_middleware(middleware, http)
        adapter = GraphRequestAdapter(provider, client)
        # Set here, it has no double slash (graph.md 9).
        adapter.base_url = base_url
        # The service client registers the parsers without which errors lose their code.
        self._adapter: RequestAdapter[Any] = GraphServiceClient(request_adapter=adapter).request_adapter

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: Mapping[str, object] | bytes | None,
    ) -> bytes:
        """The raw body of a successful answer; ServiceError with Graph's status and code for any other."""
        request = _request(method, url, headers, body)
        try:
            answer: object = await self._adapter.send_primitive_async(request, "bytes", _ERRORS)
        except APIError as error:
            raise _service_error(method, url, error) from error
        except httpx.HTTPError as error:
            raise ServiceError(
                f"Graph did not answer {method} {shown_path(url)}: {type(error).__name__}"
            ) from error
        return answer if isinstance(answer, bytes) else b""


def _request(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: Mapping[str, object] | bytes | None,
) -> RequestInformation:
    request = RequestInformation(Method(method))
    request.url = url
    request.headers.try_add("Accept", "application/json")
    for name, value in headers.items():
        if name != "Content-Type":
            request.headers.add(name, value)
    match body:
        case bytes():
            request.set_stream_content(body, headers.get("Content-Type", "application/octet-stream"))
        case Mapping():
            request.set_stream_content(json.dumps(body).encode(), "application/json")
    return request


def _service_error(method: str, url: str, error: APIError) -> ServiceError:
    status = error.response_status_code
    main = getattr(error, "error", None)
    service_code = _sound(getattr(main, "code", None))
    text = _sound(getattr(main, "message", None)) or "no explanation"
    return ServiceError(
        f"Graph answered {method} {shown_path(url)} with HTTP {status} {service_code}: {text}",
        status=status,
        service_code=service_code,
        code=_CODES.get(status or 0),
    )


def _sound(text: object) -> str:
    """A text without halves of surrogate pairs, which nothing could be written from."""
    return str(text or "").encode("utf-8", "replace").decode("utf-8")
