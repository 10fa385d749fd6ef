"""Names for rules of ours that stay for a while although another is to bear theirs."""

import re
from itertools import count

from m365_restrict.outcome import Unknown
from m365_restrict.plan.wanted import DifferenceInput
from m365_restrict.rules.naming import LONGEST_NAME

_PART = re.compile(r" \(\d+\)$")


class FreeNames:
    """The rule names of the organisation. No two rules may have the same (exchange.md 7.1 row 18)."""

    def __init__(self, given: DifferenceInput) -> None:
        """Take the names that are wanted, and those that stand."""
        rules = given.desired.transport
        observed = given.observed.transport
        self._wanted = {rule.name.casefold() for rule in rules}
        self._taken = self._wanted | {
            rule.name.casefold() for rule in (() if isinstance(observed, Unknown) else observed)
        }

    def free(self, name: str) -> str:
        """The name itself, or where a wanted rule needs it, the next one that nobody bears."""
        if name.casefold() not in self._wanted:
            return name
        stem = _PART.sub("", name)
        numbered = (f"{stem[: LONGEST_NAME - len(end)]}{end}" for end in map(" ({})".format, count(2)))
        found = next(one for one in numbered if one.casefold() not in self._taken)
        self._taken.add(found.casefold())
        return found
