"""`retire`: take the installation out of use. Evidence first, then councillors' rules, then the council's.

The mark that no run writes any more is set before the first rule goes, so whatever ends this run, nothing is
made again behind its back, and the next `retire` goes on where it stopped. Removing a rule only opens, so no
guard, freeze or window holds it up; each rule stands for itself.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from m365_restrict.by_hand.open_run import CaseRules, open_rules
from m365_restrict.by_hand.words import said
from m365_restrict.leaving.farewell import CaseEnds, all_told, say_farewell
from m365_restrict.leaving.not_staying import NotStaying, read_not_staying
from m365_restrict.leaving.standing import Standing, last_day, read_standing, split, why_not_left
from m365_restrict.ledger.retirement import Retirement
from m365_restrict.plan.change import Applied, ObservedRule, RuleKind
from m365_restrict.report.open_document import OpenedRule, RuleFate
from m365_restrict.report.privacy import HolderMailboxes
from m365_restrict.report.retire_document import RetiredRule, RetireFate, RetirementLine
from m365_restrict.rules.naming import long_day
from m365_restrict.script.quoting import quoted
from m365_restrict.steps.run_context import Run, Writing
from m365_restrict.telling.mail_post import Told

_CHOICE = "a councillor's own choice"
_FATES = {
    RuleFate.REMOVED: RetireFate.REMOVED,
    RuleFate.DISABLED: RetireFate.DISABLED,
    RuleFate.GONE: RetireFate.GONE,
    RuleFate.STANDS: RetireFate.STANDS,
}
IN_OUTLOOK = (
    "By hand it is deleted in Outlook on the web, opened as that mailbox (Settings, Mail, Rules): a cmdlet "
    "would also remove rules that Outlook itself runs for its owner."
)
STILL_THERE = frozenset({RetireFate.STANDS, RetireFate.DISABLED})
"""What a further run, or an administrator, has still to remove."""


class RulesChoice(StrEnum):
    """What becomes of the council's transport rules."""

    REMOVE = "remove"
    LEAVE = "leave"


@dataclass(frozen=True, kw_only=True)
class RetireOrder:
    """What was asked for. `choice` is None where nobody has said what becomes of the rules."""

    choice: RulesChoice | None
    reason: str
    made_by: str


@dataclass(frozen=True, kw_only=True)
class RetireOutcome:
    """What stands now, or would, and what was done about it. `complete`: nothing has to go any more."""

    retirement: Retirement | None
    rules: tuple[RetiredRule, ...]
    told: tuple[Told, ...] = ()
    notes: tuple[str, ...] = ()
    complete: bool = False


async def plan_retirement(run: Run, standing: Standing, choice: RulesChoice | None) -> RetireOutcome:
    """What would become of every rule. Writes nothing. Raises RestrictError as `read_not_staying` does."""
    stood = run.ledger.retirements.current()
    complete = stood is not None and stood.completed_at is not None
    if complete and choice is None:
        choice = RulesChoice.LEAVE  # what stands by then was left
    staying = await _not_staying(run, standing, choice)
    teller = _Teller(run, staying)
    lines = [*teller.planned(standing.chosen), *teller.planned(standing.named)]
    lines += teller.planned(standing.council, choice)
    going = {RetireFate.TO_REMOVE, RetireFate.UNDECIDED, RetireFate.STANDS}
    return RetireOutcome(
        retirement=stood,
        rules=tuple(lines),
        notes=staying.notes,
        complete=complete and not any(one.outcome in going for one in lines),
    )


async def retire(run: Run, writing: Writing | None, order: RetireOrder) -> RetireOutcome:
    """Carry it out. Raises LeaseHeld where another run has taken over; the next run finishes.

    Without `writing` an administrator removes the rules by hand, and the next run finds them gone.
    """
    ledger = run.ledger
    reason = said(order.reason, "--reason")
    standing = await read_standing(run)
    not_staying = await _not_staying(run, standing, order.choice)
    ledger.retirements.begin(reason, by=order.made_by, at=run.now)
    going = standing.council
    staying: tuple[tuple[Applied, ObservedRule], ...] = ()
    if order.choice is RulesChoice.LEAVE:
        going, staying = split(standing.council, now=run.now, reasons=not_staying.reasons)
    run = replace(run, writing=writing)  # from here on it hears that it is to stop
    teller = _Teller(run)
    edited = frozenset(one.mailbox for one, _ in standing.chosen.standing if one.holder_ended)
    lines: list[RetiredRule] = []
    for part in (standing.chosen, standing.named, going):
        if run.is_stopping:
            lines += teller.untried(part)
            continue
        sorted_part = replace(part, standing=_in_order_of_writing(part.standing))
        lines += teller.done(sorted_part, await open_rules(run, writing, sorted_part))
    lines += [teller.left(one, rule) for one, rule in staying]
    stands = any(one.outcome in STILL_THERE for one in lines) or bool(standing.unknown)
    told, notes = await _farewell(
        run, writing, replace(teller.ends(lines, standing, staying), edited_by_holder=edited)
    )
    complete = not stands and not run.is_stopping and all_told(told)
    if complete:
        ledger.retirements.complete(by=order.made_by, at=run.now)
        ledger.register.replace_live((), run_id=run.run_id)
    return RetireOutcome(
        retirement=ledger.retirements.current(),
        rules=tuple(lines),
        told=told,
        notes=(*not_staying.notes, *notes),
        complete=complete,
    )


async def _not_staying(run: Run, standing: Standing, choice: RulesChoice | None) -> NotStaying:
    return await read_not_staying(run, standing) if choice is RulesChoice.LEAVE else NotStaying()


