"""Documents in a SharePoint library (graph.md 7, file upload)."""

from dataclasses import dataclass
from urllib.parse import quote

from m365_restrict.errors import ServiceError
from m365_restrict.tenant.graph import GraphWriter, path_of

LARGEST_UPLOAD = 4_000_000
"""Bytes that one upload may hold by the oldest limit on record; letters and reports are far smaller."""

_DRIVE_MARK = ":"


@dataclass(frozen=True)
class Uploaded:
    """A document as the library keeps it. `web_url` opens it in a browser."""

    id: str
    web_url: str


class LibraryWriter:
    """Puts documents into a library; what has the same name becomes an earlier version of it."""

    def __init__(self, graph: GraphWriter) -> None:
        """`graph` is the writer application's, with a write grant on the site."""
        self._graph = graph

    async def upload(
        self,
        site: str,
        library: str,
        path: str,
        content: bytes,
        *,
        content_type: str = "application/octet-stream",
    ) -> Uploaded:
        """Store `content` at `path` below the folder `library`; folders are made where they are missing.

        `library` is a folder of the site's own document library, or `<drive id>:<folder>` for another
        library. Raises ServiceError, also for more than 4 MB.
        """
        if len(content) > LARGEST_UPLOAD:
            raise ServiceError(f"The document '{path}' is larger than one upload may be (4 MB).")
        drive, folder = _drive_and_folder(site, library)
        place = "/".join(part for text in (folder, path) for part in text.split("/") if part.strip())
        answer = await self._graph.put_content(
            f"{drive}/root:/{quote(place)}:/content", content, content_type=content_type
        )
        return Uploaded(str(answer.get("id") or ""), str(answer.get("webUrl") or ""))


def _drive_and_folder(site: str, library: str) -> tuple[str, str]:
    drive_id, mark, folder = library.partition(_DRIVE_MARK)
    if mark:
        return path_of("drives", drive_id.strip()), folder
    segments = site.strip("/").split("/")
    # A site that is named by host and path ends its path with a colon before what follows.
    ending = [":"] if segments[0].endswith(":") else []
    return "".join([path_of("sites", *segments), *ending, "/drive"]), library
