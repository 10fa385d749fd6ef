"""Sample reports, as the tool that makes screenshots makes them."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

_PATH = Path(__file__).parents[3] / "tools" / "sample_report.py"


@pytest.fixture(scope="session")
def samples() -> ModuleType:
    """The module tools/sample_report.py."""
    name = "sample_report_for_reporting"
    spec = importlib.util.spec_from_file_location(name, _PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
