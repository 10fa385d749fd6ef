"""A seed: the whole tenant as one JSON document (contracts.md 2)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from m365_restrict.mailflow.behaviour import AfterRedirect, StopReach, Undecided
from m365_restrict.sandbox.clock import parse_instant
from m365_restrict.sandbox.federation import AUDIENCE
from m365_restrict.sandbox.list_columns import LIST_COLUMNS
from m365_restrict.sandbox.store import Json

_LOCAL_PART = "@"


class BadSeed(Exception):
    """A seed that cannot be planted; the message says where and why in one sentence."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Behaviour(_Strict):
    """What nobody knows for certain of Microsoft 365, or what differs from tenant to tenant.

    `propagation_lags` are the minutes until transport obeys the first, second and each later change of
    its rules, in turn; where they are given they count instead of `propagation_minutes`.
    """

    from_external: bool = True
    junkemail_as_id: bool = False
    version_limit: int = Field(default=500, ge=1)
    propagation_minutes: int = Field(default=0, ge=0)
    propagation_lags: tuple[Annotated[int, Field(ge=0)], ...] = ()
    drop_parameter: str | None = None
    clears_with: Literal["both", "null", "empty_list"] = "both"
    expiry_offset: Literal["honoured", "ignored"] = "honoured"
    domains_use_budget: bool = True
    rejects_with_both: bool = True
    application_shown_as: Literal["name", "id"] = "name"
    result_size: Literal["honoured", "ignored"] = "honoured"
    duplicate_name_status: Literal[400, 409] = 400
    rule_patch: Literal["replaces", "merges"] = "replaces"
    contains_upper: Literal["sender", "all", "none"] = "sender"
    unset_predicates: Literal["absent", "null", "empty"] = "absent"
    address_case: Literal["kept", "lower"] = "kept"
    inside_senders: Literal["smtp", "legacy_dn"] = "smtp"
    sequence: Literal["kept", "renumbered"] = "kept"
    client_rules: Literal["kept", "lost"] = "kept"
    admin_folder_id: Literal["usable", "foreign"] = "usable"
    version_times: Literal["right", "shifted"] = "right"
    moderation_status: Literal["hidden", "shown"] = "hidden"
    pending_edit: Literal["hidden", "last_approved", "in_versions"] = "hidden"
    application_saves_as: Literal["application", "sharepoint_app"] = "application"
    list_page_size: int = Field(default=200, ge=1)
    after_redirect: AfterRedirect = AfterRedirect.END
    stop_reach: StopReach = StopReach.FORK
    undecided: Undecided = Undecided.NOT_MATCHED
    subdomains: bool = True
    caret_anchors: bool = True
    sees_all_forks: bool = True
    junk_from_scl: int | None = 5
    message_trace: bool = True
    redirect_trace: Literal["contact", "recipient"] = "contact"
    trace_names_rules: bool = True
    paging_needs_anchor: bool = True
    configuration_reader: bool = True
    audit_delay_minutes: int = Field(default=30, ge=0)


class FederatedCredentialSeed(_Strict):
    """Whose tokens an application takes in place of a key. `keys` is the issuer's key set (JWKS)."""

    issuer: str
    subject: str
    audience: str = AUDIENCE
    keys: dict[str, Json]


class ApplicationSeed(_Strict):
    """What one of the three applications was granted beyond, or short of, the usual.

    `mailboxes` names mailboxes and groups: its rights in mailboxes then come from Exchange's RBAC for
    applications, reach the direct members of those groups alone, and are not in its token (graph.md 8.2).
    """

    add_roles: tuple[str, ...] = ()
    remove_roles: tuple[str, ...] = ()
    add_cmdlets: tuple[str, ...] = ()
    remove_cmdlets: tuple[str, ...] = ()
    mailboxes: tuple[str, ...] | None = None
    federated_credentials: tuple[FederatedCredentialSeed, ...] = ()


class TenantSeed(_Strict):
    """The organisation."""

    id: str | None = None
    accepted_domains: tuple[str, ...] = ("council.example",)
    time_zone: str = "Europe/London"
    behaviour: Behaviour = Behaviour()
    applications: dict[Literal["reader", "writer", "setup"], ApplicationSeed] = {}
    audit_on: bool = True

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is not a time zone") from error
        return value


class UserSeed(_Strict):
    """An account, guest or contact. A shared mailbox's account is disabled unless said otherwise."""

    upn: str = Field(pattern=_LOCAL_PART)
    display_name: str | None = None
    mailbox: Literal["user", "shared", "on_premises", "none", "guest", "contact"] = "user"
    enabled: bool | None = None
    aliases: tuple[str, ...] = ()
    accepts_external: bool = True
    forwarding: str | None = None
    folders: tuple[str, ...] = ()


class GroupSeed(_Strict):
    """A group. Members are users or groups of the seed."""

    address: str = Field(pattern=_LOCAL_PART)
    display_name: str | None = None
    kind: Literal["distribution", "security", "dynamic", "m365"] = "distribution"
    members: tuple[str, ...] = ()


class VersionSeed(_Strict):
    """One saved state: what changed, by whom, when."""

    at: datetime | None = None
    by: str
    fields: dict[str, Any] = {}

    @field_validator("at", mode="before")
    @classmethod
    def _instant(cls, value: Json) -> datetime | None:
        return None if value is None else parse_instant(str(value))


class ItemSeed(_Strict):
    """An item with its history, oldest first."""

    created_by: str | None = None
    versions: tuple[VersionSeed, ...] = Field(min_length=1)


class ListSeed(_Strict):
    """One of the known lists."""

    read_security: Literal["all", "own"] = "all"
    content_approval: bool = False
    omit_columns: tuple[str, ...] = ()
    items: tuple[ItemSeed, ...] = ()


class TransportRuleSeed(_Strict):
    """A transport rule that an administrator made, as New-TransportRule takes it."""

    by: str
    parameters: dict[str, Any]


class Seed(_Strict):
    """The whole tenant. Every key is optional."""

    now: datetime | None = None
    tenant: TenantSeed = TenantSeed()
    users: tuple[UserSeed, ...] = ()
    groups: tuple[GroupSeed, ...] = ()
    lists: dict[str, ListSeed] = {}
    transport_rules: tuple[TransportRuleSeed, ...] = ()
    inbox_rules: dict[str, tuple[dict[str, Any], ...]] = {}
    settings: dict[str, str | int | float | bool] = {}

    @field_validator("now", mode="before")
    @classmethod
    def _instant(cls, value: Json) -> datetime | None:
        return None if value is None else parse_instant(str(value))

    @field_validator("lists")
    @classmethod
    def _known_lists(cls, value: dict[str, ListSeed]) -> dict[str, ListSeed]:
        for title in value:
            if title not in LIST_COLUMNS:
                known = ", ".join(repr(name) for name in LIST_COLUMNS)
                raise ValueError(f"{title!r} is not one of the lists {known}")
        return value


def read_seed(document: Json) -> Seed:
    """Read a seed document, or raise `BadSeed` naming the first thing that is wrong."""
    if not isinstance(document, Mapping):
        raise BadSeed("The seed is not a JSON object.")
    try:
        return Seed.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the top"
        if first["type"] == "extra_forbidden":
            raise BadSeed(f"The seed has a key that is not known: {where}.") from error
        reason = first["msg"].removeprefix("Value error, ")
        raise BadSeed(f"The seed cannot be used at {where}: {reason}.") from error
