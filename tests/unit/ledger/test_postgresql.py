"""What holds on a PostgreSQL server alone, and what holds on either database when two write at once."""

import socket
import ssl
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime
from functools import partial

import pytest
import trustme
from sqlalchemy import make_url, text

from m365_restrict.errors import ErrorCode, ExitCode, LeaseHeld, LedgerError
from m365_restrict.ledger.copies import back_up, restore
from m365_restrict.ledger.database import open_database
from m365_restrict.ledger.database_errors import failure_of
from m365_restrict.ledger.evidence_state import read_state
from m365_restrict.ledger.freezes import Freeze
from m365_restrict.ledger.lease import Holder
from m365_restrict.ledger.ledger import Ledger, open_ledger
from m365_restrict.ledger.postgresql import server_of
from m365_restrict.ledger.runs import RunEnd, RunStart
from m365_restrict.register.evidence import ApprovalEvidence, EvidenceVerdict

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
RUN = Holder(holder="run-1", host="beta", pid=1)
LONG = "RC-" + "9" * 400


def server(url):
    return server_of(make_url(url))


def finish(ledger, run_id):
    ledger.runs.begin(RunStart(run_id=run_id, verb="drift", started_at=NOON, host="h", pid=1))
    end = RunEnd(finished_at=NOON, exit_code=ExitCode.IN_STEP, document=f'{{"run_id": "{run_id}"}}')
    ledger.runs.finish(run_id, end)


def pinned(version):
    return ApprovalEvidence(
        item_id="14",
        version=version,
        saver_object_id="oid",
        saver_address="director@ashbourne.example",
        saved_at=NOON,
        fields_hash="ab",
        values_json="{}",
        seen_on=date(2026, 11, 23),
        verdict=EvidenceVerdict.ELIGIBLE,
    )


# What a URL may say


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg", "postgresql+pg8000"])
def test_the_driver_in_the_url_makes_no_difference(scheme):
    found = server(f"{scheme}://user:secret@db.example:5433/ledger")
    assert (found.host, found.port, found.database, found.user) == ("db.example", 5433, "ledger", "user")
    assert found.password == "secret"


def test_a_socket_is_named_by_its_folder():
    found = server("postgresql://user@/ledger?host=/run/postgresql")
    assert (found.socket, found.tls) == ("/run/postgresql/.s.PGSQL.5432", False)


@pytest.mark.parametrize(
    ("host", "said", "names", "proves"),
    [
        ("db.example", "", True, True),
        ("db.example", "?sslmode=verify-full", True, True),
        ("db.example", "?sslmode=verify-ca", False, True),
        ("db.example", "?sslmode=require", False, False),
        ("localhost", "?sslmode=verify-full", True, True),
    ],
)
def test_a_server_elsewhere_must_prove_who_it_is_unless_told_otherwise(host, said, names, proves):
    tls = server(f"postgresql://user@{host}/ledger{said}").tls
    assert isinstance(tls, ssl.SSLContext)
    assert (tls.check_hostname, tls.verify_mode is ssl.CERT_REQUIRED) == (names, proves)


@pytest.mark.parametrize(
    ("url", "tls"),
    [
        ("postgresql://user@localhost/ledger", False),
        ("postgresql://user@db.example/ledger?sslmode=disable", False),
        ("postgresql://user@db.example/ledger?sslmode=prefer", None),
    ],
)
def test_encryption_is_left_out_only_here_or_where_that_is_said(url, tls):
    assert server(url).tls is tls


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://user@host/ledger?sslmod=require", "sslmod"),
        ("postgresql://user:hunter2@host/ledger?password=hunter2", "password"),
        ("postgresql://user:hunter2@host/ledger?sslmode=hunter2", "unknown sslmode"),
        ("postgresql://user:hunter2@host/ledger?connect_timeout=hunter2", "connect_timeout"),
        ("postgresql://user:hunter2@host/ledger?sslrootcert=/nowhere/ca.pem", "No such file"),
        ("postgresql://host/ledger", "no user"),
        ("postgresql://user@host/ledger?auth=entra&sslmode=disable", "prove its name"),
        ("postgresql://user@host/ledger?auth=entra&sslmode=require", "prove its name"),
        ("mysql://user:hunter2@host/ledger", "SQLite file or a PostgreSQL"),
        ("postgresql://user:hunter2@host:port/ledger", "not a database URL"),
    ],
)
def test_a_url_that_cannot_be_meant_is_refused_in_words_that_hold_no_secret(url, words):
    with pytest.raises(LedgerError, match=words) as caught:
        open_ledger(url)
    assert "hunter2" not in f"{caught.value.message} {caught.value.advice}"


