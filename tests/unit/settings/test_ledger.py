"""How the database server of the ledger is signed in to."""

import pytest
from pydantic import ValidationError

from settings.effective import shown_url
from settings.ledger import LedgerSettings

SERVER = "postgresql://m365_restrict@db.example/ledger"


def test_the_default_is_a_file():
    assert LedgerSettings().url == "sqlite:///m365-restrict-ledger.db"


def test_a_url_is_handed_on_as_it_is_written():
    url = "postgresql+psycopg://user:p%40ss@db.example/ledger?sslmode=require"
    assert LedgerSettings(url=url).url == url


@pytest.mark.parametrize(("client_id", "more"), [("", {}), ("abc", {"client_id": "abc"})])
def test_an_identity_signs_in_without_a_password(client_id, more):
    found = LedgerSettings(url=f"{SERVER}?sslmode=verify-full", auth="entra", client_id=client_id)
    options = dict(part.split("=") for part in found.url.partition("?")[2].split("&"))
    assert options == {"auth": "entra", "sslmode": "verify-full", **more}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"auth": "entra"}, "must name a PostgreSQL server"),
        ({"auth": "entra", "url": "postgresql://u:hunter2@db.example/ledger"}, "no password"),
        ({"url": "postgresql://u@db.example/ledger?password=hunter2"}, "before the @"),
        ({"url": "postgresql://u:hunter2@db.example:port/ledger"}, "USER:PASSWORD@HOST"),
        ({"auth": "kerberos"}, "password"),
    ],
)
def test_what_cannot_be_meant_is_refused_without_the_password(given, words):
    with pytest.raises(ValidationError, match=words) as caught:
        LedgerSettings(**given)
    assert "hunter2" not in str([one["msg"] for one in caught.value.errors()])


def test_a_password_is_not_shown():
    assert "hunter2" not in shown_url("postgresql://u:hunter2@db.example/ledger")
