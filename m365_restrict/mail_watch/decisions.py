"""From a case to whom it keeps mail from, and since when: what traces are judged by."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from m365_restrict.ledger.mail_seen import ToldLeaks
from m365_restrict.mail_watch.history import LEFT_A_FORM, History, MailHistories
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Applied, ChangeClass
from m365_restrict.plan.leaks import Decision, Decisions, Handling, handling_of, stands_since
from m365_restrict.plan.mail_forms import RuleStory, Spell, decided
from m365_restrict.register.case import Case, Measure, Status
from m365_restrict.register.item import ListItem
from m365_restrict.register.recipient import Recipient
from m365_restrict.rules.audience import audience_of, primary_of
from m365_restrict.rules.mailbox_rules import in_mailboxes
from m365_restrict.rules.patterns import plain_sender
from m365_restrict.rules.properties import senders_of
from m365_restrict.rules.transport_rule import TransportRule
from m365_restrict.steps.found import Found, Planned
from m365_restrict.steps.run_context import Run

_MOVED = frozenset({ChangeClass.PENDING, ChangeClass.BOTH})
_STATUS, _MEASURE = "Status", "Measure"
_NOBODY = Decision(handling=Handling.LEFT, contact="", since=None, domains=frozenset(), exempt=frozenset())


@dataclass(frozen=True, kw_only=True)
class Traceable:
    """One case that acts on mail, or did. `written_at` is when the last of its rules was written, if all.

    `item_id` is the list item, which keeps its id when the case is renamed; `addresses` are whose mail is
    asked about. `by_mailbox`: mailbox rules carry its measure. `case` is None where it is no longer in force;
    then nothing is asked from `ended_at` on, and None there says that nothing can be asked at all.
    """

    item_id: str
    reference: str
    addresses: tuple[str, ...]
    case: Case | None = None
    handling: Handling = Handling.LEFT
    contact: str = ""
    by_mailbox: bool = False
    written_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What the mail of one case is judged by, and since when there is anything to judge.

    `since` is None where no rule was ever written. `rules` tell what events mean that name one.
    """

    decisions: Decisions
    since: datetime | None
    rules: tuple[RuleStory, ...]


