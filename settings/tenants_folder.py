"""The folder of councils: which there are, what they share, and what two of them must never share."""

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import ValidationError

from m365_restrict.errors import ConfigurationError
from settings.choices import EnforceWith
from settings.load import ENV_FILE, SHARED_FILE, TENANTS_FOLDER, load_settings, read_file
from settings.model import PREFIX, Settings
from settings.tenants import TenantsSettings

USUAL_FOLDER = Path("tenants")
COMPLETION_INDEX = "JOB_COMPLETION_INDEX"
"""What Kubernetes sets in each pod of an indexed job: a whole number from 0."""

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", re.ASCII)
_ENDING = ".env"
_GROUP = f"{PREFIX}TENANTS__"
_OF_THE_PROCESS = (_GROUP, f"{PREFIX}LOG__", f"{PREFIX}HEALTH__HOST", f"{PREFIX}HEALTH__PORT")
"""What the environment may say for all councils: how they are run, how is logged, which port is opened."""
_OWN = (
    "POLICY__APPROVERS",
    "POLICY__COUNCILLORS_GROUP",
    "REGISTER__SITE",
    "CHOICES__SITE",
    "OWNERSHIP__INSTANCE_ID",
    "LEDGER__URL",
    "AUTH__TENANT_ID",
    "NOTIFY__",
    "DELIVERY__",
    "CANARY__",
    "SCRIPT__FOLDER",
    "SCHEDULE__BACKUP_FOLDER",
    "SCHEDULE__HEAD_FILE",
    "HEALTH__PING_URL",
)
"""What would make one council act on, or write to, what is another's. Names that end in __ are groups."""
_LOOPBACK = frozenset({"", "localhost", "127.0.0.1", "::1"})
_BEFORE_PATH = re.compile(r"[:,/]")
_SEARCH_PATH = re.compile(r"search_path\s*=\s*([^\s,]+)")


@dataclass(frozen=True)
class Tenant:
    """One council: the name of its file without .env, and the file."""

    name: str
    file: Path


@dataclass(frozen=True)
class Shard:
    """Which of how many workers this is, from 0."""

    index: int
    count: int

    def holds(self, name: str) -> bool:
        """Whether this worker serves the council: by its name alone, the same on every computer and day."""
        digest = sha256(name.lower().encode()).digest()
        return int.from_bytes(digest[:8], "big") % self.count == self.index


