"""The addresses at which a real azure-identity credential signs in (testing.md, Identity)."""

import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_restrict.sandbox.identity import EXCHANGE, GRAPH, TOKEN_SECONDS
from m365_restrict.sandbox.services import Services
from m365_restrict.sandbox.sign_in_refused import SignInRefused


class TokenEndpoint:
    """The openid configuration, the key set and the token endpoint."""

    def __init__(self, services: Services) -> None:
        """Hold what all endpoints share."""
        self._services = services

    def routes(self) -> list[Route]:
        """Where these are served."""
        return [
            Route("/{tenant}/v2.0/.well-known/openid-configuration", self.configuration),
            Route("/{tenant}/discovery/v2.0/keys", self.keys),
            Route("/{tenant}/oauth2/v2.0/token", self.token, methods=["POST"]),
        ]

    async def configuration(self, request: Request) -> Response:
        """GET the openid configuration; its issuer matches the authority that was asked."""
        try:
            tenant = self._tenant(request)
        except SignInRefused as error:
            return _refused(error)
        root = f"{_base(request)}/{request.path_params['tenant']}"
        return JSONResponse(
            {
                "issuer": f"{_base(request)}/{tenant}/v2.0",
                "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
                "token_endpoint": f"{root}/oauth2/v2.0/token",
                "jwks_uri": f"{root}/discovery/v2.0/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
                "response_types_supported": ["code", "token"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        )

    async def keys(self, _request: Request) -> Response:
        """GET the public keys."""
        return JSONResponse(self._services.authority.keys())

    async def token(self, request: Request) -> Response:
        """POST client credentials: a token for Graph or for Exchange."""
        form = dict(parse_qsl((await request.body()).decode("utf-8", errors="replace")))
        root = f"{_base(request)}/{request.path_params['tenant']}"
        try:
            tenant = self._tenant(request)
            audiences = (f"{root}/oauth2/v2.0/token", f"{root}/v2.0", f"{_base(request)}/{tenant}/v2.0")
            application = self._services.authority.sign_in(form, audiences=audiences)
            resource = _resource(form.get("scope", ""))
        except SignInRefused as error:
            return _refused(error)
        issued = self._services.authority.issue(
            application, resource=resource, tenant=tenant, issuer=f"{_base(request)}/{tenant}/v2.0"
        )
        return JSONResponse(
            {
                "token_type": "Bearer",
                "expires_in": TOKEN_SECONDS,
                "ext_expires_in": TOKEN_SECONDS,
                "access_token": issued,
            }
        )

    def _tenant(self, request: Request) -> str:
        document = self._services.tenant.document
        asked = request.path_params["tenant"].lower()
        if asked not in (document["id"], document["initial_domain"], *document["accepted_domains"]):
            raise SignInRefused("invalid_request", 90002, f"Tenant '{asked}' not found.", status=400)
        return str(document["id"])


def _resource(scope: str) -> str:
    wanted = next((part for part in scope.split() if part.endswith("/.default")), "")
    if not wanted:
        text = f"The provided value for scope {scope} is not valid."
        raise SignInRefused("invalid_scope", 70011, text, status=400)
    resource = wanted.removesuffix("/.default").rstrip("/")
    if resource not in (GRAPH, EXCHANGE):
        text = f"The resource principal {resource} was not found."
        raise SignInRefused("invalid_resource", 500011, text, status=400)
    return resource


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _refused(error: SignInRefused) -> Response:
    body: dict[str, Any] = {
        "error": error.error,
        "error_description": f"AADSTS{error.number}: {error}",
        "error_codes": [error.number],
        "timestamp": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ"),
        "trace_id": str(uuid.uuid4()),
        "correlation_id": str(uuid.uuid4()),
    }
    return JSONResponse(body, error.status)
