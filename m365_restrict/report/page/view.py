"""What single places of the page say, in the language of the page: values, days, people, and the answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from m365_restrict.outcome import Unknown
from m365_restrict.plan.beside import Actor, ActorKind
from m365_restrict.plan.change import FieldChange
from m365_restrict.report.documents import LiveState, Mailbox
from m365_restrict.report.model import LiveCase, Number, Report, ReportFinding, ResultWord
from m365_restrict.report.page.vocabulary import (
    N_,
    SEVERITIES,
    Sign,
    actor_word,
    continuity_sign,
    severity_sign,
    state_sign,
)
from m365_restrict.report.page.words import Words
from m365_restrict.report.text import clean
from m365_restrict.rules.observed import PropertyValue

_MOST_VALUES = 6
_NAMED = frozenset({ActorKind.PERSON, ActorKind.PARTNER, ActorKind.APPLICATION})


@dataclass(frozen=True, kw_only=True)
class SeverityCount:
    """How many findings of one severity there are, and how many of them are new."""

    sign: Sign
    all: int
    new: int


@dataclass(frozen=True)
class View:
    """The words of one page, and what it says of the values that it is given."""

    words: Words

    def value(self, value: PropertyValue | None) -> str:
        """A property of a rule in words; of a long list the first few and how many more."""
        match value:
            case None | ():
                return self.words.say("not set")
            case bool():
                return self.words.say("yes") if value else self.words.say("no")
            case datetime():
                return self.words.universal(value)
            case tuple():
                return self._several(value)
            case _:
                return clean(str(value)) or self.words.say("empty")

    def _several(self, values: tuple[str, ...]) -> str:
        head = ", ".join(clean(one) for one in values[:_MOST_VALUES])
        more = len(values) - _MOST_VALUES
        return self.words.say("%(values)s and %(more)s more", values=head, more=more) if more > 0 else head

    def sides(self, change: FieldChange) -> tuple[str, str]:
        """Before and after in words. Of two long lists that begin alike, also what only one of them holds."""
        before, after = self.value(change.observed), self.value(change.desired)
        if before == after:
            before = self._apart(before, change.observed, change.desired)
            after = self._apart(after, change.desired, change.observed)
        return before, after

    def _apart(self, told: str, value: PropertyValue | None, other: PropertyValue | None) -> str:
        if not isinstance(value, tuple) or not isinstance(other, tuple):
            return told
        alone = tuple(one for one in value if one not in other)
        only = self.value(alone) if alone else self.words.say("nothing")
        return self.words.say("%(values)s; only here: %(only)s", values=told, only=only)

    def mailbox(self, mailbox: Mailbox) -> str:
        """A mailbox by its address, a councillor's by its number."""
        if isinstance(mailbox, int):
            return self.words.say("councillor mailbox no. %(number)s", number=mailbox)
        return mailbox

    def actor(self, actor: Actor) -> str:
        """Who changed something and from where, without when."""
        who = self.words.say(actor_word(actor.kind))
        if actor.name and actor.kind in _NAMED:
            who = actor.name if actor.kind is ActorKind.PERSON else f"{actor.name} ({who})"
        if actor.from_where:
            return self.words.say("%(who)s, from %(address)s", who=who, address=actor.from_where)
        return who

    def days_left(self, case: LiveCase) -> str:
        """How long a case still runs. The last day counts as in force (contracts.md 1)."""
        left = case.days_left
        if left is None:
            return self.words.say("no end date")
        if left == 0:
            return self.words.say("ends today")
        if left > 0:
            return self.words.counted("%(number)s day", "%(number)s days", left)
        return self.words.counted("ended %(number)s day ago", "ended %(number)s days ago", -left)

    def overdue(self, days: int) -> str:
        """That a review is late."""
        return self.words.counted("overdue by %(number)s day", "overdue by %(number)s days", days)

    def change(self, number: Number) -> str:
        """By how much a number has changed, in words and not by its sign alone."""
        by = number.now - (number.before or 0)
        if by == 0:
            return self.words.say("the same")
        key = N_("%(number)s more") if by > 0 else N_("%(number)s fewer")
        return self.words.say(key, number=self.words.number(abs(by)))

    def answer(self, report: Report) -> str:
        """The one line that a reader wants first (policy.md 5)."""
        if is_unfinished(report):
            return self.words.say(
                "No answer: the run ended before anything was compared. This does not mean that all is well."
            )
        say, count = self.words.say, self.words.counted
        of = report.summary
        parts = [
            count("%(number)s live restriction", "%(number)s live restrictions", of.live),
            say("%(number)s enforced exactly", number=self.words.number(of.enforced)),
            count("%(number)s differs", "%(number)s differ", of.differing),
            count("%(number)s rule without a decision", "%(number)s rules without a decision", of.orphans),
        ]
        if of.unknown:
            parts.append(say("%(number)s could not be checked", number=self.words.number(of.unknown)))
        if unaffected := sum(case.state is LiveState.NOT_ON_MAIL for case in report.live):
            parts.append(say("%(number)s in force without a mail rule", number=self.words.number(unaffected)))
        line = self.words.listed(parts)
        return f"{line[:1].upper()}{line[1:]}."

    def no_findings(self, report: Report) -> str:
        """What stands where there is no finding."""
        if is_unfinished(report):
            return self.words.say("No findings, because nothing was compared.")
        if is_partial(report):
            return self.words.say("No findings in what could be checked. Not everything could be.")
        return self.words.say("No findings: nothing in the tenant was found to differ from the register.")

    def no_live(self, report: Report) -> str:
        """What stands where no case is live."""
        if is_unfinished(report):
            return self.words.say(
                "Not known: the run ended before the register was compared with the tenant."
            )
        if is_partial(report):
            return self.words.say("No restriction is known to be in force. Not everything could be checked.")
        return self.words.say("No restriction is in force.")

    def none_unread(self, report: Report) -> str:
        """What stands under "What could not be checked" where nothing is named there."""
        head = report.identity.head
        if head.error is not None:
            return self.words.say("The run ended with an error, so what came after it was not checked.")
        if not head.source.complete:
            return self.words.say(
                "The register was not read whole, so nothing may be concluded from what is absent here."
            )
        if report.summary.unknown:
            return self.words.say("Live restrictions that could not be checked are named in their table.")
        return self.words.say(
            "Nothing: the register and every part of the tenant that it concerns could be read."
        )


