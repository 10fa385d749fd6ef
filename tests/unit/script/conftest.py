"""Plans of the invented council, and the scripts that they become."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from m365_restrict.plan.change import Change, Plan
from m365_restrict.plan.difference import difference
from m365_restrict.plan.place import Place
from m365_restrict.plan.plan import build_plan
from m365_restrict.script.layout import Heading, Script, write_script
from m365_restrict.script.steps import write_steps

HEADING = Heading(
    file_name="m365-restrict-0123456789abcdef.ps1",
    plan_id="0123456789abcdef",
    run_id="20261123T090000Z-abc123",
    instance_id="ash-1",
    register_version="7",
    tool_version="0.0.0",
    written_at=datetime(2026, 11, 23, 9, tzinfo=UTC),
    approval="with --approve",
    cases=(),
    opened=(),
    left_out=(),
)


@pytest.fixture
def plan_of(council: Any) -> Callable[..., Plan]:
    """The plan for a difference, as the main path builds it."""

    def _plan(desired: Any, tenant: Any, applied: Sequence[Any] = (), **more: Any) -> Plan:
        given = council.compare(desired, tenant, applied, **more)
        return build_plan(
            difference(given), guards=(), observed=given.observed, source_version="7", place=Place.LAST
        )

    return _plan


@pytest.fixture
def script_of() -> Callable[..., Script]:
    """The script for the changes of a plan."""

    def _script(changes: Sequence[Change], line: Sequence[str] = (), **heading: Any) -> Script:
        return write_script(replace(HEADING, **heading), write_steps(changes, {}), line=line)

    return _script