@dataclass(frozen=True, kw_only=True)
class TenantsFolder:
    """All councils by name, in the order of their names, and how they are run."""

    path: Path
    tenants: tuple[Tenant, ...]
    options: TenantsSettings

    def one(self, name: str) -> Tenant:
        """The council of this name; ConfigurationError with the nearest name where there is none."""
        found = next((one for one in self.tenants if one.name == name), None)
        if found is None:
            near = get_close_matches(name, [one.name for one in self.tenants], n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise ConfigurationError(
                f"The folder {self.path} holds no {name}{_ENDING}.{hint}",
                advice="`m365-restrict tenants` lists the councils that there are.",
            )
        return found

    def checked(self, environ: Mapping[str, str]) -> Mapping[str, Settings | ConfigurationError]:
        """The settings of each council, or why it may not be run: its own fault, or what it shares."""
        found = {one.name: _settings_of(one, environ) for one in self.tenants}
        sound = {name: one for name, one in found.items() if isinstance(one, Settings)}
        return found | dict(_shared_with(sound))


def find_folder(named: Path | None, environ: Mapping[str, str]) -> TenantsFolder:
    """The folder that was named, or M365_RESTRICT_TENANTS, or ./tenants, with the councils in it.

    ConfigurationError where there is none, where the environment holds what would leak into every council,
    or where what is shared must be each council's own.
    """
    path = named or Path(environ.get(TENANTS_FOLDER, "") or USUAL_FOLDER)
    if not path.is_dir():
        raise ConfigurationError(
            f"There is no folder of councils at {path}.",
            advice=f"Name it with --tenants or {TENANTS_FOLDER}: it holds a file NAME.env for each council.",
        )
    _refuse_leaks(environ)
    shared = read_file(path / SHARED_FILE) if (path / SHARED_FILE).exists() else {}
    _refuse_shared(shared, path / SHARED_FILE)
    files = sorted(
        one for one in path.iterdir() if one.name.endswith(_ENDING) and not one.name.startswith(".")
    )
    tenants = tuple(Tenant(one.stem, one) for one in files if one.name != SHARED_FILE)
    if not tenants:
        raise ConfigurationError(
            f"The folder {path} holds no council.", advice="Give each council a settings file NAME.env there."
        )
    return TenantsFolder(path=path, tenants=tenants, options=_options(shared, environ))


def shard_of(text: str | None, options: TenantsSettings, environ: Mapping[str, str]) -> Shard:
    """The share of a worker: as given, `0/3` to `2/3`, else as Kubernetes numbers it, else everything."""
    if text is not None:
        index, _, count = text.partition("/")
        if not (index.isdecimal() and count.isdecimal() and int(index) < int(count)):
            raise ConfigurationError(
                f"'{text}' is no share of the councils.",
                advice="Give --shard 0/3, 1/3 or 2/3 for three workers.",
            )
        return Shard(int(index), int(count))
    numbered = environ.get(COMPLETION_INDEX, "").strip()
    if not numbered:
        return Shard(0, 1)
    if not numbered.isdecimal() or int(numbered) >= options.shards:
        raise ConfigurationError(
            f"{COMPLETION_INDEX} is {numbered} and {_GROUP}SHARDS is {options.shards}: no share is left.",
            advice=f"Set {_GROUP}SHARDS to the number of completions of the indexed job.",
        )
    return Shard(int(numbered), options.shards)


def _settings_of(tenant: Tenant, environ: Mapping[str, str]) -> Settings | ConfigurationError:
    if not _NAME.fullmatch(tenant.name):
        return ConfigurationError(
            f"{tenant.file.name} is no name for a council's file.",
            advice="Before .env it holds letters, digits and hyphens, at most 63.",
        )
    try:
        own = read_file(tenant.file)
        stray = sorted(name for name in own if name.upper().startswith(_GROUP))
        if stray:
            return ConfigurationError(
                f"{' and '.join(stray)} in {tenant.file.name} would hold for every council.",
                advice=f"Put it into {SHARED_FILE} or the environment.",
            )
        return load_settings(environ, tenant.file)
    except ConfigurationError as error:
        return error


def _shared_with(tenants: Mapping[str, Settings]) -> Iterator[tuple[str, ConfigurationError]]:
    """Every council that has something in common with another which only one may have."""
    users: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, settings in tenants.items():
        for key in _keys(name, settings):
            users[key].append(name)
    for (what, *_), names in users.items():
        for name in names if len(names) > 1 else ():
            others = ", ".join(one for one in names if one != name)
            yield (
                name,
                ConfigurationError(
                    f"{name} has the same {what} as {others}. Neither is run.",
                    advice="Give each council its own; see docs/many-councils.md.",
                ),
            )


def _keys(name: str, settings: Settings) -> Iterator[tuple[str, ...]]:
    where = (settings.auth.authority.lower(), settings.auth.tenant_id.lower())
    yield ("name but for capitals", name.lower())
    ledger = _ledger_key(settings.ledger.url)
    if ledger:
        yield ("LEDGER__URL", *ledger)
    yield ("AUTH__TENANT_ID and OWNERSHIP__INSTANCE_ID", *where, settings.ownership.instance_id.lower())
    yield from _places(settings)
    if settings.enforce_with is EnforceWith.SCRIPT:
        yield ("SCRIPT__FOLDER", _real(str(settings.script.folder)))
    if settings.schedule.backup_folder is not None:
        yield ("SCHEDULE__BACKUP_FOLDER", _real(str(settings.schedule.backup_folder)))
    if settings.schedule.head_file is not None:
        yield ("SCHEDULE__HEAD_FILE", _real(str(settings.schedule.head_file)))


def _places(settings: Settings) -> Iterator[tuple[str, ...]]:
    """The lists, and the tenant by its sites: of a tenant's id there is more than one spelling."""
    authority, lists = settings.auth.authority.lower(), settings.lists
    register, choices = (_site(settings, one) for one in (lists.site, settings.choices_site))
    host = _host(lists.site)
    if host:
        instance = settings.ownership.instance_id.lower()
        yield ("host of REGISTER__SITE and OWNERSHIP__INSTANCE_ID", authority, host, instance)
    yield ("CHOICES__SITE and REGISTER__CHOICES_LIST", *choices, lists.choices.lower())
    yield ("REGISTER__SITE and REGISTER__REVIEWS_LIST", *register, lists.reviews.lower())
    # Last, because of several things that two share the last is told.
    yield ("REGISTER__SITE and REGISTER__LIST", *register, lists.contacts.lower())


def _site(settings: Settings, site: str) -> tuple[str, ...]:
    """What tells a site from all others: its host is in one tenant alone."""
    tenant = "" if _host(site) else settings.auth.tenant_id.lower()
    return settings.auth.authority.lower(), tenant, site.lower().rstrip("/")


def _host(site: str) -> str:
    """The host of host:/path, or of the id host,site,web; "" where there is none."""
    host = _BEFORE_PATH.split(site.lower(), maxsplit=1)[0]
    return host if "." in host else ""


def _ledger_key(url: str) -> tuple[str, ...]:
    """What two URLs of one ledger have in common, however each is written; () for one in memory."""
    scheme, _, rest = url.partition("://")
    if scheme.lower().startswith("sqlite"):
        file = rest.partition("?")[0].removeprefix("/")
        if file.startswith("file:"):  # SQLite's own form of a name
            file = unquote(urlsplit(file).path)
        return ("sqlite", _real(file)) if file not in {"", ":memory:"} else ()
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ("server", url)
    more = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    host = more.get("host", parts.hostname or "").lower()
    database = more.get("dbname", parts.path.strip("/")) or more.get("user", parts.username or "")
    schema = _SEARCH_PATH.search(more.get("options", ""))
    return (
        "server",
        f"{'localhost' if host in _LOOPBACK else host}:{more.get('port', port or 5432)}",
        database,
        schema[1].strip("\"'").lower() if schema else "public",
    )


def _real(path: str) -> str:
    return os.path.normcase(os.path.realpath(path))


def _refuse_leaks(environ: Mapping[str, str]) -> None:
    """A setting in the environment wins over every council's file, so it would be all of theirs."""
    apart = {ENV_FILE, TENANTS_FOLDER}
    leaks = sorted(
        name
        for name, value in environ.items()
        if name.upper().startswith(PREFIX)
        and name.upper() not in apart
        and not name.upper().startswith(_OF_THE_PROCESS)
        and value.strip()
    )
    if leaks:
        raise ConfigurationError(
            f"The environment sets {', '.join(leaks)}, which would hold for every council.",
            advice=f"Take it out of the environment; what all councils share stands in {SHARED_FILE}.",
        )


def _refuse_shared(shared: Mapping[str, str], file: Path) -> None:
    """What is each council's own may be written once for all only where its name makes it different."""
    wrong = sorted(
        name
        for name, value in shared.items()
        if name.upper().removeprefix(PREFIX).startswith(_OWN) and value.strip() and "{tenant}" not in value
    )
    if wrong:
        raise ConfigurationError(
            f"{file} sets {', '.join(wrong)}, which must be each council's own.",
            advice="Move it into each council's file, or write {tenant} where the council's name belongs.",
        )


def _options(shared: Mapping[str, str], environ: Mapping[str, str]) -> TenantsSettings:
    given: dict[str, str] = {}
    for source in (shared, environ):
        names = {name.upper(): value for name, value in source.items() if value.strip()}
        given |= {
            name.removeprefix(_GROUP).lower(): value.strip()
            for name, value in names.items()
            if name.startswith(_GROUP)
        }
    try:
        return TenantsSettings.model_validate(given)
    except ValidationError as error:
        wrong = ", ".join(
            _GROUP + "__".join(str(part).upper() for part in one["loc"]) for one in error.errors()
        )
        raise ConfigurationError(f"{wrong}: {error.errors()[0]['msg']}.") from error
