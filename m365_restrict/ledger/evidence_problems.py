"""What a proof of the ledger comes to: what was looked at, and what does not hold."""

from dataclasses import dataclass

from m365_restrict.ledger.codes import EvidenceCode


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that does not hold. `table` is the ledger's; `run_id` is "" where no run is concerned."""

    code: EvidenceCode
    table: str
    run_id: str
    message: str


@dataclass(frozen=True, kw_only=True)
class ProvenDeletion:
    """One case that was deleted, as its entry says. `rules_absent_on` is a day, or "" where none is known."""

    case_reference: str
    deleted_on: str
    rules_absent_on: str
    run_id: str
    bodies: int


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What was looked at and what was found. `expected_entry` is where the expected hash stands, 0 for none.

    `bodies` counts those that are there and as they were kept, `earlier_runs` the runs from before the
    chain, `unended` the runs that began and never ended.
    """

    entries: int
    head: str
    expected_entry: int
    bodies: int
    runs: int
    earlier_runs: int
    unended: tuple[str, ...]
    deletions: tuple[ProvenDeletion, ...]
    problems: tuple[Problem, ...]
