"""500 cases: a plan that is read on one screen, with every change on demand and all of it in JSON."""

import json
import time
from collections import Counter
from typing import Any

import pytest

MEASURES = ["Redirect to single contact", "Refuse with notice", "Copy to single contact", "No e-mail measure"]
MOST_SECONDS = 90
"""Far more than it takes: a plan that takes minutes is no plan that anybody reads."""


@pytest.fixture(scope="module")
def generated() -> list[dict[str, Any]]:
    """500 decisions of every kind, every twenty-fifth of them incomplete."""
    return [
        {"Measure": MEASURES[number % 4], **({"Grounds": []} if number % 25 == 0 else {})}
        for number in range(500)
    ]


def test_a_plan_of_500_cases_is_one_screen(council: Any, generated: list[dict[str, Any]]) -> None:
    cases = [council.case(f"RC-2026-{number:03}", **fields) for number, fields in enumerate(generated)]
    council.plant(*cases)
    begun = time.monotonic()
    whole = council.plan()
    assert time.monotonic() - begun < MOST_SECONDS
    assert (whole.document["source"]["items"], len(whole.refused)) == (500, 20)
    counts = Counter(change["measure"] for change in whole.changes)
    assert counts == dict.fromkeys(MEASURES[:3], 120)

    text = council.plan(output="text").stdout
    lines = text.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    words = " ".join(text.split())
    for said in (
        "Changes: 360 rules to make.",
        "Why: 360 pending.",
        *(f"120 {measure}" for measure in MEASURES[:3]),
        "! 20 cases not enforced: 20 ",
        "! guard too-many-rules: ",
        f"Plan id: {whole.document['plan_id']}",
        "`m365-restrict plan --detail` shows each change",
        f"Status: {whole.document['status']} (exit code {whole.exit_code})",
    ):
        assert said in words

    detail = council.plan(output="text", detail=True).stdout.splitlines()
    assert sum(line.startswith("+ create ") for line in detail) == 360
    assert json.loads(whole.stdout)["changes"] == whole.changes