async def _farewell(
    run: Run, writing: Writing | None, ends: CaseEnds
) -> tuple[tuple[Told, ...], tuple[str, ...]]:
    if writing is None:
        return (), ("Nothing here holds a write grant, so nobody was told by mail and no list was written.",)
    if run.is_stopping:
        return (), ()
    writing.lease.check()
    async with writing.open_writers() as writers:
        return await say_farewell(run, writers, ends)


def retirement_line(stood: Retirement | None) -> RetirementLine | None:
    """A retirement as documents tell it."""
    return None if stood is None else RetirementLine(**vars(stood))


def removal_line(one: Applied) -> str:
    """The cmdlet that removes a transport rule by hand.

    "" for an inbox rule: every cmdlet for those also removes rules that Outlook itself runs for the mailbox's
    owner (exchange.md 5.3), so they are removed in Outlook.
    """
    if one.kind is RuleKind.INBOX_RULE:
        return ""
    return f"Remove-TransportRule -Identity {quoted(one.guid_or_rule_id)} -Confirm:$false"


def _in_outlook(one: Applied, fate: RetireFate) -> str:
    """How an inbox rule goes that this run could not remove."""
    return IN_OUTLOOK if one.kind is RuleKind.INBOX_RULE and fate is RetireFate.STANDS else ""


class _Teller:
    """Tells of rules without telling which councillor chose what."""

    def __init__(self, run: Run, not_staying: NotStaying | None = None) -> None:
        self._run = run
        self._reasons = (not_staying or NotStaying()).reasons
        chosen = {one.mailbox for one in run.ledger.rules.all() if one.chosen_by_holder}
        self._holders = HolderMailboxes(run.ledger.mailboxes.numbers(chosen - {""}))

    def planned(
        self, part: CaseRules, choice: RulesChoice | None = RulesChoice.REMOVE
    ) -> Iterator[RetiredRule]:
        """What would become of the rules of one part."""
        for one, rule in part.standing:
            why = why_not_left(one, rule, now=self._run.now, reasons=self._reasons)
            fate = RetireFate.TO_REMOVE
            if not why and choice is not RulesChoice.REMOVE:
                fate = RetireFate.TO_LEAVE if choice else RetireFate.UNDECIDED
            asked = why if choice is not RulesChoice.REMOVE else ""
            yield self._line(one, fate, asked, rule)
        for one in part.gone:
            yield self._line(one, RetireFate.GONE, "")
        for one, reason in part.unseen:
            yield self._line(one, RetireFate.STANDS, reason)

    def done(self, part: CaseRules, opened: Sequence[OpenedRule]) -> Iterator[RetiredRule]:
        """What became of them. `open_rules` tells first of what it could not see, then of what was gone."""
        rules: Iterable[Applied] = (
            *(one for one, _ in part.unseen),
            *part.gone,
            *(one for one, _ in part.standing),
        )
        for one, told in zip(rules, opened, strict=True):
            yield self._line(one, _FATES[told.outcome], told.reason)

    def untried(self, part: CaseRules) -> Iterator[RetiredRule]:
        """The rules of a part that a run which is to stop does not come to."""
        for one, _ in (*part.standing, *part.unseen):
            yield self._line(one, RetireFate.STANDS, "The run was asked to stop before; run it again.")

    def left(self, one: Applied, rule: ObservedRule) -> RetiredRule:
        """A rule that ends by itself."""
        return self._line(one, RetireFate.LEFT, "", rule)

    def ends(
        self,
        lines: Sequence[RetiredRule],
        standing: Standing,
        staying: Sequence[tuple[Applied, ObservedRule]],
    ) -> CaseEnds:
        """What became of each case, for those who are told."""
        zone = self._run.options.zone
        left = {
            one.case_reference: long_day(day)
            for one, rule in staying
            if (day := last_day(rule.properties, zone)) is not None
        }
        stuck = [one for one in lines if one.outcome is RetireFate.STANDS]
        stands = frozenset(one.case_ref for one in stuck if one.case_ref)
        live = {one.case_reference for one in self._run.ledger.register.live()}
        live |= {one.case_ref for one in lines if one.case_ref}
        return CaseEnds(
            opened=frozenset(live - left.keys() - stands),
            left=left,
            standing=stands,
            choices_ended=not any(one.name == _CHOICE for one in stuck) and not standing.chosen.unknown,
        )

    def _line(
        self, one: Applied, fate: RetireFate, reason: str, rule: ObservedRule | None = None
    ) -> RetiredRule:
        chosen = one.chosen_by_holder
        properties = one.properties if rule is None else rule.properties
        return RetiredRule(
            name=_CHOICE if chosen else one.name,
            kind=one.kind.value,
            mailbox=self._holders.number(one.mailbox) if chosen else one.mailbox,
            case_ref=None if chosen else one.case_reference or None,
            outcome=fate,
            ends_on=None if chosen else last_day(properties, self._run.options.zone),
            reason=" ".join(filter(None, (self._holders.hide(reason), _in_outlook(one, fate)))),
            by_hand=removal_line(one),
        )


def _in_order_of_writing(
    standing: Sequence[tuple[Applied, ObservedRule]],
) -> tuple[tuple[Applied, ObservedRule], ...]:
    """The order in which `apply_changes` answers: transport rules first, then mailbox after mailbox."""
    transport = [one for one in standing if one[0].kind is RuleKind.TRANSPORT_RULE]
    inbox = [one for one in standing if one[0].kind is RuleKind.INBOX_RULE]
    boxes = dict.fromkeys(one.mailbox for one, _ in inbox)
    return (*transport, *(one for box in boxes for one in inbox if one[0].mailbox == box))
