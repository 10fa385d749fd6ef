"""What the closed choices of the model are called on the page, and by which mark and tone they are shown.

`N_` marks the English that is a key of the catalogues; the words are looked up where they are shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from m365_restrict.plan.beside import ActorKind
from m365_restrict.plan.change import ChangeClass, Severity
from m365_restrict.report.documents import LiveState
from m365_restrict.report.edition import Edition, Period
from m365_restrict.report.model import Continuity, ExceptionKind, NumberOf, ResultWord


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for a key that is looked up elsewhere
    """Mark a text as a key of the catalogues."""
    return text


@dataclass(frozen=True, kw_only=True)
class Sign:
    """How a status is shown: a mark and a word that say it, and a tone that only repeats it in colour.

    `rank` orders signs of one kind, the most pressing first.
    """

    mark: str
    word: str
    tone: str
    rank: int = 0


WHAT: Mapping[str, str] = {
    ChangeClass.PENDING: N_("The register has moved, the tenant has not followed yet"),
    ChangeClass.DRIFTED: N_("Edited in the tenant"),
    ChangeClass.BOTH: N_("Edited in the tenant while the register moved as well"),
    ChangeClass.MISSING: N_("Rule missing from the tenant"),
    ChangeClass.ORPHAN: N_("Rule without a decision"),
    ChangeClass.FOREIGN_EFFECT: N_("Another rule, left untouched"),
    ChangeClass.HOLDERS_CHOICE: N_("Changed by the councillor who had chosen it"),
    ChangeClass.UNKNOWN: N_("Could not be checked"),
    ChangeClass.REGISTER: N_("Something to put right in the register"),
}

SEVERITIES: Mapping[str, Sign] = {
    Severity.CRITICAL: Sign(mark="‼", word=N_("Critical"), tone="bad", rank=0),
    Severity.HIGH: Sign(mark="!", word=N_("High"), tone="bad", rank=1),
    Severity.MEDIUM: Sign(mark="△", word=N_("Medium"), tone="warn", rank=2),
    Severity.LOW: Sign(mark="○", word=N_("Low"), tone="plain", rank=3),
}

# Words of documents, settings and series that a reader may meet in either language.
MEASURES = (
    N_("Redirect to single contact"),
    N_("Copy to single contact"),
    N_("Allowed recipients only"),
    N_("File without reply"),
    N_("Refuse with notice"),
    N_("Junk in named mailboxes"),
    N_("Single contact requested"),
    N_("No e-mail measure"),
)
BANDS = (
    N_("overdue"),
    N_("within 30 days"),
    N_("31 to 90 days"),
    N_("later"),
    N_("no date"),
    N_("seen"),
    N_("redirected"),
    N_("refused"),
    N_("filed"),
    N_("leaked"),
)
ACTIONS: Mapping[str, str] = {
    "create": N_("Made"),
    "update": N_("Changed"),
    "delete": N_("Removed"),
    "transport_rule": N_("Mail flow rule"),
    "inbox_rule": N_("Rule in a mailbox"),
    "applied": N_("done"),
    "begun": N_("begun, and not known to have been done"),
    "failed": N_("failed"),
    "skipped": N_("left out"),
    "planned": N_("planned"),
    "audit": N_("audit: rules only log what they would do"),
    "enforce": N_("enforce: rules act on mail"),
    "mail_flow": N_("mail flow rules in Exchange"),
    "inbox_rules": N_("rules in mailboxes alone"),
    "script": N_("a script that an administrator runs"),
    "rule": N_("the rule itself"),
    "audit log": N_("the audit log"),
    "reader": N_("reader"),
    "writer": N_("writer"),
    "due": N_("due"),
    "waiting": N_("waiting"),
}
PHRASES = (
    N_("a councillor's own choice"),
    N_("Case owner"),
    N_("Governance"),
    N_("Governance officer"),
    N_("ICT"),
    N_("Information Asset Owner"),
    N_("No way of contact stays open"),
    N_("Everything but openings"),
    N_("Everything"),
    N_("The run ended before anything was compared. This does not mean that all is well."),
    N_("Put right what the error names and run the command again."),
)
NUMBERS: Mapping[NumberOf, str] = {
    NumberOf.LIVE: N_("Live restrictions"),
    NumberOf.ENFORCED: N_("Enforced exactly"),
    NumberOf.DIFFERING: N_("Differing from the register"),
    NumberOf.ORPHANS: N_("Rules without a decision"),
    NumberOf.UNKNOWN: N_("Could not be checked"),
    NumberOf.CRITICAL: N_("Critical findings"),
    NumberOf.HIGH: N_("High findings"),
    NumberOf.MEDIUM: N_("Medium findings"),
    NumberOf.LOW: N_("Low findings"),
    NumberOf.OVERDUE_FINDINGS: N_("Findings past their day"),
    NumberOf.OVERDUE_REVIEWS: N_("Cases whose review is overdue"),
    NumberOf.ACTIONS: N_("Changes made by the tool in the period"),
    NumberOf.EXCEPTIONS: N_("Exceptions in force"),
}


def severity_sign(severity: str) -> Sign:
    """How a severity is shown; a word that is none is shown as it is."""
    return SEVERITIES.get(severity) or Sign(mark="?", word=severity, tone="warn", rank=len(SEVERITIES))


def state_sign(state: LiveState) -> Sign:
    """How the state of a live case is shown."""
    match state:
        case LiveState.MISSING:
            return Sign(mark="✗", word=N_("Missing from the tenant"), tone="bad", rank=0)
        case LiveState.DIFFERS:
            return Sign(mark="≠", word=N_("Differs"), tone="bad", rank=1)
        case LiveState.UNKNOWN:
            return Sign(mark="?", word=N_("Could not be checked"), tone="warn", rank=2)
        case LiveState.NOT_ON_MAIL:
            return Sign(mark="–", word=N_("In force without a mail rule"), tone="plain", rank=3)
        case LiveState.IN_STEP:
            return Sign(mark="✓", word=N_("Enforced exactly"), tone="good", rank=4)
    assert_never(state)


def result_sign(result: ResultWord) -> Sign:
    """How it is shown how far a run came."""
    match result:
        case ResultWord.COMPLETE:
            return Sign(mark="✓", word=N_("Complete: everything was looked at"), tone="good")
        case ResultWord.PARTIAL:
            return Sign(mark="△", word=N_("Partial: not everything was looked at"), tone="warn")
        case ResultWord.FAILED:
            return Sign(mark="✗", word=N_("Failed: the run ended early"), tone="bad")
    assert_never(result)


def continuity_sign(continuity: Continuity) -> Sign:
    """How it is shown how a finding stands against the run before."""
    match continuity:
        case Continuity.NEW:
            return Sign(mark="+", word=N_("New"), tone="plain", rank=0)
        case Continuity.CONTINUING:
            return Sign(mark="=", word=N_("Continuing"), tone="plain", rank=1)
        case Continuity.FIXED:
            return Sign(mark="✓", word=N_("Put right"), tone="good", rank=2)
    assert_never(continuity)


def actor_word(kind: ActorKind) -> str:  # noqa: PLR0911 - one for each kind
    """Who acted, where the kind says it all or stands beside a name."""
    match kind:
        case ActorKind.PERSON:
            return N_("an administrator")
        case ActorKind.PARTNER:
            return N_("an administrator of another organisation")
        case ActorKind.APPLICATION:
            return N_("an application")
        case ActorKind.THIS_TOOL:
            return N_("this tool")
        case ActorKind.SERVICE:
            return N_("Microsoft's own service")
        case ActorKind.NOT_YET_LOGGED:
            return N_("not yet in the audit log")
        case ActorKind.NOT_READABLE:
            return N_("the audit log cannot be read")
    assert_never(kind)


def exception_word(kind: ExceptionKind) -> str:
    """What an exception is called."""
    match kind:
        case ExceptionKind.WAIVER:
            return N_("Difference accepted")
        case ExceptionKind.OPENED_BY_HAND:
            return N_("Opened by hand")
        case ExceptionKind.OVERRIDE:
            return N_("Guard overridden")
        case ExceptionKind.FREEZE:
            return N_("Freeze")
        case ExceptionKind.SIGNED_ONE_CHANNEL:
            return N_("Signed: one channel or none is open")
    assert_never(kind)


def title_of(edition: Edition) -> str:
    """The heading of an edition."""
    match edition:
        case Edition.COMPLIANCE:
            return N_("Restricted contacts: report for compliance")
        case Edition.ICT:
            return N_("Restricted contacts: report for ICT")
        case Edition.BOARD:
            return N_("Restricted contacts: summary for the board")
        case Edition.PUBLIC:
            return N_("Restricted contacts: public summary")
    assert_never(edition)


def period_word(period: Period) -> str:
    """What a pack covers, before its days."""
    match period:
        case Period.RUN:
            return N_("One run")
        case Period.DAILY:
            return N_("One day")
        case Period.WEEKLY:
            return N_("One week")
        case Period.MONTHLY:
            return N_("One month")
        case Period.QUARTERLY:
            return N_("One quarter")
        case Period.ANNUAL:
            return N_("One year")
    assert_never(period)
