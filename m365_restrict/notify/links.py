"""Links to list items, made from the site's address as people see it in a browser."""

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, kw_only=True)
class ListPages:
    """Where a list is found. `site_url` is "" where it is not known: then no link is made.

    A `site_url` that already leads into `/Lists/` is the list's own address, for a list whose address is
    not its title.
    """

    site_url: str
    title: str

    def item(self, item_id: str) -> str:
        """The page of one item, or ""."""
        return f"{self._base}/DispForm.aspx?ID={quote(item_id)}" if self._base else ""

    @property
    def list_page(self) -> str:
        """The list itself, or ""."""
        return self._base

    @property
    def _base(self) -> str:
        base = self.site_url.rstrip("/")
        if not base or "/Lists/" in base:
            return base
        return f"{base}/Lists/{quote(self.title)}"