class MailDecisions:
    """What decisions are told from: rules as they are wanted, and as they were written."""

    def __init__(self, run: Run, found: Found, planned: Planned, told: Mapping[str, ToldLeaks]) -> None:
        """Everything but the journal is read at once; the journal for one case at a time.

        `told` is what earlier runs told, by item.
        """
        self._run, self._found, self._planned, self._told = run, found, planned, told
        self._histories = MailHistories(run, planned)
        self._applied: Mapping[str, Applied] = {one.key: one for one in run.ledger.rules.all()}
        difference = planned.plan.difference
        # What the register has moved is not enforced yet, and what was waived may differ.
        self._moved = {one.key for one in difference.changes if one.change_class in _MOVED}
        self._moved |= {one.key for one in difference.waived}
        self._transport: dict[str, list[TransportRule]] = {}
        self._council: dict[str, list[str]] = {}
        for rule in planned.desired.transport:
            self._transport.setdefault(rule.case_reference, []).append(rule)
            if not rule.holder:
                self._council.setdefault(rule.case_reference, []).append(rule.key)
        for junk in planned.desired.inbox:
            if not junk.chosen_by_holder:
                self._council.setdefault(junk.case_reference, []).append(junk.key)

    def cases(self) -> Iterator[Traceable]:
        """Every case in force that acts on mail."""
        carrier = self._run.options.compile.carrier
        for one in self._found.judgement.in_force:
            case, measure = one.case, one.case.protected.measure
            if measure.acts_on_mail:
                by_mailbox = in_mailboxes(measure, carrier)
                yield Traceable(
                    item_id=case.item_id,
                    reference=case.reference,
                    addresses=case.protected.addresses,
                    case=case,
                    handling=handling_of(measure, by_mailbox_rules=by_mailbox),
                    contact=self._contact(case),
                    by_mailbox=by_mailbox,
                    written_at=self._latest(case, self._written),
                )

    def over(self, counted: Iterable[str], since: datetime) -> Iterator[Traceable]:
        """Cases that are no longer in force, and of whose mail something from `since` on may be told.

        `counted` are items whose mail was counted before.
        """
        in_force = {one.case.item_id for one in self._found.judgement.in_force}
        recent = {row.item_id for row in self._run.ledger.written.between(since, self._run.now)}
        for item_id in sorted({*counted, *recent, *self._histories.items} - in_force - {""}):
            history = self._histories.of(item_id)
            last = history.spells[-1] if history.spells else None
            ended_at = self._ended_at(item_id, last) if last else None
            if item_id in counted or (ended_at is not None and ended_at >= since):
                senders = (
                    {plain_sender(one) for form in last.forms for one in senders_of(form)} if last else ()
                )
                yield Traceable(
                    item_id=item_id,
                    reference=history.reference,
                    addresses=tuple(sorted(senders)),
                    written_at=last.since if last else None,
                    ended_at=ended_at,
                )

    def ground(self, one: Traceable) -> Ground:
        """What the mail of one case is judged by."""
        if one.case is None:
            history = self._histories.of(one.item_id)
            today, stands = _NOBODY, None
        else:
            history = self._histories.of(one.item_id, self._council.get(one.reference, ()))
            today, stands = self._today(one, one.case), self._latest(one.case, self._stands)
        begins = stands if today.since is not None else None
        earlier = tuple(self._earlier(one, history, begins))
        since = history.began_at or stands
        return Ground(decisions=Decisions(today=today, earlier=earlier), since=since, rules=history.stories)

    def _today(self, one: Traceable, case: Case) -> Decision:
        """What is decided now. Its `since` is None where the rules were never so, or may differ."""
        planned, settle = self._planned, self._run.options.settle
        since = self._latest(case, self._stands)
        audience = audience_of(case, planned.directory)
        names, scope = audience.exceptions, audience.scope
        known = not isinstance(planned.directory.councillor_members, Unknown)
        is_certain = known and case.reference not in planned.desired.blocked_cases
        transport = self._transport.get(case.reference, [])
        choosers = {rule.holder: self._stands(rule.key) for rule in transport if rule.holder}
        return Decision(
            handling=one.handling,
            contact=one.contact,
            since=since + settle if since and is_certain else None,
            domains=self._found.people.domains,
            exempt=frozenset(names.mailboxes),
            within=None if scope is None else frozenset(scope.mailboxes),
            choosers={who: at + settle for who, at in choosers.items() if at is not None},
            groups=() if scope is None else scope.groups,
            exempt_groups=tuple(group for group in names.groups if group != self._councillors_group),
        )

    def _earlier(self, one: Traceable, history: History, begins: datetime | None) -> Iterator[Decision]:
        """By what stood before `begins`, or, where nothing is certain today, as far as somebody looked."""
        for spell in history.spells:
            if begins is not None and spell.since >= begins:
                return
            until = spell.until
            if spell.is_open and begins is None:
                until = one.ended_at if one.case is None else self._looked(one.item_id)
            ends = [at for at in (until, begins, one.ended_at) if at is not None]
            if not ends:
                return
            decision = decided(
                spell,
                until=min(ends),
                settle=self._run.options.settle,
                domains=self._found.people.domains,
                is_filed=self._is_filed(one),
            )
            groups = tuple(group for group in decision.exempt_groups if group != self._councillors_group)
            yield replace(decision, exempt_groups=groups)

    def _ended_at(self, item_id: str, last: Spell) -> datetime | None:
        """When a case that is over ended: its rules went, its last day passed, or the register opened it."""
        ended = last.until
        if last.is_open and (ended is None or ended > self._run.now):
            ended = self._looked(item_id)
        known = [at for at in (ended, self._opened_at(item_id)) if at is not None]
        return min(known) if known else None

    def _looked(self, item_id: str) -> datetime | None:
        told = self._told.get(item_id)
        return told.until if told else None

    def _item(self, item_id: str) -> ListItem | None:
        items = self._found.register.cases.items
        return next((one for one in items if one.item_id == item_id), None)

    def _opened_at(self, item_id: str) -> datetime | None:
        """Since when the item has had a status that opens."""
        item, since = self._item(item_id), None
        for version in reversed(item.versions if item else ()):
            if not _opens(version.fields.get(_STATUS)):
                break
            since = version.saved_at
        return since

    def _is_filed(self, one: Traceable) -> bool:
        if one.case is not None:
            return one.handling is Handling.FILED
        item = self._item(one.item_id)
        return item is not None and item.fields.get(_MEASURE) == Measure.FILE.value

    def _contact(self, case: Case) -> str:
        """The primary address of the single contact, or ""."""
        asked = case.protected.spoc_mailbox
        return primary_of(asked, self._planned.directory) if asked else ""

    @property
    def _councillors_group(self) -> str:
        """Its members are exempt by name: they were read already."""
        group = self._planned.directory.councillors_group
        return group.address if isinstance(group, Recipient) else ""

    def _latest(self, case: Case, moment_of: Callable[[str], datetime | None]) -> datetime | None:
        """The latest moment among the council's rules for a case; None where one has none."""
        found = [moment_of(key) for key in self._council.get(case.reference, ())]
        known = [at for at in found if at is not None]
        return max(known) if known and len(known) == len(found) else None

    def _written(self, key: str) -> datetime | None:
        applied = self._applied.get(key)
        return applied.written_at if applied else None

    def _stands(self, key: str) -> datetime | None:
        """Since when a rule has been as it is wanted; None where it is not."""
        applied = self._applied.get(key)
        if applied is None or key in self._moved:
            return None
        rows = self._run.ledger.written.of_rule(key, applied.guid_or_rule_id)
        forms = [(row.at, row.after) for row in rows if row.result in LEFT_A_FORM]
        return stands_since(applied.properties, forms) or applied.written_at


def _opens(status: object) -> bool:
    return isinstance(status, str) and status in {one.value for one in Status if one.opens}
