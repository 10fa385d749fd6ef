import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def write_codes():
    spec = importlib.util.spec_from_file_location("write_codes", ROOT / "tools" / "write_codes.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_page_is_current(write_codes):
    assert (ROOT / "docs" / "codes.md").read_text(encoding="utf-8") == write_codes.page(
        write_codes.catalogues()
    ), "run `make codes`"


def test_every_code_is_kebab_case_and_says_what_it_means_and_what_to_do(write_codes):
    for catalogue in write_codes.catalogues():
        for code in catalogue:
            assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code.value)
            assert code.meaning.endswith(".")
            assert code.advice.endswith(".")


def test_no_code_has_two_meanings(write_codes):
    meanings = {}
    for catalogue in write_codes.catalogues():
        for code in catalogue:
            assert meanings.setdefault(code.value, code.meaning) == code.meaning
