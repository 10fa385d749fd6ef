import pytest

from m365_restrict.explaining.headers import header_remarks
from m365_restrict.mailflow.message import read_message
from m365_restrict.rules.transport_rule import SenderLocation

LISTED = {"pat@post.example": "RC-1"}


def remarks(*headers, envelope="pat@post.example", location=SenderLocation.HEADER):
    raw = "\r\n".join([*headers, "", "text"]).encode()
    return list(header_remarks(read_message(raw, envelope), LISTED, location))


def test_an_ordinary_message_is_not_remarked_on():
    assert remarks("From: P Person <pat@post.example>", "Subject: Re: a question; again") == []


@pytest.mark.parametrize(
    "header",
    [
        "From: =?utf-8?B?cGF0QHBvc3QuZXhhbXBsZQ==?= <other@else.example>",
        'From: "pat@post.example via list" <other@else.example>',
        "From: PAT@post.example <other@else.example>",
    ],
)
def test_an_address_in_the_name_is_seen_however_it_is_written(header):
    (said,) = remarks(header, envelope="other@else.example")
    assert said.startswith("The name shown beside From holds an address of case RC-1")


@pytest.mark.parametrize("name", ["xpat@post.example", "pat@post.example.org"])
def test_a_longer_address_in_the_name_is_another(name):
    assert remarks(f'From: "{name}" <other@else.example>', envelope="other@else.example") == []


@pytest.mark.parametrize("header", ['From: "Help: desk; one" <a@b.example>', "From: (a: b;) a@b.example"])
def test_punctuation_in_a_name_is_no_group(header):
    assert remarks(header, envelope="a@b.example") == []


@pytest.mark.parametrize("filling", ["(" * 500_000, "=?utf-8?q?a" * 50_000, "<" * 500_000])
def test_a_field_of_half_a_megabyte_is_looked_at_in_no_time(filling):
    """Each of them took minutes, by the square of its length."""
    assert remarks(f"From: {filling} <pat@post.example>") == []


def test_a_case_that_is_named_in_from_is_not_named_again():
    assert remarks("From: pat@post.example", "Reply-To: pat@post.example", "Sender: pat@post.example") == []
