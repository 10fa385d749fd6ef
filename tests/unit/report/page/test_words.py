"""The catalogues of the page: no key is missing in Welsh, and the placeholders are the same."""

import ast
import re
from functools import cache
from importlib import import_module
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract_python
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from m365_restrict.auditing import audit_lines
from m365_restrict.codes import CatalogueCode
from m365_restrict.doctor.permissions import Need, permission_table
from m365_restrict.mail_watch import contacts as contact_watch
from m365_restrict.outcome import Unknown
from m365_restrict.plan.beside import NotCovered
from m365_restrict.plan.change import Severity
from m365_restrict.register.codes import ChoiceCode
from m365_restrict.register.review import Outcome, ReviewKind
from m365_restrict.report.edition import ReportLanguage
from m365_restrict.report.page.sentences import TOLD_OF
from m365_restrict.report.page.words import words_in
from m365_restrict.report.worklist_words import TASK_WORDS
from m365_restrict.reporting import not_covered
from m365_restrict.reporting.found_lines import _GONE
from m365_restrict.reporting.sign_off import _STATEMENT
from m365_restrict.tenant import contact_mailboxes

PACKAGE = Path(str(files("m365_restrict")))
PAGE = PACKAGE / "report" / "page"
FILES = ("report.po", "codes.po", "sentences.po")
SAYING = ("life/closing.py", "reporting/coverage.py")
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}")
LITERAL = re.compile(r"`[^`]+`|[A-Z]+(?:_+[A-Z]+)+(?:=\w+)?|--[a-z-]+|\S+\.md\b|[A-Z]\w+\.[A-Z][\w.]+\w|\d+")
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


def code_keys():
    """What each code that a report may bear means, and what to do about it."""
    return {text for codes in TOLD_OF for one in codes for text in (one.meaning, one.advice)}


def sentence_keys():
    """What the report is told from: wordings with values, and what is said of all that was not looked at."""
    found = {text for pair in TASK_WORDS.values() for text in pair}
    found |= {*_GONE.values(), _STATEMENT, *map(str, Severity), *map(str, Outcome), *map(str, ReviewKind)}
    wholes = (one for one in vars(not_covered).values() if isinstance(one, NotCovered))
    found |= {text for one in wholes for text in (one.scope, one.reason, one.next_step)}
    optional = (one for one in permission_table() if one.needed is Need.OPTIONAL and not one.in_exchange)
    found |= {one.why for one in optional if (one.application, one.resource) == ("reader", "graph")}
    for path in SAYING:
        for node in ast.walk(ast.parse(PACKAGE.joinpath(path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Said":
                found |= {one.value for one in node.args if isinstance(one, ast.Constant)}
    return found


@cache
def worded_anywhere():
    """Every text of the program, also as it stands at the beginning of a sentence and with its end."""
    texts = {one.why for one in permission_table()}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.add(node.value)
    for module in (audit_lines, contact_watch, contact_mailboxes):
        texts |= {
            getattr(one, "reason", one) for one in vars(module).values() if isinstance(one, str | Unknown)
        }
    return texts | {f"{one[:1].upper()}{one[1:].rstrip('.')}." for one in texts}


def welsh(*names):
    for name in names or FILES:
        with PAGE.joinpath("locale", "cy", name).open("rb") as stream:
            yield from (message for message in read_po(stream, locale="cy") if message.id)


@pytest.mark.requirement("W-0")
@pytest.mark.parametrize(("keys", "least"), [(page_keys, 200), (code_keys, 300), (sentence_keys, 50)])
def test_no_key_is_missing_in_welsh(keys, least):
    known = words_in(ReportLanguage.WELSH, time_zone="Europe/London")
    wanted = keys()
    assert len(wanted) > least
    assert [one for one in sorted(wanted) if not known.has(one)] == []


def test_every_wording_has_the_placeholders_of_its_key():
    for message in welsh():
        assert sorted(PLACEHOLDER.findall(message.id)) == sorted(PLACEHOLDER.findall(message.string))


def test_every_wording_names_the_same_settings_commands_and_columns():
    for message in welsh("codes.po", "sentences.po"):
        assert sorted(LITERAL.findall(message.id)) == sorted(LITERAL.findall(message.string)), message.id


def test_no_wording_is_fuzzy_or_stale():
    assert [one.id for one in welsh() if one.fuzzy] == []
    assert {one.id for one in welsh("report.po")} - page_keys() == set()
    assert {one.id for one in welsh("codes.po")} - code_keys() == set()
    assert {one.id for one in welsh("sentences.po")} - worded_anywhere() == set()


def test_no_key_stands_in_two_catalogues():
    keys = [one.id for one in welsh()]
    assert sorted(keys) == sorted(set(keys))


def test_a_code_means_one_thing():
    values = [one.value for codes in TOLD_OF for one in codes]
    assert sorted(values) == sorted(set(values))


def test_welsh_is_not_english():
    alike = {message.id for message in welsh() if message.id == message.string}
    assert alike == {"%(council)s, %(moment)s", "Tenant"}


@pytest.mark.parametrize(("zone", "told"), [("Europe/London", "13:00"), ("", "12:00")])
def test_clock_times_are_the_council_s_own(zone, told, summer_noon):
    assert words_in(ReportLanguage.ENGLISH, time_zone=zone).moment(summer_noon).endswith(told)


def test_no_finding_bears_a_code_of_another_kind():
    """Every kind of code that a module names in which findings, or what they are told from, are made."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if re.search(r"\b(Finding|FieldProblem|CompileProblem|GuardVerdict)\(", text):
            module = import_module(
                ".".join(("m365_restrict", *path.relative_to(PACKAGE).with_suffix("").parts))
            )
            kinds = (one for one in vars(module).values() if isinstance(one, type))
            found |= {one for one in kinds if issubclass(one, CatalogueCode) and one is not CatalogueCode}
    assert len(found) > len(TOLD_OF) // 2
    assert found - {*TOLD_OF, ChoiceCode} == set(), (
        "ChoiceCode says why a choice is refused, which is counted"
    )
