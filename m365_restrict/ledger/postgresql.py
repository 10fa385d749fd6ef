"""The ledger on a PostgreSQL server: what its URL may say, how it is reached, and who writes at a time.

One driver is used, pg8000: written in Python alone, so that nothing has to be compiled or found on any
system, and under a licence that asks for nothing but its text. A URL may be written for another driver, or
for none, as PostgreSQL's own tools take it: the part after the + makes no difference.
"""

import contextlib
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sqlalchemy import Column, Connection, Engine, String, create_engine, event
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.compiler import compiles

from m365_restrict.errors import LedgerError
from m365_restrict.ledger.database_errors import is_connection_lost

Password: TypeAlias = Callable[[], str]

NAMES = frozenset({"postgresql", "postgres"})
_ENTRA = "entra"
_SOCKET_SECONDS = 60.0
_LOCAL = frozenset({"", "localhost", "127.0.0.1", "::1"})
_KNOWN = frozenset(
    {
        "application_name", "auth", "client_id", "connect_timeout", "dbname", "host", "options", "port",
        "sslcert", "sslkey", "sslmode", "sslrootcert", "user",
    }
)  # fmt: skip
_UNPROVEN = ("disable", "allow", "prefer", "require")
_MODES = (*_UNPROVEN, "verify-ca", "verify-full")

_SESSION = (
    # A computer that lost its power closes no connection: the server must find out by itself, because until
    # then the lock of a write that was under way stays.
    "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"
)
_ONE_WRITER = (
    # Under a stricter level, which a server or a database may have as its default, a transaction that waits
    # below for another would go on with what was there before that one, and be refused.
    "SET TRANSACTION ISOLATION LEVEL READ COMMITTED;"
    " SELECT set_config('lock_timeout', '30s', true),"
    " set_config('idle_in_transaction_session_timeout', '300s', true),"
    " pg_advisory_xact_lock(hashtextextended('m365-restrict ledger ' || current_schema(), 0))"
)
"""What SQLite's BEGIN IMMEDIATE does: of all that write to one ledger, one at a time, until it commits."""
_ONE_MOMENT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
"""Whatever a transaction reads is of one moment, as in SQLite; the default would read each table anew."""


