"""Which licences the program may come with."""

import runpy
from email.message import Message
from pathlib import Path

import pytest

TOOL = runpy.run_path(str(Path(__file__).parents[3] / "tools" / "check_licences.py"))


class Package:
    """A distribution that says only what it is licensed under."""

    def __init__(self, *lines):
        self.metadata = Message()
        for name, value in lines:
            self.metadata[name] = value


@pytest.mark.parametrize(
    ("lines", "licence"),
    [
        ([("License-Expression", "MIT OR Apache-2.0"), ("License", "x")], "MIT OR Apache-2.0"),
        ([("License", "MIT License")], "MIT"),
        ([("License", "ISC")], "ISC"),
        (
            [("License", "Its own words"), ("Classifier", "License :: OSI Approved :: BSD License")],
            "BSD-3-Clause",
        ),
        ([("License", "Its own words")], "Its own words"),
        (
            [
                ("Classifier", "License :: OSI Approved"),
                ("Classifier", "License :: OSI Approved :: MIT License"),
            ],
            "MIT",
        ),
        ([("License", "A whole text\nof a licence")], "unknown"),
        ([], "unknown"),
    ],
)
def test_what_a_package_says(lines, licence):
    assert TOOL["licence_of"](Package(*lines)) == licence


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("MIT AND Apache-2.0", True),
        ("GPL-3.0-only OR MIT", True),
        ("(MIT)", True),
        ("GPL-3.0-only", False),
        ("MIT AND GPL-3.0-only", False),
        ("unknown", False),
        ("", False),
    ],
)
def test_what_is_allowed(expression, allowed):
    assert TOOL["is_allowed"](expression) is allowed


def test_what_the_program_needs_is_allowed(capsys):
    assert TOOL["main"]() == 0
    assert ", 0 under a licence that is not on the list." in capsys.readouterr().out


def test_what_packages_need_in_turn_is_looked_at():
    found = TOOL["needed"](["httpx[http2]", "not-installed-anywhere"])
    assert {"httpx", "h2", "hpack", "httpcore", "certifi"} <= set(found)
