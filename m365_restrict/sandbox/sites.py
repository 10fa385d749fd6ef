"""The SharePoint sites: the register's, and the choices' when the settings give them one of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from m365_restrict.sandbox.directory import object_id_for
from m365_restrict.sandbox.list_columns import CHOICES

DEFAULT_SITE = "localhost:/sites/democracy"


@dataclass(frozen=True)
class Site:
    """A site. `host` and `path` are lower case; `path` has no leading or trailing slash."""

    host: str
    path: str

    @property
    def id(self) -> str:
        """Host, site collection and web, joined as Graph does (graph.md 3.1)."""
        place = f"{self.host}/{self.path}"
        return f"{self.host},{object_id_for('site:' + place)},{object_id_for('web:' + place)}"


def read_site(text: str) -> Site:
    """A site from `host:/path`, `host/path` or its address in a browser."""
    if "://" in text:
        address = urlsplit(text)
        return Site((address.hostname or "").lower(), address.path.strip("/").lower())
    host, _, path = text.partition("/")
    return Site(host.rstrip(":").lower(), path.strip("/").lower())


def sites_of(settings: Mapping[str, str]) -> tuple[Site, ...]:
    """The register's site first, then the choices' if it is another."""
    register = read_site(settings.get("REGISTER__SITE") or DEFAULT_SITE)
    choices = settings.get("CHOICES__SITE")
    return tuple(dict.fromkeys([register, read_site(choices) if choices else register]))


def site_of_list(settings: Mapping[str, str], title: str) -> Site:
    """Where a list lives."""
    sites = sites_of(settings)
    return sites[-1] if title == CHOICES else sites[0]