def is_unfinished(report: Report) -> bool:
    """Whether an error came before anything was found out: nothing found is then no good news."""
    return report.identity.head.error is not None and not report.findings and not report.live


def is_partial(report: Report) -> bool:
    """Whether something was not looked at."""
    head = report.identity.head
    unread = bool(head.unknown) or report.summary.unknown > 0 or not head.source.complete
    return unread or head.error is not None or report.identity.result is not ResultWord.COMPLETE


def unread(report: Report) -> tuple[Unknown, ...]:
    """What the run could not read and the report does not name already."""
    named = {one.scope for one in report.not_covered}
    return tuple(one for one in report.identity.head.unknown if one.scope not in named)


def severity_counts(findings: Sequence[ReportFinding]) -> tuple[SeverityCount, ...]:
    """The findings counted by severity, the most pressing first; severities without one are left out."""
    severities = dict.fromkeys([*SEVERITIES, *(one.line.severity for one in findings)])
    counts = (
        SeverityCount(
            sign=severity_sign(severity),
            all=sum(one.line.severity == severity for one in findings),
            new=sum(one.line.severity == severity and one.continuity == "new" for one in findings),
        )
        for severity in severities
    )
    return tuple(count for count in counts if count.all)


def findings_in_order(findings: Sequence[ReportFinding]) -> tuple[ReportFinding, ...]:
    """The most pressing first, by number within a severity."""
    return tuple(sorted(findings, key=lambda one: (severity_sign(one.line.severity).rank, one.number)))


def live_in_order(live: Sequence[LiveCase]) -> tuple[LiveCase, ...]:
    """What is wrong first, then what ends soonest."""
    return tuple(
        sorted(live, key=lambda one: (state_sign(one.state).rank, one.ends_on or date.max, one.case_ref))
    )


SIGNS = {"severity_sign": severity_sign, "state_sign": state_sign, "continuity_sign": continuity_sign}
