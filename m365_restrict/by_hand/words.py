"""What a person may write into the ledger: reasons and titles are told in every report."""

import re

from m365_restrict.errors import RequestRefused
from m365_restrict.plan.by_hand_codes import ByHandCode

_ADDRESS = re.compile(r"\S*@\S*")


def said(text: str, option: str) -> str:
    """The text on one line. RequestRefused where it holds an @: no reason names a person's address."""
    if _ADDRESS.search(text):
        code = ByHandCode.TEXT_NAMES_ADDRESS
        raise RequestRefused(f"{option} holds an e-mail address.", code=code)
    return " ".join(text.split())
