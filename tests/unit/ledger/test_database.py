import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from m365_restrict.errors import ExitCode, LedgerError
from m365_restrict.ledger import migrations, schema
from m365_restrict.ledger.database import open_database
from m365_restrict.ledger.freezes import Freeze
from m365_restrict.ledger.ledger import open_ledger


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


def test_a_new_file_is_readable_by_its_owner_alone(tmp_path):
    path = tmp_path / "state" / "ledger.db"
    open_ledger(url_of(path)).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_file_is_in_wal_mode(tmp_path):
    path = tmp_path / "ledger.db"
    open_ledger(url_of(path)).close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_migrations_make_the_tables_that_the_schema_names(tmp_path):
    path = tmp_path / "ledger.db"
    open_ledger(url_of(path)).close()
    engine = create_engine(url_of(path))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, schema.metadata) == []
    engine.dispose()


def test_the_head_revision_is_the_newest_migration():
    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert script.get_current_head() == schema.HEAD_REVISION


def test_a_rule_from_before_item_ids_were_kept_comes_back_without_one(tmp_path):
    path = tmp_path / "ledger.db"
    config = Config()
    config.set_main_option("script_location", "m365_restrict.ledger:migrations")
    engine = create_engine(url_of(path))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        connection.exec_driver_sql(
            "INSERT INTO applied_rules VALUES ('RC-1/whole/1', 'transport_rule', 'guid-1', '', 'RC-1',"
            " 'RC-1 Refuse', '{}', 0, '', 0, '2026-11-23 09:00:00', 'run-1')"
        )
    engine.dispose()
    with open_ledger(url_of(path)) as ledger:
        (rule,) = ledger.rules.all()
    assert (rule.key, rule.guid_or_rule_id, rule.case_reference) == ("RC-1/whole/1", "guid-1", "RC-1")
    assert rule.item_id == ""


def test_reading_only_does_not_create_the_file(tmp_path):
    path = tmp_path / "ledger.db"
    with open_ledger(url_of(path), read_only=True) as ledger:
        assert ledger.rules.all() == ()
    assert not path.exists()


def test_reading_only_refuses_a_write(tmp_path):
    path = tmp_path / "ledger.db"
    open_ledger(url_of(path)).close()
    with (
        open_ledger(url_of(path), read_only=True) as ledger,
        pytest.raises(LedgerError, match="reading only"),
    ):
        ledger.rules.forget("k")


def test_a_failed_transaction_leaves_nothing(tmp_path):
    database = open_database(url_of(tmp_path / "ledger.db"))
    twice = [{"mailbox": "a@ashbourne.example", "number": 1}] * 2
    with pytest.raises(LedgerError), database.writing() as connection:
        connection.execute(schema.opaque_mailboxes.insert(), twice)
    with database.reading() as connection:
        assert connection.execute(schema.opaque_mailboxes.select()).all() == []
    database.close()


@pytest.mark.parametrize(
    "url",
    ["no url", "sqlite:////proc/no/such/ledger.db", "postgresql://user@127.0.0.1:1/name"],
)
def test_a_database_that_cannot_be_used_is_a_ledger_error_with_its_cause(url):
    with pytest.raises(LedgerError) as caught:
        open_ledger(url)
    assert caught.value.__cause__ is not None
    assert caught.value.exit_code is ExitCode.UNEXPECTED


def test_a_file_that_is_no_database_is_a_ledger_error(tmp_path):
    path = tmp_path / "ledger.db"
    path.write_text("this is not a database, only text that is long enough to be looked at" * 20)
    with pytest.raises(LedgerError, match="not a database"):
        open_ledger(url_of(path))


def test_a_password_in_the_url_is_not_shown():
    with pytest.raises(LedgerError) as caught:
        open_ledger("nosuchdatabase://ledger:hunter2@host/name")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("revision", "read_only", "words"), [("9999", False, "newer"), ("0000", True, "older")]
)
def test_a_ledger_of_another_version_is_refused(tmp_path, revision, read_only, words):
    path = tmp_path / "ledger.db"
    open_ledger(url_of(path)).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    with pytest.raises(LedgerError, match=words):
        open_ledger(url_of(path), read_only=read_only)


@pytest.fixture(params=["file", "memory"])
def ledger(request, tmp_path):
    with open_ledger(url_of(tmp_path / "ledger.db") if request.param == "file" else "sqlite://") as opened:
        yield opened


FREEZE = Freeze(reason="Election", set_by="clerk", since=datetime(2026, 11, 20, tzinfo=UTC))


def test_what_is_written_together_is_seen_at_once_and_kept(ledger):
    with ledger.together():
        ledger.freezes.begin(FREEZE)
        with ledger.together():
            assert ledger.freezes.current() == FREEZE
    assert ledger.freezes.current() == FREEZE


def test_of_what_is_written_together_nothing_is_kept_where_one_part_fails(ledger):
    def fail() -> None:
        with ledger.together():
            ledger.freezes.begin(FREEZE)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert ledger.freezes.current() is None


def test_another_thread_writes_in_a_transaction_of_its_own(tmp_path):
    with open_ledger(url_of(tmp_path / "ledger.db")) as ledger, ThreadPoolExecutor(1) as pool:
        with ledger.together():
            assert pool.submit(ledger.freezes.current).result() is None
            ledger.freezes.begin(FREEZE)
            assert pool.submit(ledger.freezes.current).result() is None
        assert pool.submit(ledger.freezes.current).result() == FREEZE
