"""No address reaches a log: in its place stands a hash whose key nobody has (design.md 6).

The program itself logs nothing. The libraries below it do: httpx names each URL, which may name a mailbox.
The same address has the same hash until the process ends, so that the lines of one run read together.
"""

import hashlib
import hmac
import logging
import re
import secrets
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_KEY = secrets.token_bytes(32)
_FACTORY_LOCK = threading.Lock()
_INSIDE: list[Callable[..., logging.LogRecord]] = []
"""The factory from before the first of the blocks that are open, once for each of them."""
_SIGN = re.compile(r"@|%40", re.IGNORECASE)
_EDGE = r"\s\"'<>()\[\]{},;:/\\=&?|"
_ADDRESS = re.compile(rf"[^{_EDGE}]+(?:@|%40)[^{_EDGE}]+", re.IGNORECASE)
_DIGITS = 10


def masked(text: str) -> str:
    """The text with a keyed hash in place of each address, as it stands or as a URL writes it."""
    return _ADDRESS.sub(_hash, text) if _SIGN.search(text) else text


def masked_traceback(error: BaseException) -> str:
    """The traceback of an error without the addresses that its messages may name."""
    return masked("".join(traceback.format_exception(error)))


@contextmanager
def masked_logs() -> Iterator[None]:
    """Mask what any logger of the process is given in this block, at every level and for every handler.

    Blocks may overlap in several threads: masking ends with the last of them.
    """
    with _FACTORY_LOCK:
        make = _INSIDE[0] if _INSIDE else logging.getLogRecordFactory()
        _INSIDE.append(make)
        if len(_INSIDE) == 1:
            logging.setLogRecordFactory(lambda *args, **kwargs: _masked_record(make(*args, **kwargs)))
    try:
        yield
    finally:
        with _FACTORY_LOCK:
            _INSIDE.pop()
            if not _INSIDE:
                logging.setLogRecordFactory(make)


def _masked_record(record: logging.LogRecord) -> logging.LogRecord:
    # Arguments keep their places, for formatters that read them.
    if isinstance(record.args, tuple):
        record.args = tuple(masked(one) if isinstance(one, str) else one for one in record.args)
    try:
        message = record.getMessage()
    except (TypeError, ValueError, KeyError):
        message = f"{record.msg} {record.args!r}"
    if _SIGN.search(message):
        record.msg, record.args = masked(message), None
    if record.exc_info and record.exc_info[1] is not None:
        # Formatters take the text that is there before they make their own.
        record.exc_text = masked_traceback(record.exc_info[1]).rstrip("\n")
    return record


def _hash(found: re.Match[str]) -> str:
    plain = re.sub("%40", "@", found[0], flags=re.IGNORECASE).lower()
    digest = hmac.new(_KEY, plain.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
    return f"address-{digest[:_DIGITS]}"
