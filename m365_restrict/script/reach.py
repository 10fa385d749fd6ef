"""What a script cannot do: inbox rules. Cases and choices that need one are refused, and say so.

Microsoft's module can make inbox rules too, but every New- or Set-InboxRule removes rules of the mailbox
that Outlook itself runs (exchange.md 5.3): something of the owner's would be lost, so no script uses them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import assert_never

from m365_restrict.plan.change import Applied
from m365_restrict.register.case import Measure
from m365_restrict.register.choice import Choice, Handling, RefusedChoice
from m365_restrict.register.read_choice import ChoiceReading
from m365_restrict.rules.codes import RuleCode
from m365_restrict.rules.compilation import Blocks, CompileProblem, Desired

_CASE, _CHOICE = RuleCode.MEASURE_NEEDS_MAILBOX_GRANT, RuleCode.CHOICE_NEEDS_MAILBOX_GRANT


def choices_within_reach(
    reading: ChoiceReading, measures: Mapping[str, Measure], applied: Sequence[Applied]
) -> ChoiceReading:
    """The choices without those that would need an inbox rule which does not stand already.

    `measures` are those of the cases in force, by reference.
    """
    standing = {one.saved for one in applied if one.saved}
    out = [one for one in reading.choices if _needs_inbox_rule(one, measures) and one.saved not in standing]
    refused = [
        RefusedChoice(one.item_id, _CHOICE.value, f"Choice {one.item_id}: {_CHOICE.meaning} {_CHOICE.advice}")
        for one in out
    ]
    return replace(
        reading,
        choices=tuple(one for one in reading.choices if one not in out),
        refused=(*reading.refused, *refused),
    )


def _needs_inbox_rule(choice: Choice, measures: Mapping[str, Measure]) -> bool:
    match choice.handling:
        case Handling.FOLDER | Handling.JUNK | Handling.CATEGORY:
            return True
        case Handling.AS_COUNCIL:
            return measures.get(choice.case_reference) is Measure.JUNK
        case Handling.STOP | Handling.DELEGATE:
            return False
        case _ as never:
            assert_never(never)


def cases_within_reach(desired: Desired, applied: Sequence[Applied]) -> Desired:
    """The desired rules without the council's inbox rules that do not stand already."""
    standing = {one.key for one in applied}
    out = [one for one in desired.inbox if not one.chosen_by_holder and one.key not in standing]
    problems = tuple(
        CompileProblem(reference, _CASE, f"Case {reference}: {_CASE.meaning} {_CASE.advice}", Blocks.CASE)
        for reference in sorted({one.case_reference for one in out})
    )
    return replace(
        desired,
        inbox=tuple(one for one in desired.inbox if one not in out),
        problems=(*desired.problems, *problems),
    )
