"""What a database says when it fails, as one of this program's codes and a sentence without personal data."""

import ssl
from dataclasses import dataclass

from m365_restrict.errors import ErrorCode

_SQLITE = {
    "SQLITE_CORRUPT": ErrorCode.LEDGER_CORRUPT,
    "SQLITE_NOTADB": ErrorCode.LEDGER_CORRUPT,
    "SQLITE_FULL": ErrorCode.LEDGER_FULL,
    "SQLITE_READONLY": ErrorCode.LEDGER_READ_ONLY,
}
# By SQLSTATE, or by its class of two characters (PostgreSQL's manual, appendix "Error Codes").
_SERVER = {
    "08": ErrorCode.LEDGER_UNREACHABLE,
    "25006": ErrorCode.LEDGER_READ_ONLY,
    "28": ErrorCode.LEDGER_REFUSED,
    "3D": ErrorCode.LEDGER_REFUSED,
    "3F": ErrorCode.LEDGER_REFUSED,
    "42501": ErrorCode.LEDGER_REFUSED,
    "53100": ErrorCode.LEDGER_FULL,
    "53": ErrorCode.LEDGER_UNREACHABLE,
    "55P03": ErrorCode.LEDGER_UNREACHABLE,
    "57P": ErrorCode.LEDGER_UNREACHABLE,
    "XX001": ErrorCode.LEDGER_CORRUPT,
    "XX002": ErrorCode.LEDGER_CORRUPT,
}
_QUOTING = ("D", "W", "q", "H")
"""Parts of an answer: detail, where, internal query, hint."""
_WRITER_WAITS = "55P03"
_LOST = ("08", "57P01", "57P02", "57P03")
_TLS_ADVICE = (
    "Name the authority that issued the server's certificate with sslrootcert in LEDGER__URL, and the server "
    "as its certificate does."
)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A failed statement or connection. `words` hold nothing that stands in a table."""

    code: ErrorCode
    words: str
    advice: str | None = None


def failure_of(error: BaseException) -> Failure:
    """What an error of SQLAlchemy, of a driver or of the operating system comes to."""
    reason: BaseException = getattr(error, "orig", None) or error
    state, said = _told_by_server(reason)
    if state:
        code = next((_SERVER[one] for one in (state, state[:3], state[:2]) if one in _SERVER), None)
        if state == _WRITER_WAITS:
            said = "another run has been writing to it for longer than this one may wait"
        # Of other errors the server's words may quote what stands in a row.
        words = said if code else f"the server refused a statement (SQLSTATE {state})"
        return Failure(code=code or ErrorCode.LEDGER_UNUSABLE, words=words)
    if isinstance(reason, ssl.SSLError) and not is_connection_lost(reason):
        words = getattr(reason, "verify_message", "") or reason.reason or "no encryption"
        return Failure(code=ErrorCode.LEDGER_REFUSED, words=f"TLS failed: {words}", advice=_TLS_ADVICE)
    if is_connection_lost(reason):
        cause = reason.__cause__
        return Failure(code=ErrorCode.LEDGER_UNREACHABLE, words=str(cause or reason).rstrip("."))
    return Failure(code=code_of(reason), words=str(reason))


def leave_out_rows(error: BaseException) -> None:
    """Take out of a server's answer what it quotes of a row: the error stays, and somebody may print it."""
    reason = getattr(error, "orig", None)
    told = reason.args[0] if isinstance(reason, BaseException) and reason.args else None
    if not isinstance(told, dict):
        return
    for name in (*_QUOTING, *(("M",) if failure_of(error).words != told.get("M") else ())):
        told.pop(name, None)
    error.args = (f"({type(reason).__name__}) {told}",)


def code_of(reason: BaseException) -> ErrorCode:
    """What SQLite's own name of an error comes to; `ledger-unusable` for all others."""
    name = "_".join(str(getattr(reason, "sqlite_errorname", "")).split("_")[:2])
    return _SQLITE.get(name, ErrorCode.LEDGER_UNUSABLE)


def is_connection_lost(reason: BaseException) -> bool:
    """Whether the server went, or was never reached; what it says of a statement is something else."""
    state, _ = _told_by_server(reason)
    if state:
        return state.startswith(_LOST)
    if isinstance(reason, ConnectionError | TimeoutError | ssl.SSLEOFError | ssl.SSLZeroReturnError):
        # pg8000 1.31 lets these through where they end its greeting or its first read of an answer.
        return True
    return type(reason).__module__.startswith("pg8000.") and type(reason).__name__ == "InterfaceError"


def _told_by_server(reason: BaseException) -> tuple[str, str]:
    """The SQLSTATE and the main sentence of a server's answer; both "" where no server answered."""
    told = reason.args[0] if reason.args else None
    if not isinstance(told, dict):
        return "", ""
    # "D", the detail, is left out: it quotes the row that was to be written.
    return str(told.get("C", "")), str(told.get("M", ""))
