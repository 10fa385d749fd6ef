"""The folder of councils: who is in it, what they share, and what two of them must never share."""

from pathlib import Path

import pytest

from m365_restrict.errors import ConfigurationError
from settings.load import load_settings
from settings.model import Settings
from settings.tenants_folder import Shard, find_folder, shard_of

PREFIX = "M365_RESTRICT_"


@pytest.fixture
def councils(tmp_path):
    """Write a council's file; settings that are given replace those that make it sound."""

    def _write(name, **settings):
        usual = {
            "REGISTER__SITE": f"{name}.sharepoint.example:/sites/restrict",
            "POLICY__APPROVERS": "director@council.example",
            "POLICY__COUNCILLORS_GROUP": "councillors@council.example",
            "OWNERSHIP__INSTANCE_ID": name,
            "AUTH__TENANT_ID": f"tenant-of-{name}",
            "LEDGER__URL": f"sqlite:///{tmp_path}/{name}.db",
        }
        return _file(tmp_path / f"{name}.env", {**usual, **settings})

    _write.folder = tmp_path
    return _write


def _file(path: Path, settings):
    lines = [f"{PREFIX}{name}={value}\n" for name, value in settings.items()]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def problems(folder, environ=None):
    """The message for each council that may not be run."""
    checked = find_folder(folder, environ or {}).checked(environ or {})
    return {name: one.message for name, one in checked.items() if isinstance(one, ConfigurationError)}


def test_each_file_is_a_council_in_the_order_of_names(councils):
    for name in ("birch", "ash"):
        councils(name)
    for other in (".hidden.env", "readme.txt", "ash.env.bak"):
        (councils.folder / other).write_text("x", encoding="utf-8")
    assert [one.name for one in find_folder(councils.folder, {}).tenants] == ["ash", "birch"]
    assert problems(councils.folder) == {}


def test_the_folder_is_named_by_option_then_environment_then_tenants(councils, monkeypatch):
    councils("ash")
    assert find_folder(None, {"M365_RESTRICT_TENANTS": str(councils.folder)}).path == councils.folder
    (councils.folder / "here" / "tenants").mkdir(parents=True)
    (councils.folder / "here" / "tenants" / "elm.env").write_text("", encoding="utf-8")
    monkeypatch.chdir(councils.folder / "here")
    assert [one.name for one in find_folder(None, {}).tenants] == ["elm"]


@pytest.mark.parametrize(("make", "said"), [(False, "no folder of councils"), (True, "holds no council")])
def test_a_folder_that_cannot_be_used_is_said(tmp_path, make, said):
    folder = tmp_path / "none"
    if make:
        folder.mkdir()
    with pytest.raises(ConfigurationError, match=said):
        find_folder(folder, {})


def test_a_council_that_is_not_there_is_named_with_the_nearest(councils):
    councils("ashbourne")
    with pytest.raises(ConfigurationError, match="Did you mean ashbourne"):
        find_folder(councils.folder, {}).one("ashborne")


@pytest.mark.parametrize("name", ["a_b", "a b", "-a", "a.b", "ä"])
def test_a_name_that_is_none_is_that_councils_fault_alone(councils, name):
    councils("ash")
    councils(name)
    assert list(problems(councils.folder)) == [name]


def test_what_is_shared_is_taken_where_the_council_does_not_say_otherwise(councils):
    _file(councils.folder / "_shared.env", {"GRAPH__MAX_IN_FLIGHT": "2", "LEASE__SECONDS": "90"})
    settings = load_settings({}, councils("ash", LEASE__SECONDS="30"))
    assert (settings.graph.max_in_flight, settings.lease.seconds) == (2, 30)
    assert settings.origins[f"{PREFIX}GRAPH__MAX_IN_FLIGHT"].endswith("_shared.env")


def test_the_name_of_the_council_stands_where_the_shared_file_leaves_it_room(councils):
    shared = {"LEDGER__URL": "sqlite:////var/lib/{tenant}.db", "SCRIPT__FOLDER": "/scripts/{tenant}"}
    _file(councils.folder / "_shared.env", shared)
    own = councils("ash")
    lines = [one for one in own.read_text(encoding="utf-8").splitlines() if "LEDGER" not in one]
    own.write_text("\n".join(lines), encoding="utf-8")
    settings = load_settings({}, own)
    assert settings.ledger.url == "sqlite:////var/lib/ash.db"
    assert settings.script.folder == Path("/scripts/ash")
    assert load_settings({}, councils("birch")).ledger.url.endswith("/birch.db")


