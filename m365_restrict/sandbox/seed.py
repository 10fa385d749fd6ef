"""A seed: the whole tenant as one JSON document (contracts.md 2)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from m365_restrict.mailflow.behaviour import AfterRedirect, StopReach, Undecided
from m365_restrict.sandbox.clock import parse_instant
from m365_restrict.sandbox.list_columns import LIST_COLUMNS
from m365_restrict.sandbox.store import Json

_LOCAL_PART = "@"


class BadSeed(Exception):
    """A seed that cannot be planted; the message says where and why in one sentence."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Behaviour(_Strict):
    """What nobody knows for certain of Microsoft 365, or what differs from tenant to tenant."""

    from_external: bool = True
    junkemail_as_id: bool = False
    version_limit: int = Field(default=500, ge=1)
    propagation_minutes: int = Field(default=0, ge=0)
    drop_parameter: str | None = None
    after_redirect: AfterRedirect = AfterRedirect.END
    stop_reach: StopReach = StopReach.FORK
    undecided: Undecided = Undecided.NOT_MATCHED
    subdomains: bool = True
    caret_anchors: bool = True
    sees_all_forks: bool = True
    junk_from_scl: int | None = 5
    message_trace: bool = True


class TenantSeed(_Strict):
    """The organisation."""

    id: str | None = None
    accepted_domains: tuple[str, ...] = ("council.example",)
    time_zone: str = "Europe/London"
    behaviour: Behaviour = Behaviour()

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
