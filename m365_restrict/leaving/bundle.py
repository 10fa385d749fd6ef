"""The evidence that stays when the program goes: a folder that needs neither settings nor a tenant.

It holds a copy of the ledger, the last report, the handover page, and a manifest with the hash of each.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from m365_restrict.errors import ErrorCode, LedgerError, RequestRefused
from m365_restrict.ledger.export import export_ledger
from m365_restrict.report.json_text import instant
from m365_restrict.report.retire_document import ExportedEvidence

LEDGER, MANIFEST, README = "ledger.db", "manifest.json", "README.txt"
_SCHEMA = "m365-restrict/evidence-bundle/1"
_HOW_TO_READ = """\
Evidence of the installation {instance} of m365-restrict, exported at {at}.

It holds personal data: addresses of people whom decisions are about, and who approved what. Keep it where
those who may read the register can read it, for as long as your retention schedule says, then delete it.

ledger.db      everything that was read, decided and written, in a chain that shows every alteration
report.*       the last report before rules were removed
handover.*     what was live, where it ran, who answered for it
manifest.json  the SHA-256 of each file and the hash in which the chain ends

To prove it with no network (install m365-restrict {version} from its package):
    m365-restrict verify-ledger --ledger ledger.db --expect {head}
To read one case, or what stood on a day:
    m365-restrict history --case CASE --ledger ledger.db
    m365-restrict history --on 2027-03-01 --ledger ledger.db
Without the program: ledger.db is an SQLite file; the table written_changes lists every write.
"""


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """The folder, whose evidence it is, and how a file is written whole or not at all (raises OSError).

    Two councils may bear one instance id, each in a tenant of its own.
    """

    folder: Path
    instance_id: str
    tenant_id: str
    tool_version: str
    save: Callable[[Path, bytes], None]

    def prepare(self) -> None:
        """Make the folder ours. RequestRefused unless it is new, empty or this installation's own."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            known = any(self.folder.iterdir())
            owner = self._owner() if known else (self.instance_id, self.tenant_id)
        except OSError as error:
            raise self._refused(f"{self.folder} cannot be used: {error.strerror}.") from error
        if owner != (self.instance_id, self.tenant_id):
            raise self._refused(f"{self.folder} holds something else already.")
        if not known:
            # Whatever ends this run before the folder is whole, the next one knows it for ours.
            self._write_manifest({"exported_at": None, "evidence_hash": None, "files": {}})

    def has(self, name: str) -> bool:
        """Whether a file is there from an earlier run."""
        return (self.folder / name).is_file()

    def write(self, files: Mapping[str, str]) -> None:
        """Write files as UTF-8. Raises RequestRefused where one cannot be written."""
        for name, text in files.items():
            try:
                self.save(self.folder / name, text.encode())
            except OSError as error:
                raise self._refused(f"{self.folder / name} cannot be written: {error.strerror}.") from error

    def copy_ledger(self, ledger_url: str) -> str:
        """Copy the ledger as it is now; the hash in which its chain ends. Raises RequestRefused."""
        try:
            return export_ledger(ledger_url, self.folder / LEDGER)
        except LedgerError as error:
            raise self._refused(error.message) from error

    def copied_before(self) -> str:
        """The hash in which the chain of the copy ends that is there, "" where there is none."""
        return str(self._manifest().get("evidence_hash") or "") if self.has(LEDGER) else ""

    def seal(self, head: str, *, at: datetime, notes: tuple[str, ...] = ()) -> ExportedEvidence:
        """Write what the folder holds. `head` is the hash of the copied ledger. Raises RequestRefused."""
        words = {"instance": self.instance_id, "at": instant(at), "version": self.tool_version, "head": head}
        self.write({README: _HOW_TO_READ.format(**words)})
        names = sorted(one.name for one in self.folder.iterdir() if one.is_file() and one.name != MANIFEST)
        files = {name: hashlib.sha256((self.folder / name).read_bytes()).hexdigest() for name in names}
        self._write_manifest({"exported_at": instant(at), "evidence_hash": head, "files": files})
        return ExportedEvidence(
            folder=str(self.folder), files=(*names, MANIFEST), evidence_hash=head, notes=notes
        )

    def _write_manifest(self, content: Mapping[str, object]) -> None:
        manifest = {
            "schema": _SCHEMA,
            "tool_version": self.tool_version,
            "instance_id": self.instance_id,
            "tenant_id": self.tenant_id,
            **content,
        }
        self.write({MANIFEST: json.dumps(manifest, indent=2, sort_keys=True) + "\n"})

    def _owner(self) -> tuple[object, object]:
        """Whose evidence the folder holds."""
        found = self._manifest()
        return found.get("instance_id"), found.get("tenant_id")

    def _manifest(self) -> Mapping[str, object]:
        try:
            found = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _refused(self, message: str) -> RequestRefused:
        return RequestRefused(message, code=ErrorCode.EXPORT_NEEDED)
