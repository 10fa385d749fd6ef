"""Every setting with its unit, default and effect (contracts.md 2).

The environment variable is the prefix, the path of field names (or aliases) in upper case, joined by `__`:
`rules.mode` is M365_RESTRICT_RULES__MODE. Lists are comma-separated. An empty value counts as not set.
"""

from datetime import date
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from m365_restrict.register.address import BadAddress, read_address
from m365_restrict.rules.patterns import PatternAnchors
from m365_restrict.rules.transport_rule import RuleMode, SenderLocation, SenderMatch
from m365_restrict.steps.options import AuditUse
from settings.auth import AuthSettings
from settings.choices import EnforceWith, RulesPlace
from settings.columns import column_names
from settings.delivery import DeliverySettings
from settings.health import HealthSettings, LogSettings
from settings.ledger import LedgerSettings
from settings.letters import LetterSettings
from settings.reports import ReportSettings
from settings.schedule import ScheduleSettings
from settings.tenants import TenantsSettings
from settings.traces import ContactSettings, DriftSettings, TraceSettings
from settings.values import Endpoint, InstanceId, Paths, Windows, Words, ZoneName, is_loopback

PREFIX = "M365_RESTRICT_"
DELIMITER = "__"

_Percent = Annotated[int, Field(ge=0, le=100)]
_Count = Annotated[int, Field(ge=0)]
_Positive = Annotated[int, Field(ge=1)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class PolicySettings(_Section):
    """What the council's policy says beyond its profile."""

    profile: str = "default"
    """Name of a file in settings/policies without .toml. Default "default"."""
    approvers: Words = Field(min_length=1)
    """Sign-in names or group addresses of those who may approve. Required."""
    approvers_stage_1: Words = ()
    """The same for stage 1 of a staged policy. Default: `approvers`."""
    approvers_stage_2: Words = ()
    """The same for stage 2. Default: `approvers`."""
    councillors_group: str = Field(min_length=3)
    """Address of the group of all councillors, who are exempt unless they choose otherwise. Required."""
    protected_mailboxes: Words = ()
    """Mailboxes or groups that no restriction ever captures, such as an emergency line. Default none."""
    council_domains: Words = ()
    """Domains whose senders cannot be restricted. Default: every accepted domain of the tenant."""
    flow_identities: Words = ()
    """Sign-in names that automated flows save as; a version that one saved approves nothing. Default none."""
    term_ends_on: date | None = None
    """Day on which councillors' terms end; their choices end then at the latest. Default: no such day."""
    never_restrict: Words = ()
    """Addresses and domains that are never restricted, beside those that ship with the program: members of
    parliament, newspapers, solicitors, web forms, ticket systems. Default none."""
    pre_election_from: date | None = None
    """First day of the period before an election, in which new restrictions are flagged. Default none."""
    election_on: date | None = None
    """Day of that election, the last day of the period; both days or neither. Default none."""

    @model_validator(mode="after")
    def _whole_period(self) -> "PolicySettings":
        first, last = self.pre_election_from, self.election_on
        if (first is None) != (last is None):
            raise ValueError("it needs both PRE_ELECTION_FROM and ELECTION_ON, or neither")
        if first and last and last < first:
            raise ValueError("PRE_ELECTION_FROM must not be later than ELECTION_ON")
        return self

    @property
    def pre_election(self) -> tuple[date, date] | None:
        """The first and the last day of the period before an election."""
        if self.pre_election_from is None or self.election_on is None:
            return None
        return self.pre_election_from, self.election_on


class ListSettings(_Section):
    """Where the register is. The variables begin M365_RESTRICT_REGISTER__."""

    site: str = Field(min_length=1)
    """SharePoint site: an id, or host:/path such as council.sharepoint.example:/sites/restrict. Required."""
    contacts: str = Field(default="Restricted contacts", alias="list")
    """Title of the list of decisions. Default "Restricted contacts"."""
    reviews: str = Field(default="Restriction reviews", alias="reviews_list")
    """Title of the list of reviews. Default "Restriction reviews"."""
    choices: str = Field(default="Councillor mail choices", alias="choices_list")
    """Title of the list of councillors' choices. Default "Councillor mail choices"."""
    columns: dict[str, str] = Field(default_factory=dict)
    """Internal names of columns that differ from the usual: REGISTER__COLUMNS__ENDSON=End_x0020_date."""
    time_zone: ZoneName = "Europe/London"
    """Time zone of the site and of the council's days. Default Europe/London."""
    remember_histories: bool = True
    """Whether the version history of an item that looks unchanged is not read again. Say no for a list with
    content approval in which a pending edit does not show: its save would be seen late. Default yes."""

    @field_validator("columns")
    @classmethod
    def _known_columns(cls, value: dict[str, str]) -> dict[str, str]:
        return column_names(value)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone itself."""
        return ZoneInfo(self.time_zone)


class ChoiceSettings(_Section):
    """Councillors' own choices."""

    site: str = ""
    """SharePoint site of the choices list. Default: REGISTER__SITE."""
    create_folder: bool = False
    """Whether a folder that does not exist is made; otherwise that choice is refused. Default no."""


class RuleSettings(_Section):
    """How rules are written."""

    mode: RuleMode = RuleMode.AUDIT
    """`audit`: Exchange logs a match and changes nothing; `enforce`: it acts. Default audit."""
    place: RulesPlace = RulesPlace.LAST
    """Whether our rules stand after or before those of others. Default last."""
    sender_match: SenderMatch = SenderMatch.FROM
    """How rules name senders: `from` or anchored `patterns` (exchange.md 2.3). Default from."""
    sender_location: SenderLocation = SenderLocation.HEADER
    """Whether the envelope sender counts too. Default header."""
    settle_minutes: _Count = 60
    """Minutes after which a written rule is taken to be acting everywhere. Default 60."""
    pattern_anchors: PatternAnchors = PatternAnchors.CARET
    """How patterns are anchored: `caret` (^ $) or `absolute` (\\A \\Z). Default caret."""
    folders_remembered_hours: _Count = 24
    """Hours in which plan and apply do not ask again for the folder of an inbox rule that shows the id which
    the folder had. So long they may not see that its owner renamed, moved or deleted it; drift asks every
    time. 0: all of them do. Default 24."""


class SafetySettings(_Section):
    """When a run holds everything back but openings (docs/guards.md)."""

    max_removals: _Count = 5
    """Live cases that may vanish, be re-routed or be weakened in one run. Default 5."""
    max_removals_percent: _Percent = 30
    """The same in per cent of live cases. Two cases and more than either limit are refused. Default 30."""
    change_windows: Windows = ()
    """When changes may be made, by the council's own time: Mon-Fri 09:00-17:00, Sat 22:00-02:00. Openings are
    made at any hour. Default: always."""
    wait_minutes: _Positive = 60
    """Minutes from a run's beginning in which it may wait for a service that is busy or down; what would need
    a longer wait is left to the next run. Default 60."""


class RuleTestSettings(_Section):
    """What the council itself expects of mail."""

    files: Paths = ()
    """TOML files of rule tests, which plan and apply put to every plan. Default none."""


class AssessSettings(_Section):
    """What `assess` looks into."""

    mailboxes: Words = ()
    """Mailboxes of services to look into beside the shared ones, for blocked senders. Never a person's or a
    councillor's own mailbox. Default none."""


class OwnershipSettings(_Section):
    """Which rules are this installation's."""

    instance_id: InstanceId
    """Name in the stamp of every rule: letters, digits, . _ and - only. Never change it. Required."""


class LeaseSettings(_Section):
    """Who may write at a time."""

    seconds: _Positive = 60
    """Seconds after which another computer takes over from a run that died. Default 60."""


class GraphSettings(_Section):
    """Microsoft Graph."""

    base_url: Endpoint = "https://graph.microsoft.com/v1.0"
    """Address with the version. Default: the worldwide service."""
    scope: str = "https://graph.microsoft.com/.default"
    """Scope of the tokens. Default: the worldwide service's."""
    max_in_flight: int = Field(default=4, ge=1, le=32)
    """Requests at once, Exchange's included; Outlook allows 4 (graph.md 5). Default 4."""
    retries: int = Field(default=4, ge=0, le=10)
    """Further attempts where Graph is down and does not say until when. Default 4."""
    deadline_seconds: float = Field(default=300.0, gt=0)
    """Seconds for one request with all its retries. Default 300."""
    timeout_seconds: float = Field(default=100.0, gt=0)
    """Seconds to wait for one answer. Default 100."""


class ExchangeSettings(_Section):
    """Exchange Online's admin endpoint."""

    base_url: Endpoint = "https://outlook.office365.com"
    """Address without a path. Default: the worldwide service."""
    scope: str = "https://outlook.office365.com/.default"
    """Scope of the tokens. Default: the worldwide service's."""
    deadline_seconds: float = Field(default=300.0, gt=0)
    """Seconds for one command with all its retries. Default 300."""
    timeout_seconds: float = Field(default=100.0, gt=0)
    """Seconds to wait for one answer. Default 100."""


class NotifySettings(_Section):
    """How people without a command line are told."""

    sender: str = ""
    """Mailbox that mails are sent from; Mail.Send is needed for it alone. Default none: no mail is sent."""
    monitoring_officer: str = ""
    """Mailbox that is told when nobody else has acted. Default none."""
    site_url: str = ""
    """The register's site as a browser shows it, such as https://council.sharepoint.example/sites/restrict,
    or the address of the list itself; mails link there. Default none: mails hold no links."""
    library: str = ""
    """Folder of the site's document library for letters and reports, or <drive id>:<folder>. Default none."""

    @field_validator("sender", "monitoring_officer")
    @classmethod
    def _one_mailbox(cls, value: str) -> str:
        if value and isinstance(read_address(value), BadAddress):
            raise ValueError("it must be one e-mail address")
        return value.strip().lower()

    @field_validator("site_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value and not value.lower().startswith("https://"):
            raise ValueError("it must begin with https://")
        return value.rstrip("/")


class CanarySettings(_Section):
    """The trial message of `doctor --canary` (docs/doctor.md)."""

    address: str = ""
    """An outside address that ICT owns and writes the trial message from. Default none: no canary."""
    mailboxes: Words = ()
    """Pilot mailboxes, two or three: the first loses its mail to the second, which is exempt; the third
    refuses it. Never a councillor's, a protected one or one in use for cases. Default none."""

    @field_validator("address")
    @classmethod
    def _one_address(cls, value: str) -> str:
        if value and isinstance(read_address(value), BadAddress):
            raise ValueError("it must be one e-mail address")
        return value.strip().lower()


class AuditSettings(_Section):
    """The tenant's audit log: `drift` holds approvals against it, and asks it who changed a rule."""

    approvals: AuditUse = AuditUse.AUTO
    """`auto`: where the reader's token holds AuditLogsQuery-SharePoint.Read.All; `on`: always, and what
    stands in the way is said; `off`: never. Default auto."""
    reach_days: _Positive = 180
    """Days for which the tenant keeps audit records; approvals before that cannot be checked. Default 180."""
    changes: AuditUse = AuditUse.AUTO
    """Who changed a rule is asked: `auto`: where the reader's token holds AuditLogsQuery-Exchange.Read.All;
    `on`: always, and what stands in the way is said; `off`: never. Default auto."""


class SecondViewSettings(_Section):
    """A second opinion: the rules as Tenant Configuration Management shows them (docs/who-changed-it.md)."""

    use: AuditUse = AuditUse.AUTO
    """`auto`: where the reader's token holds ConfigurationMonitoring.ReadWrite.All; `on`: always, and what
    stands in the way is said; `off`: never. Default auto."""
    every_hours: _Positive = 20
    """Hours from one snapshot to the next. Default 20."""


class DoctorSettings(_Section):
    """What `doctor` asks beside Microsoft 365."""

    dns_server: str = ""
    """Name server that is asked where mail for each domain is delivered, as address or address:port. Name one
    outside the council where the network's own answers differ from the public ones. Default: the system's."""


class ScriptSettings(_Section):
    """The PowerShell that an administrator runs where ENFORCE_WITH=script."""

    folder: Path = Path()
    """Folder that scripts are written to; they hold addresses. Default: the current folder."""
    high_after_days: _Count = 3
    """Days after which a script that nobody has run is a finding of high severity. Default 3."""


class TlsSettings(_Section):
    """Trust."""

    ca_file: Path | None = None
    """PEM file of the only certificate authorities to trust. Default: the system's."""


class ClockSettings(_Section):
    """What time decisions are taken at."""

    url: str = ""
    """A sandbox's clock; refused unless it and every endpoint are on this computer. Default: real time."""


class Settings(BaseSettings):
    """All settings of an installation. Unknown names are refused at every level."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, env_prefix=PREFIX)

    policy: PolicySettings
    lists: ListSettings = Field(alias="register")
    choices: ChoiceSettings = ChoiceSettings()
    enforce_with: EnforceWith = EnforceWith.MAIL_FLOW
    """`mail_flow`, `inbox_rules` (no Exchange role) or `script` (no write grant). Default mail_flow."""
    rules: RuleSettings = RuleSettings()
    safety: SafetySettings = SafetySettings()
    tests: RuleTestSettings = RuleTestSettings()
    assess: AssessSettings = AssessSettings()
    ownership: OwnershipSettings
    ledger: LedgerSettings = LedgerSettings()
    lease: LeaseSettings = LeaseSettings()
    graph: GraphSettings = GraphSettings()
    exchange: ExchangeSettings = ExchangeSettings()
    auth: AuthSettings = AuthSettings()
    notify: NotifySettings = NotifySettings()
    letters: LetterSettings = LetterSettings()
    reports: ReportSettings = ReportSettings()
    delivery: DeliverySettings = DeliverySettings()
    schedule: ScheduleSettings = ScheduleSettings()
    health: HealthSettings = HealthSettings()
    log: LogSettings = LogSettings()
    drift: DriftSettings = DriftSettings()
    trace: TraceSettings = TraceSettings()
    contacts: ContactSettings = ContactSettings()
    canary: CanarySettings = CanarySettings()
    audit: AuditSettings = AuditSettings()
    second_view: SecondViewSettings = SecondViewSettings()
    doctor: DoctorSettings = DoctorSettings()
    tenants: TenantsSettings = TenantsSettings()
    script: ScriptSettings = ScriptSettings()
    tls: TlsSettings = TlsSettings()
    clock: ClockSettings = ClockSettings()

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 (pydantic-settings passes it)
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """`load_settings` alone reads the environment, because it also refuses what is misspelt there."""
        return (init_settings,)

    @model_validator(mode="after")
    def _sandbox_clock_is_local(self) -> "Settings":
        if self.clock.url:
            used = (self.clock.url, self.graph.base_url, self.exchange.base_url, self.auth.authority)
            if not all(is_loopback(url) for url in used):
                raise ValueError(
                    f"{PREFIX}CLOCK__URL is for a sandbox alone: it and {PREFIX}GRAPH__BASE_URL, "
                    f"{PREFIX}EXCHANGE__BASE_URL and {PREFIX}AUTH__AUTHORITY must all be on this computer"
                )
        return self

    @model_validator(mode="after")
    def _workflows_are_where_the_tenant_is(self) -> "Settings":
        """Nothing of a sandbox reaches a real channel, and nothing real a channel that is none."""
        if any(is_loopback(url) is not bool(self.clock.url) for url in self.delivery.workflow_urls):
            raise ValueError(
                f"{PREFIX}DELIVERY__<ROLE>__WORKFLOW_URL must be on this computer in a sandbox, and "
                "nowhere else"
            )
        return self

    @model_validator(mode="after")
    def _no_sandbox_says_that_it_is_alive(self) -> "Settings":
        """A watcher that waits for the real installation must never hear of a sandbox."""
        if self.clock.url and not all(is_loopback(url) for url in self.health.ping_urls):
            raise ValueError(f"{PREFIX}HEALTH__PING_URL must be on this computer in a sandbox")
        return self

    @property
    def choices_site(self) -> str:
        """The site that holds the choices list."""
        return self.choices.site or self.lists.site

    @property
    def origins(self) -> dict[str, str]:
        """Where each variable that was set came from: "environment", or the file's name."""
        return dict(self._origins)

    def with_origins(self, origins: dict[str, str]) -> "Settings":
        """The same settings, knowing where each came from."""
        self._origins.update(origins)
        return self
