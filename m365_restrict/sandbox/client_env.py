"""`client.env`: all that another verb needs to work against this sandbox (contracts.md 2)."""

from pathlib import Path

from m365_restrict.sandbox.certificates import write_private
from m365_restrict.sandbox.identity import EXCHANGE, GRAPH, ROLES, Authority
from m365_restrict.sandbox.sites import DEFAULT_SITE
from m365_restrict.sandbox.tenant import SandboxTenant

PREFIX = "M365_RESTRICT_"


def client_settings(state: Path, port: int, tenant: SandboxTenant, authority: Authority) -> dict[str, str]:
    """Every line of the file, in order. The seed's settings come last, so they win."""
    base = f"https://localhost:{port}"
    document = tenant.document
    settings = {
        "GRAPH__BASE_URL": f"{base}/v1.0",
        "EXCHANGE__BASE_URL": base,
        "GRAPH__SCOPE": f"{GRAPH}/.default",
        "EXCHANGE__SCOPE": f"{EXCHANGE}/.default",
        "AUTH__AUTHORITY": base,
        "AUTH__TENANT_ID": document["id"],
        **_credentials(authority),
        "TLS__CA_FILE": str(state / "ca.pem"),
        "CLOCK__URL": f"{base}/sandbox/clock",
        "LEDGER__URL": f"sqlite:///{state / 'ledger.db'}",
        "RULES__MODE": "enforce",
        "REGISTER__SITE": DEFAULT_SITE,
        "REGISTER__TIME_ZONE": document["time_zone"],
        "OWNERSHIP__INSTANCE_ID": "sandbox",
        **{key.removeprefix(PREFIX): value for key, value in document["settings"].items()},
    }
    trust = {name: str(state / "ca.pem") for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")}
    return {**{f"{PREFIX}{key}": value for key, value in settings.items()}, **trust}


def write_client_env(path: Path, settings: dict[str, str]) -> None:
    """KEY=VALUE lines without quotes, readable by the owner only."""
    lines = "".join(f"{key}={value}\n" for key, value in settings.items())
    write_private(path, lines.encode())


def _credentials(authority: Authority) -> dict[str, str]:
    settings: dict[str, str] = {}
    for role in ROLES:
        credential = authority.credentials[role]
        prefix = f"AUTH__{role.upper()}__"
        settings[f"{prefix}CLIENT_ID"] = authority.applications[role].client_id
        settings[f"{prefix}CERTIFICATE_PATH"] = str(credential.certificate)
        settings[f"{prefix}CLIENT_SECRET"] = credential.secret
    return settings
