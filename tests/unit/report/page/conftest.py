"""Reports of an invented council, as tools/sample_report.py makes them."""

import importlib.util
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[4] / "tools" / "sample_report.py"


def _load():
    spec = importlib.util.spec_from_file_location("sample_report", TOOL)
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault("sample_report", module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def samples():
    return _load()


@pytest.fixture
def summer_noon():
    return datetime(2026, 7, 1, 12, tzinfo=UTC)
