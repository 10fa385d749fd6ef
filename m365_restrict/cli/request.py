"""What a person or a script asked for on the command line."""

from dataclasses import dataclass
from pathlib import Path

from m365_restrict.report.documents import Verb


@dataclass(frozen=True, kw_only=True)
class Request:
    """One verb with its options. `output` is text or json; `file` gets it in place of stdout."""

    verb: Verb
    env_file: Path | None = None
    output: str = "text"
    file: Path | None = None
    html: Path | None = None
    approve: bool = False
    plan_id: str = ""
    address: str = ""
    recipients: tuple[str, ...] = ()
    from_ledger: bool = False

    @property
    def writes(self) -> bool:
        """Whether the verb may change the tenant."""
        return self.verb in {Verb.APPLY, Verb.HEAL}
