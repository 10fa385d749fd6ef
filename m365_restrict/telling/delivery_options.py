"""To whom reports go: roles of the council, by what they are sent and how much of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from m365_restrict.plan.change import Severity
from m365_restrict.report.edition import Edition, Period


class ReportRole(StrEnum):
    """Who gets reports. The value is the name of their settings, such as DELIVERY__ICT__TO."""

    ICT = "ict"
    GOVERNANCE = "governance"
    IAO = "iao"
    BOARD = "board"

    @property
    def in_words(self) -> str:
        """How messages name the role."""
        return _WORDS[self]


_WORDS: Mapping[ReportRole, str] = {
    ReportRole.ICT: "ICT",
    ReportRole.GOVERNANCE: "governance",
    ReportRole.IAO: "the Information Asset Owner",
    ReportRole.BOARD: "the board",
}
_EDITIONS: Mapping[ReportRole, Edition] = {
    ReportRole.ICT: Edition.ICT,
    ReportRole.GOVERNANCE: Edition.COMPLIANCE,
    ReportRole.IAO: Edition.COMPLIANCE,
    ReportRole.BOARD: Edition.BOARD,
}


@dataclass(frozen=True, kw_only=True)
class RoleDelivery:
    """One role: `to` are addresses, `severity` the least that it is told of, `packs` the cadences it gets.

    `workflow_url` posts to the role's Teams channel, "" for none; it is a secret (graph.md 7).
    """

    role: ReportRole
    to: tuple[str, ...] = ()
    severity: Severity
    packs: frozenset[Period]
    workflow_url: str = field(default="", repr=False)

    @property
    def is_named(self) -> bool:
        """Whether there is anywhere to send to."""
        return bool(self.to or self.workflow_url)

    def edition(self, period: Period) -> Edition:
        """The edition that the role gets; of a year everybody gets what is published (policy.md 5)."""
        return Edition.PUBLIC if period is Period.ANNUAL else _EDITIONS[self.role]


@dataclass(frozen=True, kw_only=True)
class DeliveryOptions:
    """All roles, and the library that reports are filed in.

    `sender` is the mailbox that mails are sent from, "" for none. `library` is a folder of the library of
    `site`, or `<drive id>:<folder>`, "" for none.
    """

    roles: tuple[RoleDelivery, ...] = ()
    sender: str = ""
    site: str = ""
    library: str = ""

    def for_period(self, period: Period, edition: Edition | None) -> tuple[RoleDelivery, ...]:
        """The roles that get a period's report; with `edition` only those for whom it is."""
        return tuple(
            one
            for one in self.roles
            if one.is_named and period in one.packs and edition in {None, one.edition(period)}
        )

    def role(self, name: str) -> RoleDelivery | None:
        """A role by its name, None for one that nobody is named for."""
        return next((one for one in self.roles if one.role == name and one.is_named), None)
