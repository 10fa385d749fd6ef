"""`history`: what the ledger remembers of runs, of writes, and of what stood on a day. It asks no service."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta, tzinfo

from m365_restrict.errors import RequestRefused
from m365_restrict.ledger.ledger import Ledger
from m365_restrict.ledger.runs import RunRecord
from m365_restrict.ledger.written import WrittenChange, WrittenResult
from m365_restrict.plan.by_hand_codes import ByHandCode
from m365_restrict.plan.change import RuleKind
from m365_restrict.register.reference import reference_key
from m365_restrict.report.documents import Mailbox
from m365_restrict.report.history_document import PastCase, PastField, PastRule, RunLine, WrittenLine
from m365_restrict.report.privacy import HolderMailboxes
from m365_restrict.rules.observed import Properties
from m365_restrict.rules.properties import enabled_in

_CHOICE = "a councillor's own choice"
_NOW_INCLUDED = timedelta(microseconds=1)
BEGUN = "was begun by a run that ended before it could say whether it was made; drift shows what stands."


def past_runs(ledger: Ledger, *, limit: int) -> tuple[RunLine, ...]:
    """The latest runs, newest first, with how many changes each made."""
    counts = ledger.written.counts()
    return tuple(_run_line(one, counts.get(one.run_id, 0)) for one in ledger.runs.latest(limit=limit))


def past_run(ledger: Ledger, text: str) -> RunRecord:
    """The one run that an id, or its beginning, names. RequestRefused where none or several do."""
    found = ledger.runs.beginning_with(text.strip())
    exact = [one for one in found if one.run_id == text.strip()]
    if len(exact or found) != 1:
        whose = "The ids of several runs begin" if found else "No run's id begins"
        raise RequestRefused(f"{whose} with {text.strip()}.", code=ByHandCode.RUN_NOT_FOUND)
    return (exact or found)[0]


def written_lines(ledger: Ledger, run_id: str) -> tuple[WrittenLine, ...]:
    """What a run wrote, with each rule before and after."""
    holders = _holders(ledger.written.of_run(run_id), ledger)
    return tuple(_written_line(one, holders) for one in ledger.written.of_run(run_id))


def written_lines_of_case(ledger: Ledger, reference: str) -> tuple[WrittenLine, ...]:
    """What all runs wrote about a case, oldest first, with each rule before and after."""
    rows = ledger.written.of_case(reference_key(reference))
    holders = _holders(rows, ledger)
    return tuple(_written_line(one, holders) for one in rows)


def in_force_on(
    ledger: Ledger, day: date, *, zone: tzinfo, now: datetime
) -> tuple[tuple[PastCase, ...], tuple[str, ...]]:
    """The cases whose rules stood at the end of a local day, and notes about what is not certain."""
    end = _end_of(day, zone, now)
    rows = ledger.written.until(end)
    standing = [one for one in _standing(rows) if not _is_over(one.after or {}, end)]
    return _by_case(standing, ledger), tuple(_open_questions(rows))


def in_force_between(
    ledger: Ledger, first: date, last: date, *, zone: tzinfo, now: datetime
) -> tuple[tuple[PastCase, ...], tuple[str, ...]]:
    """The cases whose rules stood at any time of these local days, both included; notes as above."""
    start, end = datetime.combine(first, time.min, tzinfo=zone), _end_of(last, zone, now)
    rows = ledger.written.until(end)
    before = _standing(one for one in rows if one.at < start)
    stood = [one for one in before if not _is_over(one.after or {}, start + _NOW_INCLUDED)]
    during = (one for one in rows if one.at >= start and one.after is not None)
    return _by_case(_standing([*stood, *during]), ledger), tuple(_open_questions(rows))


def _end_of(day: date, zone: tzinfo, now: datetime) -> datetime:
    return min(datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone), now + _NOW_INCLUDED)


def _by_case(rows: Iterable[WrittenChange], ledger: Ledger) -> tuple[PastCase, ...]:
    standing = tuple(rows)
    holders = _holders(standing, ledger)
    cases: dict[str, list[PastRule]] = {}
    for one in standing:
        cases.setdefault(one.case_reference, []).append(_past_rule(one, holders))
    return tuple(PastCase(case_ref=case or None, rules=tuple(cases[case])) for case in sorted(cases))


def _standing(rows: Iterable[WrittenChange]) -> list[WrittenChange]:
    """The last row of each rule that stood after it, by the service's own identifier."""
    last: dict[tuple[str, str, str], WrittenChange] = {}
    for one in rows:
        if one.result is WrittenResult.BEGUN or not one.tenant_id:
            continue
        mailbox = one.mailbox if one.kind is RuleKind.INBOX_RULE else ""
        last.pop((one.kind.value, mailbox, one.tenant_id), None)
        last[one.kind.value, mailbox, one.tenant_id] = one
    return [one for one in last.values() if one.after is not None]


def _is_over(form: Properties, end: datetime) -> bool:
    """Whether the rule had expired before the day was over; Exchange itself ends it then."""
    expires = form.get("ExpiryDate")
    return isinstance(expires, datetime) and expires < end


def _open_questions(rows: Iterable[WrittenChange]) -> Iterator[str]:
    begun = [one for one in rows if one.result is WrittenResult.BEGUN]
    for one in begun:
        name = _CHOICE if one.chosen_by_holder else f"'{one.name}'"
        yield f"The write to {name} {BEGUN}"


def _past_rule(one: WrittenChange, holders: HolderMailboxes) -> PastRule:
    form = one.after or {}
    return PastRule(
        name=_CHOICE
        if one.chosen_by_holder
        else str(form.get("Name") or form.get("displayName") or one.name),
        kind=one.kind.value,
        mailbox=_mailbox(one, holders),
        acts=enabled_in(form) and form.get("Mode", "Enforce") == "Enforce",
        written_at=one.at,
        run_id=one.run_id,
    )


def _written_line(one: WrittenChange, holders: HolderMailboxes) -> WrittenLine:
    chosen = one.chosen_by_holder
    return WrittenLine(
        action=one.action.value,
        kind=one.kind.value,
        mailbox=_mailbox(one, holders),
        name=_CHOICE if chosen else one.name,
        case_ref=one.case_reference or None,
        at=one.at,
        run_id=one.run_id,
        result=one.result.value,
        reason=holders.hide(one.reason),
        fields=() if chosen else tuple(_fields(one.before or {}, one.after or {})),
    )


def _fields(before: Properties, after: Properties) -> Iterator[PastField]:
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield PastField(name, before.get(name), after.get(name))


def _mailbox(one: WrittenChange, holders: HolderMailboxes) -> Mailbox:
    return holders.number(one.mailbox) if one.chosen_by_holder else one.mailbox


def _holders(rows: Iterable[WrittenChange], ledger: Ledger) -> HolderMailboxes:
    chosen = {one.mailbox for one in rows if one.chosen_by_holder}
    chosen |= {one.mailbox for one in ledger.rules.all() if one.chosen_by_holder}
    return HolderMailboxes(ledger.mailboxes.numbers(chosen - {""}))


def _run_line(one: RunRecord, changes: int) -> RunLine:
    return RunLine(
        run_id=one.run_id,
        verb=one.verb,
        started_at=one.started_at,
        finished_at=one.finished_at,
        status=one.status,
        exit_code=None if one.exit_code is None else int(one.exit_code),
        changes=changes,
    )
