"""Overrides: what lets one guard pass, for a reason that is on record, until it expires."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from m365_restrict.codes import CatalogueCode
from m365_restrict.plan.codes import GuardCode

DEFAULT_HOURS = 4
MOST_HOURS = 72

COUNTED = frozenset({GuardCode.SOURCE_SHRUNKEN, GuardCode.TOO_MANY_REROUTINGS, GuardCode.TOO_MANY_WEAKENINGS})
"""Guards that count cases: an override of one may say up to how many it lets pass."""

OVERRIDABLE = COUNTED | {GuardCode.OUTSIDE_CHANGE_WINDOW, GuardCode.APPROVER_UNKNOWN}
"""Guards that an override may let pass.

Not one behind which somebody exempt could be captured, nor one that the service itself enforces, nor
a register without items, nor a freeze, which its own command lifts.
"""


@dataclass(frozen=True, kw_only=True)
class Override:
    """One guard that may be passed until `until`, an aware instant. `limit` is in cases; None is no limit.

    `code` is that of the guard; a ledger may hold one that only another version knows.
    """

    code: str
    reason: str
    until: datetime
    limit: int | None = None

    def lets_pass(self, count: int | None) -> bool:
        """Whether the guard may be passed when it has counted `count` cases; None where it counts none."""
        return self.limit is None or count is None or count <= self.limit


def override_for(overrides: Sequence[Override], code: CatalogueCode) -> Override | None:
    """The override of a guard that stands, whatever its limit."""
    return next((one for one in overrides if one.code == code), None)


def guard_code(text: str) -> GuardCode | None:
    """The guard with this code, or None."""
    return next((code for code in GuardCode if code.value == text), None)


def way_past(code: GuardCode, setting: str, count: int | None = None) -> str:
    """The setting that moves a guard and, where it may be overridden, the exact command."""
    if code not in OVERRIDABLE:
        return setting
    limit = f" --limit {count}" if count is not None else ""
    return f'{setting}, or once: m365-restrict override {code} --reason "…"{limit}'