# A ledger on a server


def test_a_value_longer_than_its_column_is_kept_on_either_database(ledger_url):
    with open_ledger(ledger_url) as ledger:
        ledger.findings.note([LONG * 3], at=NOON)
        ledger.notices.record(LONG, on=NOON.date(), run_id="r")
        assert ledger.findings.known() == {LONG * 3: NOON}


def test_a_character_that_a_server_cannot_keep_ends_no_run(ledger_url):
    with open_ledger(ledger_url) as ledger:
        ledger.findings.note(["a\x00b"], at=NOON)
        (kept,) = ledger.findings.known()
    assert kept.replace("\ufffd", "\x00") == "a\x00b"


def test_rows_come_in_the_order_of_their_bytes_whatever_the_servers_language(ledger_url):
    names = ["RC-B", "RC-a", "rc-A", "RC-Ä", "RC 1", "RC-1"]
    with open_ledger(ledger_url) as ledger:
        for name in names:
            ledger.notices.record(name, on=NOON.date(), run_id="r")
        rows = ledger.evidence.state()["notices_sent"]
    assert [row["key"] for row in rows] == sorted(names, key=str.encode)


def test_the_same_doings_give_the_same_chain_on_both_databases(postgres_url, tmp_path):
    heads = []
    for url in (postgres_url, f"sqlite:///{tmp_path / 'ledger.db'}"):
        with open_ledger(url) as ledger:
            ledger.freezes.begin(Freeze(reason="ä", set_by="s", since=NOON))
            ledger.register.pin([pinned("1.0"), pinned("2.0")])
            finish(ledger, "r1")
            heads.append(ledger.evidence.head())
    assert heads[0]
    assert heads[0] == heads[1]


def test_a_ledger_has_a_schema_of_its_own_where_the_url_says_so(postgres_url, by_hand):
    by_hand(postgres_url, "CREATE SCHEMA ash", "CREATE SCHEMA elm")
    for name in ("ash", "elm"):
        with open_ledger(f"{postgres_url}?options=-csearch_path%3D{name}") as ledger:
            finish(ledger, name)
            assert [run.run_id for run in ledger.runs.latest()] == [name]


def test_a_server_without_a_ledger_reads_as_an_empty_one(postgres_url):
    with open_ledger(postgres_url, read_only=True) as ledger:
        assert ledger.runs.latest() == ()
    with closing(open_database(postgres_url)) as database, database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM runs")).scalar() == 0


# Two at once


def at_once(*works):
    """Runs each in a thread, all begun before any goes on; raises what any raises."""
    gate = threading.Barrier(len(works))

    def _begin(work):
        gate.wait(60)
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return [one.result(120) for one in [pool.submit(_begin, work) for work in works]]


def test_runs_that_end_at_once_stand_in_one_chain(ledger_url):
    with open_ledger(ledger_url):
        pass

    def _runs_of(who):
        def _work():
            with open_ledger(ledger_url) as ledger:
                for number in range(8):
                    finish(ledger, f"{who}-{number}")

        return _work

    at_once(*(_runs_of(who) for who in "abc"))
    with open_ledger(ledger_url) as ledger:
        proof = ledger.evidence.prove()
    assert (proof.problems, proof.entries) == ((), 24)


def test_what_two_runs_judge_at_once_is_pinned_once(ledger_url):
    with open_ledger(ledger_url) as one, open_ledger(ledger_url) as other:
        versions = [pinned(f"{number}.0") for number in range(60)]
        at_once(lambda: one.register.pin(versions), lambda: other.register.pin(versions))
        assert len(one.register.evidence()) == 60


