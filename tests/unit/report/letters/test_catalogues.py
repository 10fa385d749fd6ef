"""The catalogues: no key is missing in either language, and placeholders are the same."""

import re
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from m365_restrict.policy.profile import PolicyLanguage
from m365_restrict.register.columns import RESTRICTED_CONTACTS
from m365_restrict.report.letters.kinds import Tongue
from m365_restrict.report.letters.templates_folder import load_templates
from settings.profiles import load_profile

LETTERS = Path(str(files("m365_restrict.report.letters")))
PROFILES = sorted(path.stem for path in Path(str(files("settings") / "policies")).glob("*.toml"))
PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def template_keys() -> set[str]:
    found: set[str] = set()
    for path in LETTERS.joinpath("templates").rglob("*.txt"):
        extracted = babel_extract(BytesIO(path.read_bytes()), ("_",), (), {})
        # A call with placeholders is extracted with its other arguments, which are no keys.
        found |= {one if isinstance(one, str) else one[0] for _, _, one, _ in extracted}
    return found


def catalogue(tongue: Tongue):
    with LETTERS.joinpath("locale", tongue.value, "letters.po").open("rb") as stream:
        return read_po(stream, locale=tongue.value)


@pytest.mark.requirement("W-0")
@pytest.mark.parametrize("tongue", list(Tongue))
def test_no_key_of_a_template_is_missing(tongue):
    known = load_templates().catalogues[tongue].wordings
    keys = template_keys()
    assert len(keys) > 60
    assert keys - set(known) == set()


@pytest.mark.parametrize("tongue", list(Tongue))
def test_no_ground_that_a_form_or_a_policy_offers_is_missing(tongue):
    offered = set(RESTRICTED_CONTACTS.column("Grounds").choices)
    offered |= {ground for name in PROFILES for ground in load_profile(name).grounds}
    assert offered - set(load_templates().catalogues[tongue].wordings) == set()


@pytest.mark.parametrize("name", PROFILES)
def test_every_text_of_a_policy_that_writes_welsh_has_welsh(name):
    profile = load_profile(name)
    if PolicyLanguage.WELSH not in profile.languages:
        return
    english = profile.notices.get(PolicyLanguage.ENGLISH)
    texts = [profile.document.name, *(vars(english).values() if english else ())]
    known = load_templates().catalogues[Tongue.WELSH].wordings
    assert [text for text in texts if text and text not in known] == []


@pytest.mark.parametrize("tongue", list(Tongue))
def test_every_wording_has_the_placeholders_of_its_key(tongue):
    for key, text in load_templates().catalogues[tongue].wordings.items():
        assert sorted(PLACEHOLDER.findall(key)) == sorted(PLACEHOLDER.findall(text)), key


@pytest.mark.parametrize("tongue", list(Tongue))
def test_no_wording_is_fuzzy_or_stale(tongue):
    messages = [message for message in catalogue(tongue) if message.id]
    stale = {message.id for message in messages if message.locations} - template_keys()
    assert not stale
    assert not [message.id for message in messages if message.fuzzy]


def test_welsh_is_not_english():
    same = [key for key, text in load_templates().catalogues[Tongue.WELSH].wordings.items() if key == text]
    assert same == []
