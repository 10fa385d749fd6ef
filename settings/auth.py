"""How the applications sign in. The variables begin M365_RESTRICT_AUTH__."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from settings.values import Endpoint


class ApplicationSettings(BaseModel):
    """How one application signs in; of several ways the first that is set here is used."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    client_id: str = ""
    """Application id, or the client id of a managed identity. Default none."""
    certificate_path: Path | None = None
    """PEM or PKCS12 file with the private key. Default none."""
    certificate_password: SecretStr = SecretStr("")
    """Password of that file. Default none."""
    workload_identity: bool = False
    """Use the token of a Kubernetes service account, which the application trusts: a federated credential in
    Entra ID, and no key. Default no."""
    token_file: Path | None = None
    """File of that token, which the cluster renews. Default: what AZURE_FEDERATED_TOKEN_FILE names."""
    trusted_identity: str = Field(default="", pattern=r"^\S*$")
    """Client id of a managed identity of the Azure host, which the application trusts in the same way; for an
    application that several tenants have consented to. Default none."""
    client_secret: SecretStr = SecretStr("")
    """Secret; it can be copied, so it is warned of. Default none."""
    managed_identity: bool = False
    """Use the identity of the Azure host in place of an application. Default no."""


class AuthSettings(BaseModel):
    """Who signs in where."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    authority: Endpoint = "https://login.microsoftonline.com"
    """Token authority. Default: the worldwide one."""
    tenant_id: str = ""
    """Tenant id (GUID). Needed by every verb that reads the tenant."""
    reader: ApplicationSettings = ApplicationSettings()
    """The application that reads; plan, drift and explain use no other."""
    writer: ApplicationSettings = ApplicationSettings()
    """The application that writes; apply and heal use it beside the reader."""
    setup: ApplicationSettings = ApplicationSettings()
    """The application that makes lists, once; normal runs never use it."""
