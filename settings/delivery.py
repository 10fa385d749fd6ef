"""Who is sent reports, by mail, in Teams, and from which library."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr, field_validator

from m365_restrict.plan.change import Severity
from m365_restrict.register.address import BadAddress, read_address
from m365_restrict.report.edition import Period
from m365_restrict.telling.delivery_options import DeliveryOptions, ReportRole, RoleDelivery
from settings.values import Words, is_loopback, split_list

_Packs = Annotated[tuple[Period, ...], BeforeValidator(split_list)]
_USUAL: dict[ReportRole, tuple[Severity, frozenset[Period]]] = {
    ReportRole.ICT: (Severity.MEDIUM, frozenset({Period.RUN, Period.DAILY})),
    ReportRole.GOVERNANCE: (Severity.HIGH, frozenset({Period.RUN, Period.WEEKLY})),
    ReportRole.IAO: (Severity.CRITICAL, frozenset({Period.RUN, Period.MONTHLY})),
    ReportRole.BOARD: (Severity.CRITICAL, frozenset({Period.QUARTERLY})),
}


class RoleDeliverySettings(BaseModel):
    """What one role is sent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    to: Words = ()
    """Mailboxes of the council that are written to, each by itself. Default none."""
    severity: Severity | None = None
    """The least severe finding that they are told of: `critical`, `high`, `medium` or `low`. Default:
    by role."""
    packs: _Packs = ()
    """The reports that they get: `run`, `daily`, `weekly`, `monthly`, `quarterly`, `annual`. `run` tells of
    critical findings at once. Default: by role."""
    workflow_url: SecretStr = SecretStr("")
    """Address of a Teams workflow that posts to their channel; who has it can post there. Default none."""

    @field_validator("to")
    @classmethod
    def _mailboxes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(isinstance(read_address(one), BadAddress) for one in value):
            raise ValueError("each entry must be one e-mail address")
        return tuple(dict.fromkeys(value))

    @field_validator("workflow_url")
    @classmethod
    def _https(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        parts = urlsplit(url)
        if url and not (parts.scheme == "https" and parts.hostname) and not is_loopback(url):
            raise ValueError("it must be the whole address of the workflow, which begins with https://")
        return value

    def options(self, role: ReportRole) -> RoleDelivery:
        """The same as plain values."""
        severity, packs = _USUAL[role]
        return RoleDelivery(
            role=role,
            to=self.to,
            severity=self.severity or severity,
            packs=frozenset(self.packs) or packs,
            workflow_url=self.workflow_url.get_secret_value(),
        )


class DeliverySettings(BaseModel):
    """Who is sent reports by `report --deliver` (docs/delivery.md)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ict: RoleDeliverySettings = RoleDeliverySettings()
    """Those who put rules right: medium findings, `run` and `daily` unless set otherwise."""
    governance: RoleDeliverySettings = RoleDeliverySettings()
    """Those who keep the register: high findings, `run` and `weekly` unless set otherwise."""
    iao: RoleDeliverySettings = RoleDeliverySettings()
    """The Information Asset Owner: critical findings, `run` and `monthly` unless set otherwise."""
    board: RoleDeliverySettings = RoleDeliverySettings()
    """The board: critical findings, `quarterly` unless set otherwise."""
    library: str = ""
    """Folder of the register site's document library that reports are filed in, or <drive id>:<folder>.
    Default: NOTIFY__LIBRARY."""

    @property
    def workflow_urls(self) -> tuple[str, ...]:
        """Every workflow's address, secret."""
        urls = (getattr(self, role.value).workflow_url.get_secret_value() for role in ReportRole)
        return tuple(url for url in urls if url)

    def options(self, *, sender: str, site: str, library: str) -> DeliveryOptions:
        """The same as plain values. `library` is where letters go, and reports unless set otherwise."""
        roles = tuple(getattr(self, role.value).options(role) for role in ReportRole)
        return DeliveryOptions(roles=roles, sender=sender, site=site, library=self.library or library)
