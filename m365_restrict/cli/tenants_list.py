"""`tenants`: which councils there are, and which of them can be run."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from m365_restrict.cli.run_id import run_id_of
from m365_restrict.cli.streams import hand_over
from m365_restrict.cli.tenants_all import failed_line, write_tenants
from m365_restrict.errors import ConfigurationError, ExitCode, RestrictError
from m365_restrict.report.documents import Failure, Head
from m365_restrict.report.failure import failure_of
from m365_restrict.report.tenants_document import TenantLine, TenantsDocument, exit_code_of
from settings.model import Settings
from settings.tenants_folder import Tenant, find_folder


def list_tenants(named: Path | None, output: str, file: Path | None, environ: Mapping[str, str]) -> int:
    """Print a line for each council; the exit code."""
    started = datetime.now(UTC)
    lines: tuple[TenantLine, ...] = ()
    error: Failure | None = None
    try:
        folder = find_folder(named, environ)
        checked = folder.checked(environ)
        lines = tuple(_line(one, checked[one.name]) for one in folder.tenants)
        code = exit_code_of(lines)
    except RestrictError as failed:
        code, error = failed.exit_code, failure_of(failed)
    head = Head(
        run_id=run_id_of(started),
        started_at=started,
        finished_at=datetime.now(UTC),
        exit_code=code,
        error=error,
    )
    document = TenantsDocument(head=head, command="tenants", tenants=lines)
    return hand_over(lambda: write_tenants(document, output, file), code)


def _line(tenant: Tenant, checked: Settings | ConfigurationError) -> TenantLine:
    if isinstance(checked, ConfigurationError):
        return failed_line(tenant.name, failure_of(checked), checked.exit_code)
    return TenantLine(
        name=tenant.name,
        status=ExitCode.IN_STEP.status,
        exit_code=ExitCode.IN_STEP,
        summary=f"Its settings can be used: {tenant.file}.",
    )
