"""What the checks must be told of the world: the day, the council's domains, its people."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from m365_restrict.policy.known_senders import KnownSenders
from m365_restrict.policy.profile import Profile
from m365_restrict.register.approval import ApprovalRules
from m365_restrict.register.case import Stage


@dataclass(frozen=True, kw_only=True)
class CheckContext:
    """All addresses, domains and object ids are lower case.

    `approvers` must have an entry for `Stage.NONE`, used for stages without their own.
    `flow_identities` are object ids or addresses. `zone` is the register's time zone.
    `pre_election` is the first and last day of the period before an election, if one is set.
    """

    today: date
    zone: ZoneInfo
    approvers: Mapping[Stage, frozenset[str]]
    council_domains: frozenset[str]
    councillor_addresses: frozenset[str] = frozenset()
    protected_mailboxes: frozenset[str] = frozenset()
    flow_identities: frozenset[str] = frozenset()
    known_senders: KnownSenders = field(default_factory=KnownSenders)
    pre_election: tuple[date, date] | None = None

    def approval_rules(self, profile: Profile) -> ApprovalRules:
        """Who may approve under that profile."""
        return ApprovalRules(
            approvers=self.approvers,
            quorum=profile.general.quorum,
            proposer_may_approve=profile.general.proposer_may_approve,
            flow_identities=self.flow_identities,
            quorum_at={stage: rules.quorum for stage, rules in profile.by_stage.items()},
            proposer_may_approve_at={
                stage: rules.proposer_may_approve for stage, rules in profile.by_stage.items()
            },
        )
