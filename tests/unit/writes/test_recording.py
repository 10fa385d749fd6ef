"""What the ledger holds while and after a plan is carried out, and what a person is told meanwhile."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event

from m365_restrict.ledger.lease import Holder
from m365_restrict.ledger.ledger import Ledger, open_ledger
from m365_restrict.ledger.written import WrittenResult
from m365_restrict.plan.writes import identifier_of
from m365_restrict.register.choice import Handling
from m365_restrict.report.verb import Verb
from m365_restrict.steps.recording import tools_for
from m365_restrict.steps.run_context import Run, Writing
from m365_restrict.writes.mailbox_folders import Folders
from settings.run_options import run_options

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
EARLIER = NOW - timedelta(hours=2)
NAME = "RC-1 Redirect to single contact"


@pytest.fixture
def ledger(tmp_path: Any) -> Iterator[Ledger]:
    with open_ledger(f"sqlite:///{tmp_path / 'kept.db'}") as opened:
        yield opened


@pytest.fixture
def told() -> list[str]:
    """What a person is told."""
    return []


@pytest.fixture
def kept(desk: Any, ledger: Ledger, told: list[str]) -> Iterator[Any]:
    """The desk, with the tools that the main path makes for it."""
    desk.settings = {"OWNERSHIP__INSTANCE_ID": "ash-1"}
    options = run_options(desk.loaded_settings())
    holder = Holder(holder="run-1", host="here", pid=1)
    with ledger.lease(holder, seconds=60, clock=lambda: datetime.now(UTC)) as lease:

        def _tools(readers: Any, writers: Any, folders: Any) -> Any:
            writing = Writing(open_writers=lambda: writers, approve=lambda _: True, lease=lease)
            run = Run(
                verb=Verb.APPLY,
                run_id="run-1",
                now=NOW,
                options=options,
                readers=readers,
                ledger=ledger,
                progress=told.append,
                writing=writing,
            )
            return tools_for(run, writing, writers, Folders(ids=folders))

        desk.tools = _tools
        yield desk


def carry_out(desk: Any, ledger: Ledger) -> None:
    desk.applied = {one.key: one for one in ledger.rules.all()}
    desk.carry_out(desk.plan())


def test_a_rule_is_remembered_as_it_was_read_back(kept: Any, ledger: Ledger) -> None:
    kept.cases = [kept.council.case("RC-1")]
    carry_out(kept, ledger)
    (entry,) = ledger.rules.all()
    (rule,) = [one for one in kept.observed().transport if one.name == NAME]
    assert (entry.guid_or_rule_id, entry.properties) == (identifier_of(rule), rule.properties)


def test_a_write_begins_anew_only_for_the_senders_that_it_adds(kept: Any, ledger: Ledger) -> None:
    stays, goes, comes = (f"{name}@mail.example" for name in ("a", "b", "c"))
    kept.cases = [kept.council.case("RC-1", addresses=(stays, goes))]
    carry_out(kept, ledger)
    (first,) = ledger.rules.all()
    ledger.rules.record(first, run_id="run-0", at=EARLIER)
    kept.cases = [kept.council.case("RC-1", addresses=(stays, comes))]
    carry_out(kept, ledger)
    (entry,) = ledger.rules.all()
    assert (entry.held_since, entry.written_at) == ({stays: EARLIER, comes: NOW}, NOW)


def test_a_rule_that_is_gone_is_forgotten(kept: Any, ledger: Ledger) -> None:
    kept.cases = [kept.council.case("RC-1")]
    carry_out(kept, ledger)
    kept.cases = []
    carry_out(kept, ledger)
    assert ledger.rules.all() == ()


def test_a_write_that_failed_changes_nothing_that_is_remembered(kept: Any, ledger: Ledger) -> None:
    kept.cases = [kept.council.case("RC-1")]
    carry_out(kept, ledger)
    before = ledger.rules.all()
    kept.cases = [kept.council.case("RC-1", addresses=("other@mail.example",))]
    kept.fault("status", status=400, cmdlet="Set-TransportRule")
    carry_out(kept, ledger)
    assert ledger.rules.all() == before
    assert [one.result for one in ledger.written.of_run("run-1")] == [
        WrittenResult.APPLIED,
        WrittenResult.FAILED,
    ]


def test_a_rule_that_was_disabled_at_once_is_kept_as_disabled(kept: Any, ledger: Ledger) -> None:
    kept.cases = [kept.council.case("RC-1", addresses=("a@mail.example", "b@mail.example"))]
    carry_out(kept, ledger)
    kept.cases = [kept.council.case("RC-1", addresses=("a@mail.example",))]
    kept.behave(drop_parameter="From")
    carry_out(kept, ledger)
    (entry,) = ledger.rules.all()
    after = ledger.written.of_run("run-1")[-1].after or {}
    assert (entry.properties["State"], after.get("State")) == ("Disabled", "Disabled")


def test_every_outcome_is_kept_before_the_next_write_begins(kept: Any, ledger: Ledger) -> None:
    """A run that is killed leaves nothing that it made unknown."""
    kept.cases = [kept.council.case("RC-1"), kept.council.case("RC-2")]
    seen: list[list[str]] = []
    make = kept.tools

    def _tools(readers: Any, writers: Any, folders: Any) -> Any:
        made = make(readers, writers, folders)
        return replace(
            made, still_ours=lambda: seen.append([one.case_reference for one in ledger.rules.all()])
        )

    kept.tools = _tools
    carry_out(kept, ledger)
    assert seen == [[], ["RC-1"]]


def test_a_write_costs_the_ledger_two_commits(kept: Any, ledger: Ledger) -> None:
    """One before it is sent, one with all that it left; each waits for the disk."""
    kept.cases = [kept.council.case("RC-1"), kept.council.case("RC-2")]
    commits: list[str] = []
    listens = (Engine, "commit", lambda _connection: commits.append(""))
    begin, make = [0], kept.tools

    def _tools(readers: Any, writers: Any, folders: Any) -> Any:
        begin[0] = len(commits)
        return make(readers, writers, folders)

    kept.tools = _tools
    event.listen(*listens)
    try:
        carry_out(kept, ledger)
    finally:
        event.remove(*listens)
    assert len(ledger.rules.all()) == 2
    assert len(commits) - begin[0] == 4


def test_progress_names_the_rule_and_never_a_councillors_choice(
    kept: Any, ledger: Ledger, told: list[str]
) -> None:
    kept.cases = [kept.council.case("RC-1")]
    kept.choices = [kept.council.choice(Handling.JUNK)]
    carry_out(kept, ledger)
    assert told == [f"Created: '{NAME}'", "Created: a councillor's choice"]
    kept.cases = []
    kept.fault("status", status=400, cmdlet="Remove-TransportRule")
    carry_out(kept, ledger)
    assert told[2:] == [f"Failed: '{NAME}'"]