def test_numbers_of_mailboxes_are_never_given_twice(ledger_url):
    boxes = [f"cllr.{number}@ashbourne.example" for number in range(40)]
    with open_ledger(ledger_url) as one, open_ledger(ledger_url) as other:
        given = at_once(
            lambda: one.mailboxes.numbers(boxes, draw=lambda _: 0),
            lambda: other.mailboxes.numbers(boxes[::-1], draw=lambda _: 0),
        )
    assert given[0] == given[1]
    assert len(set(given[0].values())) == 40


def test_a_writer_waits_for_the_one_before_it_and_sees_what_it_wrote(ledger_url):
    written = text("INSERT INTO freezes VALUES ('freeze', 'r', 's', '2026-11-23 12:00:00')")
    with closing(open_database(ledger_url)) as one, closing(open_database(ledger_url)) as other:

        def _later():
            with other.writing() as connection:
                return connection.execute(text("SELECT count(*) FROM freezes")).scalar()

        with ThreadPoolExecutor(1) as pool:
            with one.writing() as connection:
                connection.execute(written)
                waiting = pool.submit(_later)
                with pytest.raises(TimeoutError):
                    waiting.result(1)
            assert waiting.result(60) == 1


def test_what_is_read_in_one_look_is_of_one_moment(ledger_url):
    with open_ledger(ledger_url) as ledger, closing(open_database(ledger_url)) as database:
        finish(ledger, "r1")
        with database.reading() as connection:
            before = read_state(connection)
            ledger.freezes.begin(Freeze(reason="r", set_by="s", since=NOON))
            assert read_state(connection) == before


def test_one_of_two_takes_the_lease(ledger_url):
    holders = [Holder(holder=f"run-{name}", host=name, pid=1) for name in ("alpha", "beta", "gamma")]
    with open_ledger(ledger_url):
        pass
    release = threading.Event()

    def _take(holder):
        def _work():
            with open_ledger(ledger_url) as ledger:
                try:
                    with ledger.lease(holder, seconds=600, clock=lambda: NOON):
                        release.wait(60)
                        return holder.holder
                except LeaseHeld:
                    refused.append(holder.holder)
                    if len(refused) == 2:
                        release.set()
                    return ""

        return _work

    refused = []
    taken = [one for one in at_once(*(_take(one) for one in holders)) if one]
    assert (len(taken), len(refused)) == (1, 2)


# Bringing it up to date

_OPEN = "import sys; from m365_restrict.ledger.ledger import open_ledger; open_ledger(sys.argv[1]).close()"


def test_an_older_ledger_is_brought_up_to_date_by_one_of_two_processes(empty_url, older_ledger):
    older_ledger(
        empty_url,
        "0001",
        "INSERT INTO runs VALUES ('r1', 'apply', '2026-11-23 09:00:00', '2026-11-23 09:01:00', 'in_step', 0,"
        " 'v', '', '', 'h', 1)",
        "INSERT INTO applied_rules VALUES ('RC-1/whole/1', 'transport_rule', 'guid-1', '', 'RC-1',"
        " 'RC-1 Refuse', '{}', FALSE, '', FALSE, '2026-11-23 09:00:00', 'r1')",
        "INSERT INTO opaque_mailboxes VALUES ('cllr.b@ashbourne.example', 407)",
        "INSERT INTO live_cases VALUES ('14', 'RC-1', 'm', '2027-03-07', 'r1')",
    )
    opened = [subprocess.Popen([sys.executable, "-c", _OPEN, empty_url]) for _ in range(3)]
    assert [one.wait(120) for one in opened] == [0, 0, 0]
    with open_ledger(empty_url) as ledger:
        assert [run.run_id for run in ledger.runs.latest()] == ["r1"]
        assert [rule.key for rule in ledger.rules.all()] == ["RC-1/whole/1"]
        assert ledger.mailboxes.numbers(["cllr.b@ashbourne.example"]) == {"cllr.b@ashbourne.example": 407}
        assert [case.ends_on for case in ledger.register.live()] == [date(2027, 3, 7)]
        finish(ledger, "r2")
        proof = ledger.evidence.prove()
    assert (proof.problems, proof.earlier_runs) == ((), 1)


