"""What the checks must be told of the world: the day, the council's domains, its people."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from m365_restrict.policy.profile import Profile
from m365_restrict.register.approval import ApprovalRules
from m365_restrict.register.case import Stage


@dataclass(frozen=True, kw_only=True)
class CheckContext:
    """All addresses, domains and object ids are lower case.

    `approvers` must have an entry for `Stage.NONE`, used for stages without their own.
    `flow_identities` are object ids or addresses. `zone` is the register's time zone.
    """

    today: date
    zone: ZoneInfo
    approvers: Mapping[Stage, frozenset[str]]
    council_domains: frozenset[str]
    councillor_addresses: frozenset[str] = frozenset()
    protected_mailboxes: frozenset[str] = frozenset()
    flow_identities: frozenset[str] = frozenset()

    def approval_rules(self, profile: Profile) -> ApprovalRules:
        """Who may approve under that profile."""
        return ApprovalRules(
            approvers=self.approvers,
            quorum=profile.quorum,
            proposer_may_approve=profile.proposer_may_approve,
            flow_identities=self.flow_identities,
        )
