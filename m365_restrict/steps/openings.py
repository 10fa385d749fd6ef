"""What an opening by hand makes of the register: the case is not enforced until the register follows.

It ends when the register opens the case itself, or when somebody ends it by hand; a later approval does
not end it, because whoever approves need not know of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from m365_restrict.ledger.openings import Opening
from m365_restrict.ledger.register_memory import LiveCase
from m365_restrict.plan.codes import FindingCode
from m365_restrict.policy.judgement import AcceptedCase, Judgement
from m365_restrict.register.case import CaseState
from m365_restrict.register.reference import same_reference
from m365_restrict.report.documents import RefusedLine
from m365_restrict.steps.run_context import Run

FOLLOWED = "The register has followed."


def with_openings(judgement: Judgement, openings: Sequence[Opening]) -> Judgement:
    """The judgement in which cases that were opened by hand are not in force."""

    def _judged(one: AcceptedCase) -> AcceptedCase:
        live = one.state is CaseState.IN_FORCE
        about = opening_of(one.case.item_id, one.case.reference, openings)
        return replace(one, state=CaseState.OPENED_BY_HAND) if live and about else one

    if not openings:
        return judgement
    return replace(judgement, accepted=tuple(_judged(one) for one in judgement.accepted))


def opening_of(item_id: str, reference: str, openings: Sequence[Opening]) -> Opening | None:
    """The latest opening of a case: by its list item, or by its reference where the item was not known."""
    about = [
        one
        for one in openings
        if (one.item_id == item_id if one.item_id else same_reference(one.case_reference, reference))
    ]
    return about[-1] if about else None


def opened_lines(judgement: Judgement, openings: Sequence[Opening]) -> Iterator[RefusedLine]:
    """Why a plan does nothing for a case that the register holds to be in force."""
    code = FindingCode.OPENED_BY_HAND
    for one in judgement.accepted:
        about = opening_of(one.case.item_id, one.case.reference, openings)
        if one.state is CaseState.OPENED_BY_HAND and about is not None:
            text = f"{code.meaning} The reason given: {about.reason} {code.advice}"
            yield RefusedLine(case_ref=one.case.reference, code=code.value, message=text)


def is_opened(case: LiveCase, openings: Sequence[Opening]) -> bool:
    """Whether a case of the last run has been opened by hand, whatever its item says now."""
    return opening_of(case.item_id, case.case_reference, openings) is not None


def opened_references(
    openings: Sequence[Opening], judgement: Judgement, references: Mapping[str, str]
) -> frozenset[str]:
    """The references of opened cases, without those that another case in force bears now.

    `references` are those of today by item id (`plan/renamed.py`).
    """
    live = {one.case.reference for one in judgement.in_force}
    return frozenset(references.get(one.item_id, one.case_reference) for one in openings) - live


def end_followed(run: Run, judgement: Judgement) -> None:
    """End the openings of cases that the register itself opens now."""
    openings = run.ledger.openings
    standing = openings.standing()
    for ended in judgement.ended_by_register if standing else ():
        for one in standing:
            if opening_of(ended.item_id, ended.case_ref, [one]):
                openings.end(one.number, by="", at=run.now, reason=FOLLOWED)