def test_an_empty_line_takes_back_what_is_shared(councils):
    _file(councils.folder / "_shared.env", {"LEASE__SECONDS": "90"})
    assert load_settings({}, councils("ash", LEASE__SECONDS="")).lease.seconds == 60


@pytest.mark.parametrize(
    "own", ["REGISTER__SITE", "POLICY__APPROVERS_STAGE_1", "LEDGER__URL", "NOTIFY__SENDER", "AUTH__TENANT_ID"]
)
def test_what_is_each_councils_own_cannot_be_shared(councils, own):
    councils("ash")
    _file(councils.folder / "_shared.env", {own: "x"})
    with pytest.raises(ConfigurationError, match=own):
        find_folder(councils.folder, {})


def test_a_setting_in_the_environment_is_refused_by_name_and_not_by_value(councils):
    councils("ash")
    environ = {"M365_RESTRICT_AUTH__READER__CLIENT_SECRET": "so-secret", "M365_RESTRICT_LOG__FORMAT": "json"}
    with pytest.raises(ConfigurationError) as caught:
        find_folder(councils.folder, environ)
    assert "AUTH__READER__CLIENT_SECRET" in caught.value.message
    assert "so-secret" not in caught.value.message
    assert "LOG__FORMAT" not in caught.value.message


@pytest.mark.parametrize(
    ("what", "first", "second"),
    [
        ("LEDGER__URL", {"LEDGER__URL": "sqlite:////x/y/../l.db"}, {"LEDGER__URL": "sqlite:////x/l.db"}),
        ("LEDGER__URL", {"LEDGER__URL": ""}, {"LEDGER__URL": ""}),
        (
            "LEDGER__URL",
            {"LEDGER__URL": "postgresql+psycopg://a:b@DB.example/ledgers"},
            {"LEDGER__URL": "postgresql://c:d@db.example:5432/ledgers?sslmode=require"},
        ),
        (
            "LEDGER__URL",
            {"LEDGER__URL": "postgresql:///l?host=localhost"},
            {"LEDGER__URL": "postgresql+pg8000://u@127.0.0.1/?dbname=l&port=5432"},
        ),
        (
            "LEDGER__URL",
            {"LEDGER__URL": "postgresql://db.example/l?options=-csearch_path%3Done"},
            {"LEDGER__URL": "postgresql://db.example/l?options=-c%20search_path=one"},
        ),
        (
            "AUTH__TENANT_ID and OWNERSHIP__INSTANCE_ID",
            {"AUTH__TENANT_ID": "T", "OWNERSHIP__INSTANCE_ID": "main"},
            {"AUTH__TENANT_ID": "t", "OWNERSHIP__INSTANCE_ID": "main"},
        ),
        (
            "REGISTER__SITE and REGISTER__LIST",
            {"AUTH__TENANT_ID": "t", "REGISTER__SITE": "s.example:/sites/a"},
            {"AUTH__TENANT_ID": "t", "REGISTER__SITE": "S.example:/sites/a/"},
        ),
        (
            "LEDGER__URL",
            {"LEDGER__URL": "sqlite:////x/l.db"},
            {"LEDGER__URL": "sqlite:///file:/x/l.db?uri=true"},
        ),
        (
            "REGISTER__SITE and REGISTER__LIST",
            {"AUTH__TENANT_ID": "t", "REGISTER__SITE": "s.example:/sites/a"},
            {"AUTH__TENANT_ID": "t.example", "REGISTER__SITE": "s.example:/sites/a"},
        ),
        (
            "REGISTER__SITE and REGISTER__REVIEWS_LIST",
            {"AUTH__TENANT_ID": "t", "REGISTER__SITE": "s.example:/a", "CHOICES__SITE": "s.example:/b"},
            {"AUTH__TENANT_ID": "t", "REGISTER__SITE": "s.example:/a", "REGISTER__LIST": "Others"},
        ),
        (
            "CHOICES__SITE and REGISTER__CHOICES_LIST",
            {"AUTH__TENANT_ID": "t", "CHOICES__SITE": "s.example:/sites/choices"},
            {"AUTH__TENANT_ID": "t", "CHOICES__SITE": "s.example:/sites/choices/"},
        ),
        (
            "host of REGISTER__SITE and OWNERSHIP__INSTANCE_ID",
            {"AUTH__TENANT_ID": "t", "REGISTER__SITE": "s.example:/a", "OWNERSHIP__INSTANCE_ID": "main"},
            {
                "AUTH__TENANT_ID": "t.example",
                "REGISTER__SITE": "S.example,4e1b,5f2c",
                "OWNERSHIP__INSTANCE_ID": "MAIN",
            },
        ),
        ("SCRIPT__FOLDER", {"ENFORCE_WITH": "script"}, {"ENFORCE_WITH": "script"}),
        ("SCHEDULE__BACKUP_FOLDER", {"SCHEDULE__BACKUP_FOLDER": "/b"}, {"SCHEDULE__BACKUP_FOLDER": "/b/"}),
        ("SCHEDULE__HEAD_FILE", {"SCHEDULE__HEAD_FILE": "/h"}, {"SCHEDULE__HEAD_FILE": "/h"}),
    ],
)
def test_two_that_share_what_only_one_may_have_are_both_refused(councils, what, first, second):
    councils("ash", **first)
    councils("birch", **second)
    councils("elm")
    found = problems(councils.folder)
    assert set(found) == {"ash", "birch"}
    assert f"the same {what} as birch" in found["ash"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            {"LEDGER__URL": "postgresql://db.example/l?options=-csearch_path%3Done"},
            {"LEDGER__URL": "postgresql://db.example/l?options=-csearch_path%3Dtwo"},
        ),
        ({"LEDGER__URL": "postgresql://db.example/one"}, {"LEDGER__URL": "postgresql://db.example/two"}),
        ({"OWNERSHIP__INSTANCE_ID": "main"}, {"OWNERSHIP__INSTANCE_ID": "main"}),
        ({"AUTH__TENANT_ID": "t"}, {"AUTH__TENANT_ID": "t"}),
        (
            {"REGISTER__SITE": "s.example:/sites/a", "AUTH__TENANT_ID": "t"},
            {"REGISTER__SITE": "s.example:/sites/b", "AUTH__TENANT_ID": "t"},
        ),
    ],
)
def test_what_two_councils_may_have_in_common_is_let_be(councils, first, second):
    councils("ash", **first)
    councils("birch", **second)
    assert problems(councils.folder) == {}


