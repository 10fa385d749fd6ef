"""Signing in with a token of somebody whom the application trusts: a federated credential, and no key.

Entra ID holds the trust (issuer, subject, audience); what is sent in place of a key is the other's token as
`client_assertion` (graph.md 8.3; Microsoft, "Workload identity federation" and "Configure an application to
trust a managed identity").
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import jwt
from azure.core.credentials import AccessToken

from m365_restrict.errors import ErrorCode, SignInError
from m365_restrict.outcome import Unknown

TOKEN_FILE_VARIABLE = "AZURE_FEDERATED_TOKEN_FILE"  # noqa: S105 - a variable's name
"""What the webhook of Azure Workload Identity tells a pod; azure-identity reads the same."""
AUDIENCE = "api://AzureADTokenExchange"
_AUDIENCES = {
    "login.microsoftonline.us": f"{AUDIENCE}USGov",
    "login.chinacloudapi.cn": f"{AUDIENCE}China",
    "login.partner.microsoftonline.cn": f"{AUDIENCE}China",
}


class AsyncCredential(Protocol):
    """What is used of an azure.identity.aio credential."""

    async def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:  # noqa: ANN401 (azure-identity's)
        """A token, from the cache where possible."""
        ...

    async def close(self) -> None:
        """Close the connection."""
        ...


def audience(authority: str) -> str:
    """Whom a token must be for to be taken in place of a key; each national cloud has its own."""
    return _AUDIENCES.get(urlsplit(authority).hostname or "", AUDIENCE)


def token_path(given: Path | None) -> Path | None:
    """The file of the token that stands for a key; None where neither setting nor cluster names one."""
    named = os.environ.get(TOKEN_FILE_VARIABLE, "")
    return given or (Path(named) if named else None)


def read_token(path: Path) -> str:
    """The token in the file as it is now: the cluster replaces it long before it ends.

    Raises SignInError (workload-token-unusable) where there is none to be had.
    """
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise _unusable(path, f"it cannot be read ({type(error).__name__})") from error
    if not token:
        raise _unusable(path, "it is empty")
    return token


@dataclass(frozen=True, kw_only=True)
class Presented:
    """What a token says of itself; Entra ID compares it with the federated credential, letter by letter."""

    issuer: str
    subject: str
    audiences: tuple[str, ...]
    ends_at: datetime | None


def presented(path: Path) -> Presented | Unknown:
    """What the token in the file says of itself. It is read and not judged: only Entra ID can."""
    try:
        claims = jwt.decode(read_token(path), options={"verify_signature": False})
        ends = claims.get("exp")
        ends_at = None if ends is None else datetime.fromtimestamp(float(ends), UTC)
    except SignInError as error:
        return Unknown(str(path), error.message)
    except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError, OSError):
        return Unknown(str(path), f"The file {path} holds no token that can be read.")
    audiences = claims.get("aud", ())
    return Presented(
        issuer=str(claims.get("iss", "")),
        subject=str(claims.get("sub", "")),
        audiences=(audiences,) if isinstance(audiences, str) else tuple(map(str, audiences)),
        ends_at=ends_at,
    )


class TrustedIdentityCredential:
    """Signs in as an application with the token of a managed identity that it trusts."""

    def __init__(
        self,
        identity: AsyncCredential,
        application: Callable[[Callable[[], str]], AsyncCredential],
        *,
        scope: str,
    ) -> None:
        """`identity` gives tokens for `scope`; `application` signs in with what it is given to ask."""
        self._identity = identity
        self._scope = scope
        self._assertion = ""
        self._application = application(lambda: self._assertion)

    async def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:  # noqa: ANN401 (azure-identity's)
        """A token of the application. The identity's own is asked for first, and kept by azure-identity."""
        # azure-identity asks for an assertion without awaiting it, so it is fetched before.
        self._assertion = (await self._identity.get_token(self._scope)).token
        return await self._application.get_token(*scopes, **kwargs)

    async def close(self) -> None:
        """Close both connections."""
        try:
            await self._application.close()
        finally:
            await self._identity.close()


def _unusable(path: Path, why: str) -> SignInError:
    return SignInError(
        f"The token that the application signs in with, {path}, cannot be used: {why}.",
        code=ErrorCode.WORKLOAD_TOKEN_UNUSABLE,
    )
