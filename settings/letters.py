"""What letters say of the council, in English and, with _CY at the end of a name, in Welsh."""

from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

from m365_restrict.report.letters.council import Council, LetterOptions
from m365_restrict.report.letters.language import Wording
from settings.values import split_list

_AddressLines = Annotated[tuple[str, ...], BeforeValidator(split_list)]


class LetterSettings(BaseModel):
    """Letters to restricted persons. What a letter needs and is not set here refuses that letter alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    templates: Path | None = None
    """Folder whose files replace our templates of the same name. Default none: our own templates."""
    welsh_checked_by: str = ""
    """Who checked the Welsh wording of the letters. Without it no Welsh letter is issued. Default none."""
    welsh_checked_on: date | None = None
    """The day on which it was checked. Default none."""
    council_name: str = ""
    """The council's name. Default none."""
    council_name_cy: str = ""
    """The council's Welsh name. Default none."""
    address: _AddressLines = ()
    """The council's postal address, its lines separated by commas. Default none."""
    telephone: str = ""
    """Telephone number that stays open. Default none."""
    web_form: str = ""
    """Address of a web form that stays open. Default none."""
    signatory_title: str = ""
    """Job title of the officer who signs. Default none."""
    signatory_title_cy: str = ""
    """The same in Welsh. Default none."""
    policy_name: str = ""
    """Name of the published policy. Default: the profile's."""
    policy_name_cy: str = ""
    """The same in Welsh. Default none."""
    policy_url: str = ""
    """Where the policy is published. Default: the profile's."""
    service_route: str = ""
    """How to ask for a service, such as: Telephone 01632 960000. Default: the profile's."""
    service_route_cy: str = ""
    """The same in Welsh. Default: the profile's."""
    complaint_route: str = ""
    """How to make a new complaint. Default: the profile's."""
    complaint_route_cy: str = ""
    """The same in Welsh. Default: the profile's."""
    adjustments_route: str = ""
    """How to ask for an adjustment or another format. Default none."""
    adjustments_route_cy: str = ""
    """The same in Welsh. Default none."""

    def options(self) -> LetterOptions:
        """The same as plain values."""
        council = Council(
            name=Wording(self.council_name, self.council_name_cy),
            policy_name=Wording(self.policy_name, self.policy_name_cy),
            policy_url=self.policy_url,
            address=self.address,
            telephone=self.telephone,
            web_form=self.web_form,
            service_route=Wording(self.service_route, self.service_route_cy),
            complaint_route=Wording(self.complaint_route, self.complaint_route_cy),
            adjustments_route=Wording(self.adjustments_route, self.adjustments_route_cy),
            signatory_title=Wording(self.signatory_title, self.signatory_title_cy),
            welsh_checked_by=self.welsh_checked_by,
            welsh_checked_on=self.welsh_checked_on,
        )
        return LetterOptions(council=council, templates=self.templates)