@pytest.mark.parametrize(
    ("revision", "read_only", "words"), [("9999", False, "newer"), ("0000", True, "older")]
)
def test_a_ledger_of_another_version_is_refused(ledger_url, by_hand, revision, read_only, words):
    open_ledger(ledger_url).close()
    by_hand(ledger_url, f"UPDATE alembic_version SET version_num = '{revision}'")  # noqa: S608
    with pytest.raises(LedgerError, match=words):
        open_ledger(ledger_url, read_only=read_only)


# When it fails


def failing(url, **more):
    with pytest.raises(LedgerError) as caught:
        open_ledger(url, **more)
    return caught.value


def test_a_server_that_is_not_there_is_said_once_and_plainly():
    error = failing("postgresql://user:hunter2@127.0.0.1:1/ledger")
    assert error.code is ErrorCode.LEDGER_UNREACHABLE
    assert "127.0.0.1" in error.message
    assert "hunter2" not in error.message
    assert "user" not in error.message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"password": "hunter2"}, "password authentication failed"),
        ({"database": "nowhere"}, "does not exist"),
    ],
)
def test_whoever_is_not_let_in_is_told_so(postgres_url, change, words):
    error = failing(make_url(postgres_url).set(**change).render_as_string(hide_password=False))
    assert error.code is ErrorCode.LEDGER_REFUSED
    assert words in error.message
    assert "hunter2" not in error.message


def test_a_server_without_encryption_is_refused_where_encryption_is_asked_for(postgres_url):
    error = failing(f"{postgres_url}?sslmode=verify-full")
    assert (error.code, "SSL" in error.message) == (ErrorCode.LEDGER_UNREACHABLE, True)


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("53100", ErrorCode.LEDGER_FULL),
        ("25006", ErrorCode.LEDGER_READ_ONLY),
        ("42501", ErrorCode.LEDGER_REFUSED),
        ("XX001", ErrorCode.LEDGER_CORRUPT),
        ("53300", ErrorCode.LEDGER_UNREACHABLE),
        ("22012", ErrorCode.LEDGER_UNUSABLE),
    ],
)
def test_what_the_server_says_becomes_a_code_with_advice(postgres_url, by_hand, state, code):
    with open_ledger(postgres_url) as ledger:
        by_hand(
            postgres_url,
            "CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION 'words of the server' USING ERRCODE = '{state}'; END $$",
            "CREATE TRIGGER fails BEFORE INSERT ON freezes EXECUTE FUNCTION fails()",
        )
        with pytest.raises(LedgerError) as caught:
            ledger.freezes.begin(Freeze(reason="secret words", set_by="s", since=NOON))
        assert caught.value.code is code
        assert caught.value.advice
        assert "secret words" not in caught.value.message
        assert ledger.freezes.current() is None


def test_a_server_that_only_reads_is_found_before_a_run_begins(postgres_url):
    with open_ledger(postgres_url) as ledger:
        ledger.prove_usable()
    read_only = f"{postgres_url}?options=-cdefault_transaction_read_only%3Don"
    with open_ledger(read_only) as ledger, pytest.raises(LedgerError) as caught:
        ledger.prove_usable()
    assert caught.value.code is ErrorCode.LEDGER_READ_ONLY


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConnectionResetError(104, "Connection reset by peer"), ErrorCode.LEDGER_UNREACHABLE),
        (TimeoutError("timed out"), ErrorCode.LEDGER_UNREACHABLE),
        (PermissionError(13, "Permission denied"), ErrorCode.LEDGER_UNUSABLE),
    ],
)
def test_a_network_that_fails_is_told_from_a_file_that_does(error, code):
    assert failure_of(error).code is code


def test_a_password_is_in_nothing_that_is_printed():
    assert "hunter2" not in repr(server("postgresql://user:hunter2@host/ledger"))


def test_what_a_row_holds_is_not_said_when_it_cannot_be_written(postgres_url):
    twice = [{"mailbox": "cllr.b@ashbourne.example", "number": 1}] * 2
    insert = text("INSERT INTO opaque_mailboxes VALUES (:mailbox, :number)")
    with closing(open_database(postgres_url)) as database:
        with pytest.raises(LedgerError) as caught, database.writing() as connection:
            connection.execute(insert, twice)
        assert "ashbourne" not in f"{caught.value.message} {caught.value.__cause__}"


