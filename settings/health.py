"""How somebody learns that it still works, and what its log lines look like."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from m365_restrict.health.options import HealthOptions
from m365_restrict.logs.log_lines import LogFormat
from settings.values import is_loopback

_LAST_PORT = 65_535


class LogLevel(StrEnum):
    """From which severity on lines are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class HealthSettings(BaseModel):
    """Health (docs/health.md): who is told that it works, and where its state can be read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    port: Annotated[int, Field(ge=0, le=_LAST_PORT)] = 0
    """Port of /healthz, /readyz and /metrics while `schedule` or `health serve` runs. Default 0: none."""
    host: str = Field(default="127.0.0.1", min_length=1)
    """Address that the port is opened on; 0.0.0.0 for a container. Default 127.0.0.1: this computer alone."""
    loop_seconds: float = Field(default=120.0, ge=10, le=3600)
    """Seconds after which /healthz says that a scheduler which has not turned is stuck. Default 120."""
    silence_hours: int = Field(default=24, ge=1, le=24 * 31)
    """Hours without a success after which a job that was due is silent. Default 24."""
    late_minutes: int = Field(default=60, ge=5, le=24 * 60)
    """Minutes after its time in which a job may still begin and end before it is overdue. Default 60."""
    certificate_days: int = Field(default=30, ge=1, le=365)
    """Days before the end of a certificate from which on `doctor` and `status` warn. Default 30."""
    ping_url: SecretStr = SecretStr("")
    """Where each successful job reports that it has worked, so that silence alarms there: the address of a
    check at Healthchecks or the like, or several with commas between them; {job} stands for the job's name.
    Who has it can report in our place. Default none."""

    @field_validator("ping_url")
    @classmethod
    def _addresses(cls, value: SecretStr) -> SecretStr:
        for url in _parts(value):
            parts = urlsplit(url.replace("{job}", "job"))
            if not parts.hostname or (parts.scheme != "https" and not is_loopback(url)):
                raise ValueError("each entry must be a whole address that begins with https://")
            if "{" in url.replace("{job}", ""):
                raise ValueError("{job} is the only name in braces that it may hold")
        return value

    @property
    def ping_urls(self) -> tuple[str, ...]:
        """Every address, secret."""
        return _parts(self.ping_url)

    def options(self) -> HealthOptions:
        """The same as plain values, without the addresses."""
        return HealthOptions(
            host=self.host,
            port=self.port,
            loop=timedelta(seconds=self.loop_seconds),
            silence=timedelta(hours=self.silence_hours),
            late=timedelta(minutes=self.late_minutes),
            certificate=timedelta(days=self.certificate_days),
        )


class LogSettings(BaseModel):
    """Log lines, which go to stderr and never name a person or an address (docs/health.md)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: LogFormat = LogFormat.PLAIN
    """`plain`: what a run is doing, for whoever watches it; `text`: a line each with time, level and run;
    `json`: the same as one JSON object each. Default plain."""
    level: LogLevel = LogLevel.INFO
    """The least severe lines of `text` and `json`: `debug`, `info`, `warning` or `error`. Default info."""


def _parts(value: SecretStr) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.get_secret_value().split(",") if part.strip())
