"""Addresses in text, in log records and in tracebacks become keyed hashes."""

import logging

import pytest

from m365_restrict.logs.masking import masked, masked_logs, masked_traceback

ADDRESS = "pat.person+list@post.example"


@pytest.mark.parametrize(
    "text",
    [
        ADDRESS,
        ADDRESS.upper(),
        f"Pat <{ADDRESS}>;",
        f"GET https://graph.example/v1.0/users/{ADDRESS}?$select=id",
        "GET /v1.0/users/pat.person%2Blist%40post.example/sendMail",
        f"senderAddress eq '{ADDRESS}'",
        "o'pat@post.example",
        "pät@pöst.example",
        f"{ADDRESS},{ADDRESS}",
    ],
)
def test_no_address_is_left(text):
    assert "post.ex" not in masked(text)
    assert "@" not in masked(text)
    assert "address-" in masked(text)


def test_one_address_has_one_hash_however_it_is_written():
    found = {masked(one) for one in (ADDRESS, ADDRESS.upper(), ADDRESS.replace("@", "%40"))}
    assert len(found) == 1
    assert masked(ADDRESS) != masked(f"x{ADDRESS}")


@pytest.mark.parametrize("text", ["", "RC-2026-014", "no sign in this", "5 @ 2", "@property"])
def test_other_text_stays(text):
    assert masked(text) == text


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        (f"to {ADDRESS}", ()),
        ("to %s", (ADDRESS,)),
        ("to %s", ([ADDRESS],)),
        ("to %(who)s", ({"who": ADDRESS},)),
        (f"to {ADDRESS} %s %s", ("too few",)),
    ],
)
@pytest.mark.parametrize("level", [1, logging.DEBUG, logging.CRITICAL])
def test_a_record_holds_no_address(caplog, message, arguments, level):
    caplog.set_level(1)
    with masked_logs():
        logging.getLogger("some.library").log(level, message, *arguments)
    (record,) = caplog.records
    assert "@" not in caplog.handler.format(record)
    assert "address-" in record.getMessage()


def test_a_record_of_an_error_holds_no_address(caplog):
    with masked_logs():
        try:
            raise ValueError(ADDRESS)
        except ValueError:
            logging.getLogger("some.library").exception("failed")
    assert "ValueError: address-" in caplog.text
    assert "post.example" not in caplog.text


def test_arguments_that_a_formatter_reads_keep_their_places(caplog):
    caplog.set_level(1)
    with masked_logs():
        logging.getLogger("some.library").info("%s %d", "plain", 7)
    assert caplog.records[0].args == ("plain", 7)


def test_afterwards_records_are_made_as_before():
    before = logging.getLogRecordFactory()
    with masked_logs():
        assert logging.getLogRecordFactory() is not before
    assert logging.getLogRecordFactory() is before


def test_a_traceback_keeps_its_lines_and_loses_addresses():
    try:
        raise RuntimeError(f"of {ADDRESS}") from ValueError(ADDRESS)
    except RuntimeError as error:
        told = masked_traceback(error)
    assert "Traceback" in told
    assert "RuntimeError: of address-" in told
    assert "post.example" not in told
