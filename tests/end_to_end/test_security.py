"""What a reader of logs, of files and of the wire can see: no address, no secret, no name unasked."""

import contextlib
import io
import logging
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from m365_restrict.cli.letter import LetterRequest, run_letter
from m365_restrict.cli.person_export import PersonRequest, run_person_export
from m365_restrict.cli.request import Request
from m365_restrict.cli.run import run_verb, told_of
from m365_restrict.letters.letter_run import LetterOrder
from m365_restrict.report.letters.kinds import LetterKind
from m365_restrict.report.verb import Verb
from settings.load import load_settings

PAT, CHOSEN, NAME = "pat.person@post.example", "chosen.one@post.example", "Pat Person"
PERSONAL = ("PersonName", "ContactDetails")
MAILS = {"NOTIFY__SENDER": "contact@ash.example"}
SECRETS = ("AUTH__READER__CLIENT_SECRET", "AUTH__WRITER__CLIENT_SECRET", "AUTH__SETUP__CLIENT_SECRET")
COUNCIL = {
    "COUNCIL_NAME": "Ash Council",
    "ADDRESS": "Town Hall, Ash",
    "TELEPHONE": "01632 960000",
    "SIGNATORY_TITLE": "Director of Services",
    "POLICY_NAME": "Contact policy",
    "POLICY_URL": "https://ash.example/policy",
    "SERVICE_ROUTE": "Telephone us.",
    "COMPLAINT_ROUTE": "Write to us.",
    "ADJUSTMENTS_ROUTE": "Ask for the equality officer.",
}
LETTERS = {f"M365_RESTRICT_LETTERS__{name}": value for name, value in COUNCIL.items()}
TOLD = {"PersonName": NAME, "ContactDetails": "1 Some Street\nAsh", "DecisionDocId": "D-1"}


@pytest.fixture
def named(council: Any) -> Any:
    """A case about a person with a name, and a councillor's choice."""
    council.plant(
        council.case("RC-1", Addresses=PAT, **TOLD),
        choices=[council.choice(council.councillors[6], CHOSEN, "Junk Email")],
        settings=MAILS,
    )
    return council


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Any:
    """Every record of every library at every level, as a handler would write it."""
    caplog.set_level(1)

    def _lines(*without: str) -> list[str]:
        formatter = logging.Formatter("%(name)s %(levelname)s %(message)s")
        return [formatter.format(one) for one in caplog.records if one.name.partition(".")[0] not in without]

    return _lines


def letter(council: Any, folder: Path) -> None:
    """Write the decision letter of the case."""
    request = LetterRequest(
        order=LetterOrder(reference="RC-1", kind=LetterKind.DECISION, language=None),
        folder=folder,
        output="json",
    )
    with contextlib.redirect_stdout(io.StringIO()):
        code = run_letter(request, {**council.sandbox.env, **LETTERS}, lambda _: None)
    assert code == 0


def asked_fields(lines: Iterable[str]) -> list[str]:
    """The list items and versions that were asked for, with the columns that were."""
    found = [re.search(r"GET \S+(/items\S*)", line) for line in lines if line.startswith("httpx ")]
    return [one[1] for one in found if one]


def test_no_log_line_at_any_level_holds_an_address_a_name_or_a_secret(named: Any, logged: Any) -> None:
    for run in (named.plan, named.apply, named.drift, named.apply):
        assert run().document["error"] is None
    named.run("explain", address=PAT)
    named.fault("status", status=500, times=20, path_regex="users")
    named.plan()
    text = "\n".join(logged())
    assert "address-" in text
    assert text.count("httpx INFO") > 100
    secrets = [named.sandbox.env[f"M365_RESTRICT_{name}"] for name in SECRETS]
    assert [one for one in ("@", "%40", NAME, "Bearer ey", *secrets) if one in text] == []


def test_an_unexpected_error_is_told_without_the_addresses_in_it(
    named: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def _breaks(_: str) -> None:
        raise RuntimeError(f"cannot make anything of {PAT}")

    document = told_of(Request(verb=Verb.PLAN), named.sandbox.env, say=_breaks).document
    told = capsys.readouterr().err
    assert document.head.exit_code == 1
    assert "RuntimeError: cannot make anything of address-" in told
    assert "post.example" not in told


def test_columns_are_asked_for_by_name_and_who_it_is_by_no_run(named: Any, logged: Any) -> None:
    for run in (named.plan, named.apply, named.drift, named.heal):
        run()
    for verb in ("validate", "explain"):
        named.run(verb, address=PAT if verb == "explain" else None)
    asked = asked_fields(logged())
    assert len(asked) > 20
    assert [one for one in asked if "$select=" not in one] == []
    assert [one for one in asked for name in PERSONAL if name in one] == []


@pytest.mark.parametrize("verb", ["letter", "person-export"])
def test_who_it_is_is_asked_for_a_letter_and_an_export_of_that_case_alone(
    named: Any, logged: Any, tmp_path: Path, verb: str
) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        if verb == "letter":
            letter(named, tmp_path)
        else:
            run_person_export(PersonRequest(reference="RC-1", output="json"), named.sandbox.env)
    asked = [one for one in asked_fields(logged()) if "PersonName" in one]
    assert asked
    assert {one.split("?")[0].split("/")[2] for one in asked} == {"1"}


@pytest.mark.first_start
def test_every_file_that_holds_addresses_is_its_owners_alone(named: Any, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir(mode=0o755)
    named.plan(save=folder / "plan", file=folder / "plan.json")
    named.apply(file=folder / "apply.json")
    named.drift(html=folder / "report.html", file=folder / "drift.txt", output="text")
    env = named.sandbox.env
    run_person_export(PersonRequest(reference="RC-1", output="json", file=folder / "export.json"), env)
    letter(named, folder / "letters")
    script = {**env, "M365_RESTRICT_ENFORCE_WITH": "script"}
    named.cmdlet("Remove-TransportRule", Identity="RC-1 Redirect to single contact")
    with contextlib.redirect_stdout(io.StringIO()):
        run_verb(Request(verb=Verb.APPLY, approve=True, script=folder / "script.ps1"), script)
    assert named.shell("ledger", "backup", str(folder / "copy.db")).exit_code == 0
    ledger = Path(env["M365_RESTRICT_LEDGER__URL"].removeprefix("sqlite:///"))
    files = [one for one in (*folder.rglob("*"), *ledger.parent.glob("ledger.db*")) if one.is_file()]
    assert len(files) >= 10
    assert {
        one.name: oct(stat.S_IMODE(one.stat().st_mode)) for one in files if one.stat().st_mode & 0o077
    } == {}


def test_no_secret_is_in_what_the_settings_show_of_themselves(named: Any) -> None:
    env = {**named.sandbox.env, "M365_RESTRICT_LEDGER__URL": "postgresql://restrict:hidden-word@localhost/x"}
    settings = load_settings(env, None)
    told = f"{settings!r} {settings} {settings.model_dump()!r}"
    secrets = [env[f"M365_RESTRICT_{name}"] for name in SECRETS]
    assert [one for one in secrets if one in told] == []
    assert "hidden-word" not in repr(settings)
