"""What each application signs in with, and when that ends."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from m365_restrict.health.state import SignInLine
from m365_restrict.outcome import Unknown
from m365_restrict.tenant.sign_in_way import SignInWay


@dataclass(frozen=True, kw_only=True)
class Application:
    """One application as the settings have it. A certificate comes before any other `way`."""

    role: str
    way: SignInWay = SignInWay.NOTHING
    certificate_path: Path | None = None
    certificate_password: str = field(default="", repr=False)


def sign_in_line(application: Application, *, now: datetime) -> SignInLine:
    """How it signs in; of a certificate also when it ends."""
    role, way = application.role, SignInWay.CERTIFICATE
    if application.certificate_path is None:
        return SignInLine(role=role, kind=application.way)
    # Loads the library of certificates, which `status` does without where there is none.
    from m365_restrict.tenant.certificates import certificate_end  # noqa: PLC0415

    end = certificate_end(application.certificate_path, application.certificate_password)
    if isinstance(end, Unknown):
        return SignInLine(role=role, kind=way, problem=end.reason)
    return SignInLine(role=role, kind=way, ends_at=end, days_left=(end - now).days)
