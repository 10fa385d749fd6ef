"""What became of one verb for many councils, as one value (docs/many-councils.md)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

from m365_restrict.errors import ExitCode
from m365_restrict.report.documents import DriftDocument, Failure, Head, Outcome, PlanDocument
from m365_restrict.report.json_text import AnyDocument
from m365_restrict.report.privacy import without_addresses
from m365_restrict.report.text import Line, counted, sentence
from m365_restrict.report.verb import Verb

ELSEWHERE = "elsewhere"
"""The status of a council that another worker serves or has served; it is no failure."""
_WORDS = {
    "in_step": "In step.",
    "differences": "Something differs or is due.",
    "refused": "Something was refused or held back.",
    "partial": "A part of it failed or could not be read.",
    "failed": "It failed.",
}


class TenantsVerb(StrEnum):
    """The one kind of this document."""

    TENANTS = "tenants"

    @property
    def schema(self) -> str:
        """The id of the document's JSON Schema."""
        return f"m365-restrict/{self.value}/1"


@dataclass(frozen=True, kw_only=True)
class TenantLine:
    """One council. `run_id` is "" where no run began; `document` is the file that holds what it told."""

    name: str
    status: str
    exit_code: int
    run_id: str = ""
    summary: str
    error: Failure | None = None
    document: str | None = None


@dataclass(frozen=True, kw_only=True)
class TenantsDocument:
    """Every council that was to be served, by name. `command` is the verb that was run for each."""

    head: Head
    command: str
    tenants: tuple[TenantLine, ...] = ()
    verb: TenantsVerb = field(default=TenantsVerb.TENANTS, init=False)


def exit_code_of(tenants: Iterable[TenantLine]) -> ExitCode:
    """4 where one council failed, was refused or is partial; else 2 where one differs; else 0."""
    codes = {one.exit_code for one in tenants}
    if codes - {ExitCode.IN_STEP, ExitCode.DIFFERENCES}:
        return ExitCode.PARTIAL
    return ExitCode.DIFFERENCES if ExitCode.DIFFERENCES in codes else ExitCode.IN_STEP


def status_of(exit_code: int) -> str:
    """The word for a run's exit code; one that no run of ours ends with is a failure."""
    return ExitCode(exit_code).status if exit_code in set(ExitCode) else ExitCode.UNEXPECTED.status


def summary_of(document: AnyDocument | None, exit_code: int) -> str:
    """One sentence on how a council stands. Names nobody."""
    if document is not None and document.head.error is not None:
        return without_addresses(document.head.error.message)
    match document:
        case PlanDocument():
            parts = _planned(document)
        case DriftDocument():
            parts = _drifted(document)
        case _:
            parts = []
    return sentence(parts) if parts else _WORDS[status_of(exit_code)]


def without_names(failure: Failure) -> Failure:
    """The failure without e-mail addresses, which a council's own document may name."""
    return replace(
        failure, message=without_addresses(failure.message), advice=without_addresses(failure.advice)
    )


def _planned(document: PlanDocument) -> list[str]:
    outcomes = [one.outcome for one in document.changes]
    made, waiting = outcomes.count(Outcome.APPLIED), outcomes.count(Outcome.PLANNED)
    failed, skipped = outcomes.count(Outcome.FAILED), outcomes.count(Outcome.SKIPPED)
    would = "would be made" if document.verb is Verb.PLAN else "not made"
    parts = [
        f"{counted(made, 'change')} made" if made else "",
        f"{counted(waiting, 'change')} {would}" if waiting else "",
        f"{counted(failed, 'change')} failed" if failed else "",
        f"{counted(skipped, 'change')} held back or left out" if skipped else "",
        f"{counted(len({one.case_ref for one in document.refused}), 'case')} refused"
        if document.refused
        else "",
    ]
    return [one for one in parts if one]


def _drifted(document: DriftDocument) -> list[str]:
    found = document.summary
    parts = [
        f"{found.enforced} of {counted(found.live, 'case')} enforced"
        if found.live
        else "no case is in force",
        f"{found.differing} differing" if found.differing else "",
        counted(found.orphans, "rule without a decision", "rules without a decision")
        if found.orphans
        else "",
        f"{found.unknown} unknown" if found.unknown else "",
    ]
    return [one for one in parts if one]


def tenants_lines(document: TenantsDocument) -> Iterator[Line]:
    """The table for a person: a council a line, its name and status first, those that need somebody last."""
    tenants = document.tenants
    width = max((len(one.name) for one in tenants), default=0)
    words = {one: one.status.replace("_", " ") for one in tenants}
    state = max(map(len, words.values()), default=0)
    for one in sorted(tenants, key=lambda one: (_rank(one), one.name)):
        yield Line(f"{one.name:<{width}}  {words[one]:<{state}}  {one.summary}")
        if one.error is not None:
            yield Line(f"Next step: {one.error.advice}", indent=1)
    head = document.head
    if head.error is not None:
        yield Line(f"! error {head.error.code}: {head.error.message}", "red")
        yield Line(f"Next step: {head.error.advice}", indent=1)
    if tenants:
        yield Line(_counts(document))
    yield Line(f"Status: {head.exit_code.status} (exit code {int(head.exit_code)}).", "bold")


def _rank(line: TenantLine) -> int:
    order = ("in_step", ELSEWHERE, "differences")
    return order.index(line.status) if line.status in order else len(order)


def _counts(document: TenantsDocument) -> str:
    found = [one.status for one in document.tenants]
    counts = ", ".join(f"{found.count(one)} {one.replace('_', ' ')}" for one in dict.fromkeys(sorted(found)))
    return f"{document.command}: {counted(len(found), 'council')}, of these {counts}."