@compiles(String, "postgresql")
def _as_sqlite_keeps_text(
    _type: String, _compiler: object, *, type_expression: object = None, **_more: object
) -> str:
    """Text of any length, in the order of its bytes: SQLite knows neither lengths nor languages.

    Else a long reference would be refused on one database alone, and rows would come in another order.
    """
    return 'TEXT COLLATE "C"' if isinstance(type_expression, Column) else "TEXT"


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where the ledger is, as its URL says. `tls` is None where it is used if the server has it."""

    host: str
    port: int
    socket: str
    database: str
    user: str
    password: str = field(repr=False)
    tls: ssl.SSLContext | bool | None
    seconds: float
    name: str
    more: Mapping[str, str]
    entra: bool
    client_id: str


def is_postgresql(url: URL) -> bool:
    """Whether a URL names a PostgreSQL server, with any driver or none."""
    return url.drivername.partition("+")[0] in NAMES


def server_of(url: URL) -> Server:
    """What a URL says. Raises `LedgerError` for an option that is not known; no value is ever shown."""
    options = {name: value if isinstance(value, str) else value[-1] for name, value in url.query.items()}
    unknown = sorted(options.keys() - _KNOWN)
    if unknown:
        message = f"LEDGER__URL has options that are not known: {', '.join(unknown)}."
        raise LedgerError(message, advice=f"Known are {', '.join(sorted(_KNOWN))}.")
    host = options.get("host") or url.host or "localhost"
    port = _number(options.get("port") or url.port or 5432, "port")
    in_folder = host.startswith("/")
    user = options.get("user") or url.username
    if not user:
        raise LedgerError("LEDGER__URL names no user: postgresql://USER:PASSWORD@HOST/DATABASE.")
    entra = options.get("auth") == _ENTRA
    tls = False if in_folder else _tls(options, host)
    is_proven = isinstance(tls, ssl.SSLContext) and tls.check_hostname
    if entra and not (in_folder or host in _LOCAL or is_proven):
        message = (
            "LEDGER__AUTH=entra sends a token as the password, and LEDGER__URL lets it go to a server that "
            "does not prove its name."
        )
        raise LedgerError(message, advice="Take sslmode out of LEDGER__URL, or say sslmode=verify-full.")
    return Server(
        host=host,
        port=port,
        socket=f"{host}/.s.PGSQL.{port}" if in_folder else "",
        database=options.get("dbname") or url.database or user,
        user=user,
        password=url.password or "",
        tls=tls,
        seconds=float(_number(options.get("connect_timeout") or _SOCKET_SECONDS, "connect_timeout")),
        name=options.get("application_name", "m365-restrict"),
        more={"options": options["options"]} if options.get("options") else {},
        entra=entra,
        client_id=options.get("client_id", ""),
    )


def _number(value: object, name: str) -> int:
    try:
        return int(float(str(value)))
    except ValueError as error:
        raise LedgerError(f"LEDGER__URL has no number for {name}.") from error


def _tls(options: Mapping[str, str], host: str) -> ssl.SSLContext | bool | None:
    """The encryption that is asked for. Without a word: a proven certificate, but on this computer none."""
    mode = options.get("sslmode") or ("disable" if host in _LOCAL else "verify-full")
    if mode not in _MODES:
        raise LedgerError(f"LEDGER__URL has an unknown sslmode. Known are {', '.join(_MODES)}.")
    root = options.get("sslrootcert", "")
    if mode == "require" and root:
        mode = "verify-ca"  # as PostgreSQL's own client has it
    match mode:
        case "disable":
            return False
        case "allow" | "prefer":
            return None
    try:
        context = ssl.create_default_context(cafile=None if root in {"", "system"} else root)
        context.check_hostname = mode == "verify-full"
        if mode in _UNPROVEN:
            context.verify_mode = ssl.CERT_NONE
        if options.get("sslcert"):
            context.load_cert_chain(options["sslcert"], options.get("sslkey") or None)
    except OSError as error:
        said = f"A certificate that LEDGER__URL names cannot be used: {error.strerror or error}."
        raise LedgerError(said) from error
    return context


def postgresql_engine(url: URL) -> Engine:
    """An engine whose reads are of one moment and whose writes come one after the other."""
    server = server_of(url)
    password = _token_source(server) if server.entra else lambda: server.password
    engine = create_engine(
        URL.create(
            "postgresql+pg8000", host=server.socket or server.host, port=server.port, database=server.database
        ),
        creator=lambda: _connected(server, password),
        # What is written holds addresses: neither a log nor an error may show it.
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=2,
        max_overflow=3,
    )
    event.listen(engine, "begin", _begin)
    event.listen(engine, "handle_error", _note_lost)
    return engine


def _connected(server: Server, password: Password) -> DBAPIConnection:
    import pg8000  # noqa: PLC0415 - a ledger in a file does without

    reached: dict[str, Any] = (
        {"unix_sock": server.socket} if server.socket else {"host": server.host, "port": server.port}
    )
    connection = pg8000.connect(
        user=server.user,
        password=password() or None,
        database=server.database,
        ssl_context=server.tls,
        timeout=server.seconds,
        application_name=server.name,
        startup_params=dict(server.more),
        **reached,
    )
    connection.register_out_adapter(str, _without_nul)
    connection.autocommit = True
    connection.cursor().execute(_SESSION)
    connection.autocommit = False
    connection.close = _quietly(connection.close)
    made: DBAPIConnection = connection
    return made


def _quietly(close: Callable[[], None]) -> Callable[[], None]:
    """Closing without a word: SQLAlchemy would log, with a traceback, that a lost server takes no leave."""

    def _close() -> None:
        with contextlib.suppress(Exception):
            close()

    return _close


def _without_nul(value: str) -> str:
    """PostgreSQL's text cannot hold U+0000: one that somebody put into a name must not end every run."""
    return value.replace("\x00", "\ufffd")


def _token_source(server: Server) -> Password:
    from m365_restrict.ledger.entra import token_source  # noqa: PLC0415 - azure-identity takes its time

    return token_source(server.client_id)


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql(_ONE_WRITER if writes else _ONE_MOMENT)


def _note_lost(context: ExceptionContext) -> None:
    """Have every pooled connection made anew after a server said that it goes: not only that one."""
    if context.original_exception is not None and is_connection_lost(context.original_exception):
        context.is_disconnect = True
