"""What each application signs in with, and when that ends."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from m365_restrict.health.state import SignInKind, SignInLine
from m365_restrict.outcome import Unknown


@dataclass(frozen=True, kw_only=True)
class Application:
    """One application as the settings have it."""

    role: str
    certificate_path: Path | None = None
    certificate_password: str = field(default="", repr=False)
    has_secret: bool = False
    managed_identity: bool = False


def sign_in_line(application: Application, *, now: datetime) -> SignInLine:
    """How it signs in, as sign-in itself chooses: certificate, then secret, then managed identity."""
    role = application.role
    if application.certificate_path is None:
        if application.has_secret:
            return SignInLine(role=role, kind=SignInKind.SECRET)
        managed = application.managed_identity
        return SignInLine(role=role, kind=SignInKind.MANAGED_IDENTITY if managed else SignInKind.NOTHING)
    # Loads the library of certificates, which `status` does without where there is none.
    from m365_restrict.tenant.certificates import certificate_end  # noqa: PLC0415

    end = certificate_end(application.certificate_path, application.certificate_password)
    if isinstance(end, Unknown):
        return SignInLine(role=role, kind=SignInKind.CERTIFICATE, problem=end.reason)
    return SignInLine(role=role, kind=SignInKind.CERTIFICATE, ends_at=end, days_left=(end - now).days)
