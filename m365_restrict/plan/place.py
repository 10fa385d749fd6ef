"""Where our transport rules stand among foreign ones."""

from enum import StrEnum


class Place(StrEnum):
    """RULES__PLACE: below every foreign rule, or above them."""

    LAST = "last"
    FIRST = "first"
