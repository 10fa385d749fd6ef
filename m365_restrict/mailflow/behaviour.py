"""What the facts leave open about transport, each a setting with the safer reading as default."""

from dataclasses import dataclass
from enum import StrEnum


class AfterRedirect(StrEnum):
    """Whether later rules still see a redirected copy (exchange.md 3: unknown; design.md 4: they do not)."""

    END = "end"
    CONTINUE = "continue"


class StopReach(StrEnum):
    """What StopRuleProcessing stops after a match for some recipients only (exchange.md 10: unknown)."""

    FORK = "fork"
    MESSAGE = "message"


class Undecided(StrEnum):
    """What becomes of a rule with a predicate that cannot be evaluated here.

    NOT_MATCHED: that predicate does not hold, the others decide. ACTS and SKIPPED: the
    whole rule acts, or does not, unless the other predicates already settle it; a proof
    takes both ways.
    """

    NOT_MATCHED = "not_matched"
    ACTS = "acts"
    SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True)
class TransportBehaviour:
    """How transport behaves where the facts disagree or are silent.

    `subdomains`: a domain condition includes subdomains (exchange.md 2.3, ODP against ODE).
    `caret_anchors`: `^` and `$` work in patterns (exchange.md 2.3, ODE against PMF).
    `sees_all_forks`: AnyOfRecipient… tests on a fork still see the other fork's recipients
    (exchange.md 2.4: unknown).
    `junk_from_scl`: a spam level set by a rule from which a copy goes to Junk Email; None for never.
    """

    after_redirect: AfterRedirect = AfterRedirect.END
    stop_reach: StopReach = StopReach.FORK
    undecided: Undecided = Undecided.NOT_MATCHED
    subdomains: bool = True
    caret_anchors: bool = True
    sees_all_forks: bool = True
    junk_from_scl: int | None = 5
