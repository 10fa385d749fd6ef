"""What people did to a rule that stays as it is, because nobody can tell for now what its case wants.

Nothing is written to such a rule but what the register opens (`settle`); that somebody has edited or removed
it is told all the same.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from m365_restrict.plan.change import Change, ChangeClass, Finding
from m365_restrict.plan.compare import fields_between, name_in
from m365_restrict.plan.findings import CODES, severity_of
from m365_restrict.plan.settle import Trio, stays
from m365_restrict.plan.wanted import DifferenceInput
from m365_restrict.rules.observed import ObservedTransportRule

_WAITS = "Nothing else is written to it until it is certain again what its case wants."


def edited_while_it_stays(trio: Trio, given: DifferenceInput, changes: Iterable[Change]) -> Iterator[Finding]:
    """One finding where a rule that waits is not as it was last applied. What `changes` tell is left out."""
    applied, observed = trio.applied, trio.observed
    waits = trio.wanted.withheld if trio.wanted else stays(trio, given) is not None
    if applied is None or not waits:
        return
    mine = [one for one in changes if (one.kind, one.key) == (trio.kind, trio.key)]
    told = {entry.field for one in mine for entry in one.fields}
    differing = fields_between(observed.properties if observed else {}, applied.properties)
    fields = tuple(one for one in differing if one.field not in told)
    if not fields:
        return
    change_class = ChangeClass.MISSING if observed is None else ChangeClass.DRIFTED
    rule = observed if isinstance(observed, ObservedTransportRule) else None
    code = CODES[change_class]
    found = Finding(
        code=code,
        change_class=change_class,
        severity=severity_of(observed, change_class, fields),
        message=f"{code.meaning} {_WAITS}",
        case_reference=trio.case_reference,
        mailbox=trio.mailbox,
        rule=name_in(observed.properties) if observed else applied.name,
        key=trio.key,
        kind=trio.kind,
        chosen_by_holder=trio.chosen,
        fields=fields,
        changed_by=rule.changed_by if rule else "",
        changed_at=rule.changed_at if rule else None,
    )
    # Beside a change, whose finding may bear the same code, it is known by another name.
    yield replace(found, identity=f"{found.known_by}|beside" if mine else "")
