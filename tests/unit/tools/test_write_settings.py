import importlib.util
import re
from pathlib import Path

import pytest

from settings.model import PREFIX
from settings.names import known_names

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def write_settings():
    spec = importlib.util.spec_from_file_location("write_settings", ROOT / "tools" / "write_settings.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows_of(write_settings):
    return [row for section in write_settings.sections() for row in section.rows]


def test_the_committed_page_is_current(write_settings):
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == write_settings.page(), (
        "run `make codes`"
    )


def test_every_setting_is_on_the_page_once(write_settings):
    names = [row.name.removesuffix("<NAME>") for row in rows_of(write_settings) if "…" not in row.name]
    assert sorted(names) == sorted(name.removeprefix(PREFIX) for name in known_names())


def test_every_setting_says_what_it_means(write_settings):
    assert [row.name for row in rows_of(write_settings) if not re.search(r"\w{3}", row.meaning)] == []


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("RULES__MODE", "`audit`"),
        ("SAFETY__MAX_REMOVALS", "`5`"),
        ("REGISTER__SITE", "required"),
        ("POLICY__PROTECTED_MAILBOXES", "none"),
        ("CLOCK__URL", "real time"),
        ("AUTH__WRITER__CLIENT_SECRET", "none"),
    ],
)
def test_defaults_are_those_of_the_program(write_settings, name, default):
    assert {row.name: row.default for row in rows_of(write_settings)}[name] == default


def test_the_page_names_no_page_that_is_not_in_the_repository(write_settings):
    assert re.findall(r"\((?:exchange|graph|policy|testing|peers)\.md", write_settings.page()) == []
