"""What letters say of the council itself: settings, as plain values."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from m365_restrict.report.letters.language import NO_WORDING, Wording, is_checked


@dataclass(frozen=True, kw_only=True)
class Council:
    """The council in its letters. An empty value is missing: letters that need it are refused.

    `policy_name` and `policy_url` name the published policy where the profile does not, or otherwise.
    `service_route` says how to ask for a service, `complaint_route` how to make a new complaint,
    `adjustments_route` whom to ask for another format or an adjustment. `welsh_checked_by` and
    `welsh_checked_on` record who checked the Welsh wording and when; without both none is issued.
    """

    name: Wording = NO_WORDING
    policy_name: Wording = NO_WORDING
    policy_url: str = ""
    address: tuple[str, ...] = ()
    telephone: str = ""
    web_form: str = ""
    service_route: Wording = NO_WORDING
    complaint_route: Wording = NO_WORDING
    adjustments_route: Wording = NO_WORDING
    signatory_title: Wording = NO_WORDING
    welsh_checked_by: str = ""
    welsh_checked_on: date | None = None

    def welsh_is_checked(self, today: date) -> bool:
        """Whether the Welsh may be issued: somebody checked it, on a day that has come."""
        return is_checked(self.welsh_checked_by, self.welsh_checked_on, today=today)


@dataclass(frozen=True, kw_only=True)
class LetterOptions:
    """The council, and its own templates if it has any.

    `templates` is a folder whose files replace those of the same name that ship.
    """

    council: Council = field(default_factory=Council)
    templates: Path | None = None
