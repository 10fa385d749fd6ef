"""Tokens: azure-identity credentials whose failure is a `SignInError` that names the application."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, assert_never
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError

from m365_restrict.errors import ConfigurationError, SignInError
from m365_restrict.tenant.federation import (
    TOKEN_FILE_VARIABLE,
    AsyncCredential,
    TrustedIdentityCredential,
    audience,
    read_token,
    token_path,
)
from m365_restrict.tenant.sign_in_way import SignInWay, way_to_sign_in

_MICROSOFT_AUTHORITIES = frozenset(
    {
        "login.microsoftonline.com",
        "login.microsoftonline.us",
        "login.chinacloudapi.cn",
        "login.partner.microsoftonline.cn",
    }
)

_ANY_WAY = "CERTIFICATE_PATH (or WORKLOAD_IDENTITY, TRUSTED_IDENTITY, MANAGED_IDENTITY)"
_TRUST = (
    "the federated credential of the application in Entra ID: its issuer, subject and audience must be those "
    "of the token, letter by letter (deploy/permissions: -Issuer, -Subject). `m365-restrict doctor` says "
)
_TO_CHECK = {
    SignInWay.CERTIFICATE: "the certificate beside it, and that it has not expired.",
    SignInWay.WORKLOAD_IDENTITY: f"{_TRUST}what the token holds.",
    SignInWay.TRUSTED_IDENTITY: f"{_TRUST}which identity is asked. It must be assigned to this computer.",
    SignInWay.SECRET: "the secret beside it, and that it has not expired.",
    SignInWay.MANAGED_IDENTITY: "that this identity is assigned to this computer.",
    SignInWay.NOTHING: "what it signs in with.",
}


@dataclass(frozen=True, kw_only=True)
class CredentialOptions:
    """How one application signs in (graph.md 8.3). `role` is "reader", "writer" or "setup", for messages.

    Of several ways `way` is used. `workload_identity` sends the token of a service account in place of a
    key, `trusted_identity` that of the managed identity with this client id. `authority` is an https URL;
    `ca_file` is trusted in place of the system's certificates.
    """

    role: str
    tenant_id: str
    client_id: str
    authority: str
    ca_file: Path | None = None
    certificate_path: Path | None = None
    certificate_password: str = field(default="", repr=False)
    workload_identity: bool = False
    token_file: Path | None = None
    trusted_identity: str = ""
    client_secret: str = field(default="", repr=False)
    managed_identity: bool = False

    @property
    def way(self) -> SignInWay:
        """How it signs in."""
        return way_to_sign_in(self)

    @property
    def settings_prefix(self) -> str:
        """The first part of the settings that this application is described by."""
        return f"M365_RESTRICT_AUTH__{self.role.upper()}__"


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
                f"{_TO_CHECK[self._options.way]}",
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


def _build(options: CredentialOptions) -> AsyncCredential:
    # azure-identity costs a tenth of a second to import; commands that never sign in do not pay it.
    from azure.identity.aio import (  # noqa: PLC0415 (see above)
        CertificateCredential,
        ClientAssertionCredential,
        ClientSecretCredential,
        ManagedIdentityCredential,
    )

    _require(options)
    common = _common(options)
    match options.way:
        case SignInWay.CERTIFICATE:
            common["password"] = options.certificate_password or None
            return _with_certificate(options, CertificateCredential, common)
        case SignInWay.WORKLOAD_IDENTITY:
            # Not azure-identity's WorkloadIdentityCredential, which keeps what it read for ten minutes.
            reading = partial(read_token, _required_token_path(options))
            return ClientAssertionCredential(options.tenant_id, options.client_id, reading, **common)
        case SignInWay.TRUSTED_IDENTITY:
            return TrustedIdentityCredential(
                ManagedIdentityCredential(client_id=options.trusted_identity),
                lambda asked: ClientAssertionCredential(
                    options.tenant_id, options.client_id, asked, **common
                ),
                scope=f"{audience(options.authority)}/.default",
            )
        case SignInWay.SECRET:
            return ClientSecretCredential(
                options.tenant_id, options.client_id, options.client_secret, **common
            )
        case SignInWay.MANAGED_IDENTITY:
            return ManagedIdentityCredential(client_id=options.client_id or None)
        case SignInWay.NOTHING:
            raise _incomplete(options, f"{options.settings_prefix}{_ANY_WAY}")
        case _ as never:
            assert_never(never)


def _common(options: CredentialOptions) -> dict[str, Any]:
    """What every credential of an application is told."""
    common: dict[str, Any] = {"authority": options.authority}
    if urlsplit(options.authority).hostname not in _MICROSOFT_AUTHORITIES:
        # Only Microsoft's authorities can be looked up at Microsoft (testing.md, Identity).
        common["disable_instance_discovery"] = True
    if options.ca_file is not None:
        common["connection_verify"] = str(options.ca_file)
    return common


def _with_certificate(
    options: CredentialOptions,
    build: Callable[..., AsyncCredential],
    common: dict[str, Any],
) -> AsyncCredential:
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
    """Raise ConfigurationError where the tenant or the application is not named."""
    if options.way in {SignInWay.MANAGED_IDENTITY, SignInWay.NOTHING}:
        return
    if not (options.tenant_id and options.client_id):
        raise _incomplete(options)


def _required_token_path(options: CredentialOptions) -> Path:
    path = token_path(options.token_file)
    if path is None:
        raise _incomplete(
            options,
            f"{options.settings_prefix}TOKEN_FILE (or {TOKEN_FILE_VARIABLE}, which the cluster sets for "
            'a pod with the label azure.workload.identity/use: "true")',
        )
    return path


def _incomplete(options: CredentialOptions, *more: str) -> ConfigurationError:
    """Everything that is missing at once."""
    needed = {
        "M365_RESTRICT_AUTH__TENANT_ID": options.tenant_id,
        f"{options.settings_prefix}CLIENT_ID": options.client_id,
    }
    missing = [*(name for name, value in needed.items() if not value), *more]
    return ConfigurationError(
        f"The {options.role} application cannot sign in, because these are not set: {', '.join(missing)}."
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