def test_a_connection_that_the_server_ended_is_made_anew(postgres_cluster, postgres_url):
    name = make_url(postgres_url).database
    with open_ledger(postgres_url) as ledger:
        finish(ledger, "r1")
        postgres_cluster.run(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608
        )
        finish(ledger, "r2")
        assert len(ledger.runs.latest()) == 2


def test_what_was_under_way_when_the_connection_was_lost_is_not_there_and_the_next_write_is(
    postgres_cluster, postgres_url
):
    with closing(open_database(postgres_url)) as database:

        def _lost():
            with database.writing() as connection:
                connection.execute(text("INSERT INTO opaque_mailboxes VALUES ('a@ashbourne.example', 1)"))
                pid = connection.execute(text("SELECT pg_backend_pid()")).scalar()
                postgres_cluster.run(f"SELECT pg_terminate_backend({pid})")
                connection.execute(text("INSERT INTO opaque_mailboxes VALUES ('b@ashbourne.example', 2)"))

        with pytest.raises(LedgerError) as caught:
            _lost()
        assert caught.value.code is ErrorCode.LEDGER_UNREACHABLE
        with database.writing() as connection:
            connection.execute(text("INSERT INTO opaque_mailboxes VALUES ('c@ashbourne.example', 3)"))
        with database.reading() as connection:
            assert connection.execute(text("SELECT number FROM opaque_mailboxes")).scalars().all() == [3]


def test_a_server_that_is_restarted_in_the_middle_of_a_run_is_met_again(own_cluster, caplog):
    waited = []

    def _meanwhile(seconds):
        """The server comes back while the program waits for it."""
        waited.append(seconds)
        own_cluster.start_again()

    with own_cluster.database() as url, Ledger(open_database(url, pause=_meanwhile)) as ledger:
        finish(ledger, "r1")
        own_cluster.stop()
        finish(ledger, "r2")
        assert ledger.evidence.prove().problems == ()
    assert waited == [1]
    assert caplog.records == []  # no traceback of a library at somebody's terminal


def test_a_server_that_stays_away_is_asked_a_few_times_and_ends_the_run(own_cluster):
    waited = []
    with own_cluster.database() as url, closing(open_database(url, pause=waited.append)) as database:
        own_cluster.stop()
        with pytest.raises(LedgerError) as caught, database.reading():
            pytest.fail("there is nothing to read")
        assert (caught.value.code, waited) == (ErrorCode.LEDGER_UNREACHABLE, [1, 2, 4])
        own_cluster.start_again()


# Encryption, as a server that has it answers


@pytest.fixture
def encrypted(own_cluster):
    """A server with a certificate for `localhost`, and the file of the authority that issued it."""
    authority = trustme.CA()
    own_cluster.encrypt(authority.issue_cert("localhost"))
    root = own_cluster.folder / "ca.pem"
    authority.cert_pem.write_to_path(str(root))
    with own_cluster.database() as url:
        yield url.replace("127.0.0.1", "localhost"), root


def test_a_server_that_proves_itself_is_used(encrypted):
    url, root = encrypted
    used = text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    proven = f"{url}?sslmode=verify-full&sslrootcert={root}"
    with closing(open_database(proven)) as database, database.reading() as connection:
        assert connection.execute(used).scalar() is True


@pytest.mark.parametrize(
    ("host", "root", "words"),
    [("localhost", "", "certificate"), ("127.0.0.1", "&sslrootcert={root}", "IP address mismatch")],
)
def test_a_server_that_proves_nothing_is_not(encrypted, host, root, words):
    url, file = encrypted
    error = failing(f"{url.replace('localhost', host)}?sslmode=verify-full{root.format(root=file)}")
    assert (error.code, words in error.message) == (ErrorCode.LEDGER_REFUSED, True)
    assert "sslrootcert" in error.advice


# Copies


