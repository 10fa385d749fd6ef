"""What a verb loads before it answers: what loads nothing heavy answers at once, on the smallest machine."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_CLIENTS = (
    "msgraph",
    "msgraph_core",
    "kiota_abstractions",
    "kiota_http",
    "azure",
    "msal",
    "aiohttp",
    "requests",
)
_HTTP = ("httpx", "httpcore", "h2", "urllib3", "opentelemetry", "starlette", "uvicorn")
_DOCUMENTS = ("docx", "lxml", "jinja2", "babel", "openpyxl", "xlsxwriter", "leather")
_REST = ("prometheus_client", "cryptography", "dns", "holidays", "alembic")
_OURS = ("m365_restrict.sandbox", "m365_restrict.reconcile", "m365_restrict.tenant.graph")
HEAVY = {*_CLIENTS, *_HTTP, *_DOCUMENTS, *_REST, *_OURS}
SETTINGS = {
    "REGISTER__SITE": "council.sharepoint.example:/sites/democracy",
    "POLICY__APPROVERS": "director@council.example",
    "POLICY__COUNCILLORS_GROUP": "councillors@council.example",
    "OWNERSHIP__INSTANCE_ID": "council",
}
_PROGRAM = """
import contextlib, json, sys
from m365_restrict.__main__ import main
ended = 0
try:
    main()
except SystemExit as end:
    ended = end.code
sys.stderr.write("\\n" + json.dumps({"ended": ended, "loaded": sorted(sys.modules)}))
"""


@pytest.fixture
def loaded_by(tmp_path: Path, new_ledger: Callable[[Path], Path]) -> Callable[..., Any]:
    """The modules that a process of its own has loaded when a verb has ended well."""
    ledger = new_ledger(tmp_path / "ledger.db")

    def _loaded(*words: str, ends_with: int = 0, **settings: str) -> set[str]:
        given = {**SETTINGS, "LEDGER__URL": f"sqlite:///{ledger}", **settings}
        env = {key: value for key, value in os.environ.items() if not key.startswith("M365_RESTRICT_")}
        env |= {f"M365_RESTRICT_{name}": value for name, value in given.items()}
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, *words],
            env=env, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        told = json.loads(done.stderr.splitlines()[-1])
        assert told["ended"] == ends_with, done.stdout
        return set(told["loaded"])

    return _loaded


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["plan", "--help"], ["explain", "--help"]])
def test_help_loads_neither_settings_nor_database_nor_client(loaded_by: Any, words: list[str]) -> None:
    more = {"settings", "sqlalchemy", "rich", "asyncio", "apscheduler"}
    assert loaded_by(*words) & (HEAVY | more) == set()


@pytest.mark.parametrize(
    "words", [["--help"], ["apply", "--help"], ["report", "--help"], ["letter", "--help"]]
)
def test_help_loads_no_document_and_nothing_that_a_document_is_made_of(
    loaded_by: Any, words: list[str]
) -> None:
    loaded = loaded_by(*words)
    ours = {name for name in loaded if name.startswith("m365_restrict.")}
    layers = ("register", "policy", "rules", "mailflow", "tenant", "ledger", "reporting")
    assert {name for name in ours if name.split(".")[1] in layers} == set()
    slow = {"m365_restrict.report.documents", "m365_restrict.report.model", "m365_restrict.logs.log_lines"}
    assert loaded & slow == set()


def test_status_loads_no_client_and_makes_no_document(loaded_by: Any) -> None:
    # Nothing has ever run here, so something needs somebody.
    assert loaded_by("status", ends_with=2) & HEAVY == set()


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_explaining_from_the_ledger_loads_no_client_and_no_timetable(
    loaded_by: Any, words: list[str]
) -> None:
    loaded = loaded_by("explain", "pat@post.example", "--from-ledger", *words)
    assert loaded & (HEAVY | {"apscheduler"}) == set()
    others = {f"m365_restrict.report.{name}" for name in ("model", "lines", "person_document", "page")}
    assert loaded & (others | {"m365_restrict.plan.foreign_line"}) == set()


def test_settings_that_name_no_timetable_load_none(loaded_by: Any) -> None:
    assert "apscheduler" not in loaded_by("show-config")


def test_settings_that_name_a_timetable_have_it_read(loaded_by: Any) -> None:
    assert "apscheduler" in loaded_by("show-config", SCHEDULE__DRIFT="7 * * * *")


def test_what_needs_a_client_would_be_noticed(loaded_by: Any) -> None:
    assert {"httpx", "m365_restrict.reconcile"} <= loaded_by("plan", ends_with=5)
