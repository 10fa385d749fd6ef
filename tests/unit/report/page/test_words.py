"""The catalogues of the page: no key is missing in Welsh, and the placeholders are the same."""

import re
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract_python
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from m365_restrict.plan.codes import FindingCode
from m365_restrict.report.model import ReportLanguage
from m365_restrict.report.page.words import words_in
from m365_restrict.report.worklist_words import TASK_WORDS

PAGE = Path(str(files("m365_restrict.report.page")))
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}")
COUNTS = {"counted", "count"}


def _texts(function, found):
    texts = (found,) if isinstance(found, str) else found or ()
    return [one for one in texts[: 2 if function in COUNTS else 1] if isinstance(one, str) and one]


def page_keys():
    found = set()
    for path in PAGE.joinpath("templates").glob("*.html"):
        for _, function, texts, _ in babel_extract(BytesIO(path.read_bytes()), ("_", "counted"), (), {}):
            found.update(_texts(function, texts))
    keywords = {"N_": None, "say": None, "counted": None, "count": None}
    for path in PAGE.glob("*.py"):
        for _, function, texts, _ in extract_python(BytesIO(path.read_bytes()), keywords, (), {}):
            found.update(_texts(function, texts))
    return found


def other_keys():
    """What the page says in Welsh although it is worded elsewhere."""
    return {one.advice for one in FindingCode} | {action for _, action in TASK_WORDS.values()}


def welsh():
    with PAGE.joinpath("locale", "cy", "report.po").open("rb") as stream:
        return read_po(stream, locale="cy")


@pytest.mark.requirement("W-0")
def test_no_key_of_the_page_is_missing_in_welsh():
    known = words_in(ReportLanguage.WELSH, time_zone="Europe/London")
    keys = page_keys()
    assert len(keys) > 200
    assert [one for one in sorted(keys) if not known.has(one)] == []


def test_every_wording_has_the_placeholders_of_its_key():
    for message in welsh():
        if message.id:
            assert sorted(PLACEHOLDER.findall(message.id)) == sorted(PLACEHOLDER.findall(message.string))


def test_no_wording_is_fuzzy_or_stale():
    messages = [message for message in welsh() if message.id]
    assert [one.id for one in messages if one.fuzzy] == []
    assert {one.id for one in messages} - page_keys() - other_keys() == set()


def test_welsh_is_not_english():
    alike = {message.id for message in welsh() if message.id == message.string}
    assert alike == {"%(council)s, %(moment)s", "Tenant"}


@pytest.mark.parametrize(("zone", "told"), [("Europe/London", "13:00"), ("", "12:00")])
def test_clock_times_are_the_council_s_own(zone, told, summer_noon):
    assert words_in(ReportLanguage.ENGLISH, time_zone=zone).moment(summer_noon).endswith(told)
