"""The ombudsmen for councils in the four nations, and how to reach them.

Names and contact details as the ombudsmen publish them; the sentence around them is in the catalogues.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from m365_restrict.policy.profile import Ombudsman
from m365_restrict.report.letters.language import Wording


@dataclass(frozen=True)
class OmbudsmanContact:
    """One ombudsman, named as within a sentence."""

    name: Wording
    website: Wording
    telephone: str


OMBUDSMEN: Mapping[Ombudsman, OmbudsmanContact] = {
    Ombudsman.LGSCO: OmbudsmanContact(
        Wording(
            "the Local Government and Social Care Ombudsman",
            "Ombwdsmon Llywodraeth Leol a Gofal Cymdeithasol Lloegr",
        ),
        Wording("https://www.lgo.org.uk", "https://www.lgo.org.uk"),
        "0300 061 0614",
    ),
    Ombudsman.PSOW: OmbudsmanContact(
        Wording("the Public Services Ombudsman for Wales", "Ombwdsmon Gwasanaethau Cyhoeddus Cymru"),
        Wording("https://www.ombudsman.wales", "https://www.ombwdsmon.cymru"),
        "0300 790 0203",
    ),
    Ombudsman.SPSO: OmbudsmanContact(
        Wording("the Scottish Public Services Ombudsman", "Ombwdsmon Gwasanaethau Cyhoeddus yr Alban"),
        Wording("https://www.spso.org.uk", "https://www.spso.org.uk"),
        "0800 377 7330",
    ),
    Ombudsman.NIPSO: OmbudsmanContact(
        Wording(
            "the Northern Ireland Public Services Ombudsman",
            "Ombwdsmon Gwasanaethau Cyhoeddus Gogledd Iwerddon",
        ),
        Wording("https://nipso.org.uk", "https://nipso.org.uk"),
        "0800 34 34 24",
    ),
}
