"""What log lines look like and must not hold, found out before the settings are judged."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr, ValidationError

from m365_restrict.errors import ConfigurationError
from m365_restrict.logs.log_lines import LogFormat
from settings.health import LogSettings
from settings.load import SHARED_FILE, read_file
from settings.model import PREFIX
from settings.names import known_names

_GROUP = f"{PREFIX}LOG__"
_LEDGER = f"{PREFIX}LEDGER__URL"
_JOB = "{job}"


@dataclass(frozen=True)
class LogChoice:
    """Format and level, and every text that no line may hold."""

    format: LogFormat
    level: str
    secrets: tuple[str, ...]


def log_choice(environ: Mapping[str, str], env_file: Path | None) -> LogChoice:
    """What was chosen; nothing is logged where it cannot be used, and who reads the settings says so."""
    given = {key.upper(): value.strip() for source in _sources(environ, env_file) for key, value in source}
    chosen = {
        key.removeprefix(_GROUP).lower(): value
        for key, value in given.items()
        if key.startswith(_GROUP) and value
    }
    try:
        settings = LogSettings.model_validate(chosen)
    except ValidationError:
        settings = LogSettings()
    return LogChoice(settings.format, settings.level.value, tuple(_secrets(given)))


def _sources(environ: Mapping[str, str], env_file: Path | None) -> Iterator[list[tuple[str, str]]]:
    """The files and the environment, the stronger one last."""
    for file in (env_file.parent / SHARED_FILE, env_file) if env_file else ():
        try:
            yield list(read_file(file).items())
        except ConfigurationError:
            continue
    yield list(environ.items())


def _secrets(given: Mapping[str, str]) -> Iterator[str]:
    """The secrets, whole and in the parts that an address is made of."""
    for name, field in known_names().items():
        if field.annotation is SecretStr:
            for part in given.get(name, "").split(","):
                yield part.strip()
                for piece in part.split(_JOB) if _JOB in part else ():
                    yield piece.strip().strip("/")
                    yield urlsplit(piece.strip()).path.strip("/")
                if "://" in part:
                    yield urlsplit(part.strip()).path.strip("/")
    try:
        ledger = urlsplit(given.get(_LEDGER, ""))
    except ValueError:
        return
    yield ledger.password or ""
    yield from (value for name, value in parse_qsl(ledger.query) if "password" in name.lower())
