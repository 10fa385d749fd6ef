"""What an application brings with it: the roles in its token, and the way there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import jwt

from m365_restrict.outcome import Unknown
from m365_restrict.tenant.connection import build_http_client
from m365_restrict.tenant.credentials import CredentialOptions, ReaderCredential, WriterCredential

_WAIT_SECONDS = 20.0
_BROKEN = 500


@dataclass(frozen=True)
class Answered:
    """That a service answered. `at` is its own time, None where it told none; `took` is in seconds."""

    status: int
    at: datetime | None
    took: float

    @property
    def works(self) -> bool:
        """Whether it did more than report its own failure. A refusal is an answer."""
        return self.status < _BROKEN


async def ask(url: str, *, ca_file: Path | None) -> Answered | Unknown:
    """GET without a token, once: whether anybody is there, and what time it is there."""
    try:
        async with build_http_client(ca_file=ca_file, timeout_seconds=_WAIT_SECONDS) as http:
            response = await http.get(url)
    except (httpx.HTTPError, OSError) as error:
        return Unknown(url, f"{type(error).__name__}: {str(error).strip() or 'no answer'}")
    return Answered(response.status_code, _date(response), response.elapsed.total_seconds())


async def roles_in_token(options: CredentialOptions, scope: str) -> frozenset[str]:
    """The application roles that a token for `scope` carries; SignInError where none is issued.

    The token is read and not judged: only the service can, and only its own word counts there.
    """
    kind = WriterCredential if options.role == "writer" else ReaderCredential
    async with kind(options) as credential:
        token = await credential.get_token(scope)
    return roles_of(token.token)


def roles_of(token: str) -> frozenset[str]:
    """The application roles that a token carries; none where it is not one that can be read."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return frozenset()
    roles = claims.get("roles")
    return frozenset(map(str, roles)) if isinstance(roles, Sequence) else frozenset()


def _date(response: httpx.Response) -> datetime | None:
    try:
        found = parsedate_to_datetime(response.headers.get("date", ""))
    except (TypeError, ValueError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
