"""Case references: the only name of a case outside the register."""

import re

from m365_restrict.register.codes import RegisterCode
from m365_restrict.register.problem import FieldProblem

# It stands in rule names, comments and logs, so nothing that ends a line or a stamp, and no address.
_REFERENCE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/-]| (?=[A-Za-z0-9]))*", re.ASCII)
_LONGEST = 40


def read_reference(title: str) -> str | FieldProblem:
    """The case reference as written, trimmed; or why it cannot be used."""
    text = title.strip()
    if not text:
        return FieldProblem(
            RegisterCode.REFERENCE_MISSING,
            "Title",
            "Case reference (column Title) is empty. Fill it in, for example RC-2026-014.",
        )
    if len(text) > _LONGEST or not _REFERENCE.fullmatch(text):
        return FieldProblem(
            RegisterCode.REFERENCE_UNUSABLE,
            "Title",
            f"Case reference (column Title) may hold at most {_LONGEST} letters, digits, hyphens, dots, "
            "slashes and single spaces. Shorten or correct it.",
        )
    return text


def same_reference(one: str, other: str) -> bool:
    """Whether two spellings name the same case: neither case of letters nor outer spaces count."""
    return reference_key(one) == reference_key(other)


def reference_key(reference: str) -> str:
    """What two spellings of one case reference share."""
    return reference.strip().casefold()
