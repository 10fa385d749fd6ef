"""Tokens: azure-identity credentials whose failure is a `SignInError` that names the application."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError

from m365_restrict.errors import ConfigurationError, SignInError

_MICROSOFT_AUTHORITIES = frozenset(
    {
        "login.microsoftonline.com",
        "login.microsoftonline.us",
        "login.chinacloudapi.cn",
        "login.partner.microsoftonline.cn",
    }
)


@dataclass(frozen=True, kw_only=True)
class CredentialOptions:
    """How one application signs in (graph.md 8.3). `role` is "reader", "writer" or "setup", for messages.

    A certificate is preferred to a secret; a managed identity is used only if neither is given.
    `authority` is an https URL; `ca_file` is trusted in place of the system's certificates.
    """

    role: str
    tenant_id: str
    client_id: str
    authority: str
    ca_file: Path | None = None
    certificate_path: Path | None = None
    certificate_password: str = field(default="", repr=False)
    client_secret: str = field(default="", repr=False)
    managed_identity: bool = False

    @property
    def settings_prefix(self) -> str:
        """The first part of the settings that this application is described by."""
        return f"M365_RESTRICT_AUTH__{self.role.upper()}__"


class _AzureCredential(Protocol):
    """What is used of an azure.identity.aio credential."""

    async def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken: ...  # noqa: ANN401 (azure-identity's)

    async def close(self) -> None: ...


class Credential:
    """One application's tokens. Its subclasses keep reading and writing apart for the type checker."""

    def __init__(self, options: CredentialOptions) -> None:
        """Check what can be checked without the network; raise ConfigurationError or SignInError."""
        self._options = options
        self._azure = _build(options)

    async def get_token(
        self,
        *scopes: str,
        claims: str | None = None,
        tenant_id: str | None = None,
        enable_cae: bool = False,
        **kwargs: Any,  # noqa: ANN401 (azure-identity's protocol)
    ) -> AccessToken:
        """A valid token for `scopes`, from the cache where possible; raise SignInError if none is issued."""
        try:
            return await self._azure.get_token(
                *scopes, claims=claims, tenant_id=tenant_id, enable_cae=enable_cae, **kwargs
            )
        except (AzureError, ValueError) as error:
            raise SignInError(
                f"The {self._options.role} application {self._options.client_id} could not sign in at "
                f"{self._options.authority}: {_first_line(error)}",
                advice=f"Check M365_RESTRICT_AUTH__TENANT_ID, {self._options.settings_prefix}CLIENT_ID and "
                "the certificate or secret beside it, and that its certificate has not expired.",
            ) from error

    async def close(self) -> None:
        """Close the connection to the authority."""
        await self._azure.close()

    async def __aenter__(self) -> "Credential":
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.close()


class ReaderCredential(Credential):
    """The reader application's. No writer accepts it."""


class WriterCredential(Credential):
    """The writer application's. No reader accepts it."""


class SetupCredential(Credential):
    """The setup application's, for `init` alone: it may make lists, which no normal run may."""


def _build(options: CredentialOptions) -> _AzureCredential:
    # azure-identity costs a tenth of a second to import; commands that never sign in do not pay it.
    from azure.identity.aio import (  # noqa: PLC0415 (see above)
        CertificateCredential,
        ClientSecretCredential,
        ManagedIdentityCredential,
    )

    _require(options)
    common: dict[str, Any] = {"authority": options.authority}
    if urlsplit(options.authority).hostname not in _MICROSOFT_AUTHORITIES:
        # Only Microsoft's authorities can be looked up at Microsoft (testing.md, Identity).
        common["disable_instance_discovery"] = True
    if options.ca_file is not None:
        common["connection_verify"] = str(options.ca_file)
    if options.certificate_path is not None:
        common["password"] = options.certificate_password or None
        return _with_certificate(options, CertificateCredential, common)
    if options.client_secret:
        return ClientSecretCredential(options.tenant_id, options.client_id, options.client_secret, **common)
    return ManagedIdentityCredential(client_id=options.client_id or None)


def _with_certificate(
    options: CredentialOptions,
    build: Callable[..., _AzureCredential],
    common: dict[str, Any],
) -> _AzureCredential:
    try:
        return build(options.tenant_id, options.client_id, str(options.certificate_path), **common)
    except (OSError, ValueError, TypeError) as error:
        raise SignInError(
            f"The certificate of the {options.role} application, {options.certificate_path}, cannot be used: "
            f"{_first_line(error)}",
            advice=f"{options.settings_prefix}CERTIFICATE_PATH must name a PEM or PKCS12 file with its "
            f"private key; if it has a password, set {options.settings_prefix}CERTIFICATE_PASSWORD.",
        ) from error


def _require(options: CredentialOptions) -> None:
    if options.managed_identity:
        return
    missing = [
        name
        for name, value in (
            ("M365_RESTRICT_AUTH__TENANT_ID", options.tenant_id),
            (f"{options.settings_prefix}CLIENT_ID", options.client_id),
            (
                f"{options.settings_prefix}CERTIFICATE_PATH (or CLIENT_SECRET)",
                options.certificate_path or options.client_secret,
            ),
        )
        if not value
    ]
    if missing:
        raise ConfigurationError(
            f"The {options.role} application cannot sign in, because these are not set: {', '.join(missing)}."
        )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
