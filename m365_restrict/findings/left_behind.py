"""Transport rules of ours that stand from before ENFORCE_WITH=inbox_rules, which nobody looks at any more.

Without an Exchange role they can be neither read nor removed. The ledger still knows of them, so they are
reported until they expire by themselves or somebody says that they are gone (`disown`).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from m365_restrict.plan.change import Applied, ChangeClass, Finding, RuleKind, Severity
from m365_restrict.plan.codes import FindingCode
from m365_restrict.rules.naming import long_day
from m365_restrict.steps.run_context import Run

_CODE = FindingCode.TRANSPORT_RULE_LEFT


def within_sight(run: Run, applied: Sequence[Applied]) -> tuple[Applied, ...]:
    """What the ledger remembers of rules that this run can look at. Says so where it leaves some out."""
    if run.options.sees_transport_rules:
        return tuple(applied)
    left = len(tuple(acting_transport_rules(applied, run.now)))
    if left:
        run.progress(
            f"Transport rules of ours that still stand: {left}. There is no Exchange role to remove them: an "
            "administrator does it by hand (`m365-restrict drift` names them)"
        )
    return tuple(one for one in applied if one.kind is not RuleKind.TRANSPORT_RULE)


def left_behind(run: Run, live: frozenset[str]) -> Iterator[Finding]:
    """A finding for each of them. One whose case is not among the `live` ones outlives its decision."""
    if run.options.sees_transport_rules:
        return
    for one in acting_transport_rules(run.ledger.rules.all(), run.now):
        yield Finding(
            code=_CODE,
            change_class=ChangeClass.ORPHAN,
            severity=Severity.HIGH if one.case_reference in live else Severity.CRITICAL,
            message=f"{_CODE.meaning}{_end_of(one, run)} {_CODE.advice}",
            case_reference=one.case_reference,
            mailbox=one.mailbox,
            rule=one.name,
            key=one.key,
            chosen_by_holder=one.chosen_by_holder,
        )


def acting_transport_rules(applied: Sequence[Applied], now: datetime) -> Iterator[Applied]:
    """Transport rules of ours that have not reached their time of expiry."""
    for one in applied:
        if one.kind is RuleKind.TRANSPORT_RULE:
            expiry = one.properties.get("ExpiryDate")
            if not (isinstance(expiry, datetime) and expiry <= now):
                yield one


def _end_of(one: Applied, run: Run) -> str:
    expiry = one.properties.get("ExpiryDate")
    if not isinstance(expiry, datetime):
        return ""
    return f" It stops by itself on {long_day(expiry.astimezone(run.options.zone).date())}."
