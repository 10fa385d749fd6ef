"""`status`: how this installation stands, from the ledger and the settings; it asks no service."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from m365_restrict.cli.documented import carry_out, write_text
from m365_restrict.health.gather import Question, gather
from m365_restrict.health.sign_in import Application
from m365_restrict.health.state import HealthState, StatusDocument, exit_code_of
from m365_restrict.health.status_text import status_lines
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.report.documents import Head
from m365_restrict.report.json_text import to_json
from m365_restrict.report.text import plain
from m365_restrict.tenant.sign_in_way import way_to_sign_in
from settings.auth import ApplicationSettings
from settings.choices import EnforceWith
from settings.effective import shown_url
from settings.load import load_settings
from settings.model import Settings


@dataclass(frozen=True, kw_only=True)
class StatusRequest:
    """Where the settings are, and where the answer goes."""

    env_file: Path | None = None
    output: str = "text"
    file: Path | None = None


def run_status(request: StatusRequest, environ: Mapping[str, str]) -> int:
    """Say how it stands; the exit code."""
    zones = [ZoneInfo("Europe/London")]

    async def _work(run_id: str) -> StatusDocument:
        began = datetime.now(UTC)
        settings = load_settings(environ, request.env_file)
        zones.append(settings.lists.zone)
        state = state_now(settings)
        code = exit_code_of(state)
        head = Head(run_id=run_id, started_at=began, finished_at=datetime.now(UTC), exit_code=code)
        return status_document(state, head)

    def _write(document: StatusDocument) -> None:
        text = to_json(document) if request.output == "json" else plain(status_lines(document, zones[-1]))
        write_text(text, request.file)

    return carry_out(_work, lambda head: StatusDocument(head=head), _write)


def state_now(settings: Settings) -> HealthState:
    """The state at this moment. Raises `LedgerError`; a ledger that is not there yet is empty."""
    with open_ledger(settings.ledger.url, read_only=True) as ledger:
        return gather(ledger, question_of(settings))


def question_of(settings: Settings) -> Question:
    """What is asked of the ledger. A sandbox's clock is not asked: jobs live in real time."""
    now = datetime.now(UTC)
    return Question(
        now=now,
        zone=settings.lists.zone,
        options=settings.health.options(),
        timetable=settings.schedule.timetable(settings.lists.zone),
        applications=applications_of(settings),
        place=shown_url(settings.ledger.url),
    )


def applications_of(settings: Settings) -> tuple[Application, ...]:
    """The applications that runs sign in with: the writer only where there is one."""
    roles = {"reader": settings.auth.reader}
    if settings.enforce_with is not EnforceWith.SCRIPT:
        roles["writer"] = settings.auth.writer
    return tuple(_application(role, one) for role, one in roles.items())


def status_document(state: HealthState, head: Head) -> StatusDocument:
    """The state as a document."""
    return StatusDocument(head=head, **{one.name: getattr(state, one.name) for one in fields(state)})


def _application(role: str, one: ApplicationSettings) -> Application:
    return Application(
        role=role,
        way=way_to_sign_in(one),
        certificate_path=one.certificate_path,
        certificate_password=one.certificate_password.get_secret_value(),
    )
