"""Which rule of a case a rule in the tenant corresponds to, and in what they still differ. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from m365_restrict.assess.carry import senders_in
from m365_restrict.plan.change import FieldChange
from m365_restrict.plan.compare import fields_between
from m365_restrict.rules.observed import ObservedTransportRule, Properties
from m365_restrict.rules.properties import transport_properties
from m365_restrict.rules.transport_rule import TransportRule

# What the next apply writes in any case: the name, the stamp and the end.
_OURS_TO_WRITE = frozenset({"Name", "Comments", "ExpiryDate"})


@dataclass(frozen=True, kw_only=True)
class Correspondence:
    """The case's rule that a rule stands for. `differences` become the next plan's update."""

    key: str
    case_reference: str
    differences: tuple[FieldChange, ...]


def nearest(rule: ObservedTransportRule, wanted: Sequence[TransportRule]) -> Correspondence | None:
    """The wanted rule that shares a sender with this one and differs least; None where none shares any."""
    senders = frozenset(senders_in(rule.properties))
    found = [
        Correspondence(
            key=one.key,
            case_reference=one.case_reference,
            differences=_differences(rule.properties, transport_properties(one)),
        )
        for one in wanted
        if senders & frozenset(senders_in(transport_properties(one)))
    ]
    return min(found, key=lambda one: (len(one.differences), one.key), default=None)


def _differences(observed: Properties, desired: Properties) -> tuple[FieldChange, ...]:
    return fields_between(
        {name: value for name, value in observed.items() if name not in _OURS_TO_WRITE},
        {name: value for name, value in desired.items() if name not in _OURS_TO_WRITE},
    )