def test_a_broken_council_takes_nobody_along(councils):
    councils("ash")
    councils("birch", RULES__MODE="sometimes")
    found = problems(councils.folder)
    assert list(found) == ["birch"]
    assert "RULES__MODE" in found["birch"]


def test_how_all_are_run_is_no_councils_to_say(councils):
    councils("ash", TENANTS__AT_ONCE="3")
    assert "TENANTS__AT_ONCE" in problems(councils.folder)["ash"]


def test_the_environment_says_how_all_are_run_before_the_shared_file(councils):
    councils("ash")
    _file(councils.folder / "_shared.env", {"TENANTS__AT_ONCE": "3", "TENANTS__DEADLINE": "60"})
    options = find_folder(councils.folder, {"M365_RESTRICT_TENANTS__AT_ONCE": "5"}).options
    assert (options.at_once, options.deadline) == (5, 60)


def test_a_bound_that_is_none_is_named(councils):
    councils("ash")
    with pytest.raises(ConfigurationError, match="TENANTS__AT_ONCE"):
        find_folder(councils.folder, {"M365_RESTRICT_TENANTS__AT_ONCE": "0"})


def test_every_council_is_in_one_share_and_always_in_the_same():
    names = [f"council-{number}" for number in range(200)]
    shares = [[name for name in names if Shard(index, 3).holds(name)] for index in range(3)]
    assert sorted(name for share in shares for name in share) == sorted(names)
    assert min(map(len, shares)) > 40
    assert [Shard(0, 3).holds(one) for one in ("ash", "birch", "elm")] == [True, True, False]  # sha256sum


@pytest.mark.parametrize(
    ("text", "environ", "expected"),
    [
        ("1/3", {}, Shard(1, 3)),
        (None, {}, Shard(0, 1)),
        (None, {"JOB_COMPLETION_INDEX": "2"}, Shard(2, 4)),
        ("0/2", {"JOB_COMPLETION_INDEX": "3"}, Shard(0, 2)),
    ],
)
def test_the_share_is_given_or_numbered_by_kubernetes(councils, text, environ, expected):
    councils("ash")
    options = find_folder(councils.folder, {"M365_RESTRICT_TENANTS__SHARDS": "4"}).options
    assert shard_of(text, options, environ) == expected


@pytest.mark.parametrize(
    ("text", "environ"), [("3/3", {}), ("x/3", {}), ("1", {}), (None, {"JOB_COMPLETION_INDEX": "1"})]
)
def test_a_share_that_is_none_is_refused(councils, text, environ):
    councils("ash")
    options = find_folder(councils.folder, {}).options
    with pytest.raises(ConfigurationError):
        shard_of(text, options, environ)


def test_settings_that_are_sound_are_given(councils):
    councils("ash")
    assert isinstance(find_folder(councils.folder, {}).checked({})["ash"], Settings)