def test_a_ledger_on_a_server_is_copied_to_a_file_that_proves_itself(ledger_url, tmp_path):
    with open_ledger(ledger_url) as ledger:
        ledger.freezes.begin(Freeze(reason="r", set_by="s", since=NOON))
        for number in range(3):
            finish(ledger, f"r{number}")
        state, head = ledger.evidence.state(), ledger.evidence.head()
        with ledger.lease(RUN, seconds=600, clock=lambda: NOON):
            facts = back_up(ledger_url, tmp_path / "copy.db")
    assert (facts.runs, facts.last_run) == (3, "2026-11-23 12:00:00")
    assert [one.name for one in tmp_path.glob("copy.db*")] == ["copy.db"]
    with open_ledger(f"sqlite:///{tmp_path / 'copy.db'}", read_only=True) as copy:
        assert copy.evidence.state() == state
        proof = copy.evidence.prove(expected=head)
    assert (proof.problems, proof.head) == ((), head)


def test_a_file_is_put_into_an_empty_server_and_goes_on_there(postgres_url, tmp_path):
    place = f"sqlite:///{tmp_path / 'ledger.db'}"
    with open_ledger(place) as ledger:
        ledger.freezes.begin(Freeze(reason="r", set_by="s", since=NOON))
        finish(ledger, "r1")
        state = ledger.evidence.state()
    back_up(place, tmp_path / "copy.db")
    facts, aside = restore(postgres_url, tmp_path / "copy.db", holder=RUN, seconds=60, now=NOON)
    assert (facts.runs, aside) == (1, None)
    with open_ledger(postgres_url) as ledger:
        assert ledger.evidence.state() == state
        finish(ledger, "r2")
        assert ledger.evidence.prove().problems == ()


def test_a_server_that_holds_a_ledger_is_not_written_over(postgres_url, tmp_path):
    with open_ledger(postgres_url) as ledger:
        finish(ledger, "r1")
    back_up(postgres_url, tmp_path / "copy.db")
    with pytest.raises(LedgerError) as caught:
        restore(postgres_url, tmp_path / "copy.db", holder=RUN, seconds=60, now=NOON)
    assert caught.value.code is ErrorCode.LEDGER_NOT_EMPTY
    assert "pg_restore" in caught.value.advice


def test_the_servers_own_tools_bring_a_ledger_back_whole(postgres_cluster, postgres_url, tmp_path):
    with open_ledger(postgres_url) as ledger:
        ledger.freezes.begin(Freeze(reason="r", set_by="s", since=NOON))
        finish(ledger, "r1")
        state, head = ledger.evidence.state(), ledger.evidence.head()
    dump = tmp_path / "ledger.dump"
    postgres_cluster.tool("pg_dump", "--format=custom", f"--file={dump}", postgres_url)
    with postgres_cluster.database() as empty:
        postgres_cluster.tool("pg_restore", "--no-owner", f"--dbname={empty}", str(dump))
        with open_ledger(empty) as ledger:
            assert (ledger.evidence.state(), ledger.evidence.head()) == (state, head)
            finish(ledger, "r2")
            assert ledger.evidence.prove(expected=head).problems == ()


def test_a_server_that_goes_in_the_middle_of_the_greeting_is_away_and_not_wrongly_certified():
    def _goes_away(listening):
        taken, _ = listening.accept()
        with taken:
            taken.recv(8)  # the request for encryption
            taken.sendall(b"S")
            taken.recv(65_536)

    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as pool:
        going = pool.submit(_goes_away, listening)
        error = failing(
            f"postgresql://user:hunter2@localhost:{listening.getsockname()[1]}/x?sslmode=verify-full"
        )
        going.result(60)
    assert error.code is ErrorCode.LEDGER_UNREACHABLE
    assert "hunter2" not in error.message


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_runs_that_end_at_once_do_so_whatever_level_the_database_has_by_default(postgres_cluster, level):
    with postgres_cluster.ledger() as url:
        name = url.rpartition("/")[2]
        postgres_cluster.run(f"ALTER DATABASE {name} SET default_transaction_isolation = '{level}'")

        def _runs_of(who):
            with open_ledger(url) as ledger:
                for number in range(6):
                    finish(ledger, f"{who}-{number}")

        at_once(*(partial(_runs_of, who) for who in "abc"))
        with open_ledger(url) as ledger:
            assert ledger.evidence.head_entry()[0] == 18
            assert ledger.evidence.prove().problems == ()
