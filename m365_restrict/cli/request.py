"""What a person or a script asked for on the command line."""

from dataclasses import dataclass
from pathlib import Path

from m365_restrict.report.verb import Verb


@dataclass(frozen=True, kw_only=True)
class Request:
    """One verb with its options. `output` is text or json; `file` gets it in place of stdout.

    `plan_id` and `saved_plan` name the plan that was approved, None where none is named. `save` is where
    the plan goes as a file; `detail` asks for every change where a summary would be shown.
    """

    verb: Verb
    env_file: Path | None = None
    output: str = "text"
    file: Path | None = None
    html: Path | None = None
    approve: bool = False
    plan_id: str | None = None
    saved_plan: Path | None = None
    save: Path | None = None
    detail: bool = False
    script: Path | None = None
    address: str = ""
    recipients: tuple[str, ...] = ()
    from_ledger: bool = False
    message: Path | None = None
    envelope_from: str | None = None

    @property
    def writes(self) -> bool:
        """Whether the verb may change the tenant."""
        return self.verb in {Verb.APPLY, Verb.HEAL}
