import pytest

from m365_restrict.mailflow.message import Importance, MessageType, read_message


def message_with(*fields: str):
    return read_message("\r\n".join([*fields, "", "Text"]).encode(), "Bounce@Mail.example")


def test_addresses_are_read_in_lower_case() -> None:
    message = message_with("From: Bob <BOB@x.example>", "To: A@y.example, b@y.example", "Cc: C@y.example")
    assert (message.header_from, message.to, message.cc) == (
        "bob@x.example",
        ("a@y.example", "b@y.example"),
        ("c@y.example",),
    )


def test_the_envelope_sender_is_kept_apart() -> None:
    assert message_with("From: bob@x.example").envelope_from == "bounce@mail.example"


@pytest.mark.parametrize("envelope", ["", "<>", " <> "])
def test_a_bounce_has_no_envelope_sender(envelope: str) -> None:
    assert read_message(b"Subject: x\r\n\r\n", envelope).envelope_from == ""


def test_every_from_field_counts() -> None:
    message = message_with("From: a@x.example", "From: b@x.example, c@x.example")
    assert message.from_addresses == ("a@x.example", "b@x.example", "c@x.example")


def test_an_encoded_subject_is_decoded() -> None:
    assert message_with("Subject: =?utf-8?Q?Caf=C3=A9?=").subject == "Café"


@pytest.mark.parametrize("subject", ["=?no-such-charset?Q?x?=", "=?utf-8?B?!!!?="])
def test_a_subject_that_cannot_be_decoded_is_kept(subject: str) -> None:
    assert isinstance(message_with(f"Subject: {subject}").subject, str)


def test_header_names_are_case_insensitive_and_repeatable() -> None:
    assert message_with("X-A: 1", "x-a: 2").headers.all("X-a") == ("1", "2")


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("Auto-Submitted: auto-replied (vacation)", MessageType.OUT_OF_OFFICE),
        ("Auto-Submitted: auto-forwarded", MessageType.AUTO_FORWARD),
        ("Autoforwarded: TRUE", MessageType.AUTO_FORWARD),
        ("Content-Type: application/pkcs7-mime; smime-type=enveloped-data", MessageType.ENCRYPTED),
        ("Content-Type: multipart/encrypted; boundary=b", MessageType.ENCRYPTED),
        ("Content-Type: application/pkcs7-mime; smime-type=signed-data", MessageType.SIGNED),
        ('Content-Type: multipart/signed; boundary="b"', MessageType.SIGNED),
        ("Content-Type: text/calendar; method=REQUEST", MessageType.CALENDARING),
        ('Content-Type: multipart/report; report-type="disposition-notification"', MessageType.READ_RECEIPT),
        ("Content-Class: rpmsg.message", MessageType.PERMISSION_CONTROLLED),
        ("Content-Class: Voice-CA", MessageType.VOICEMAIL),
    ],
)
def test_the_type_is_read_from_the_headers(field: str, kind: MessageType) -> None:
    assert message_with(field).types == {kind}


def test_a_plain_message_has_no_type() -> None:
    assert message_with("Content-Type: text/plain", "Auto-Submitted: no").types == frozenset()


@pytest.mark.parametrize(
    ("field", "level"), [("high", Importance.HIGH), ("LOW", Importance.LOW), ("odd", Importance.NORMAL)]
)
def test_importance(field: str, level: Importance) -> None:
    assert message_with(f"Importance: {field}").importance is level


@pytest.mark.parametrize(
    ("fields", "count"), [((), 0), (("1",), 1), (("2",), 2), (("x",), 1), (("a", "b"), 2), (("9" * 5000,), 1)]
)
def test_redirects_so_far_are_counted(fields: tuple[str, ...], count: int) -> None:
    message = message_with(*(f"X-MS-Exchange-Transport-Rules-Loop: {field}" for field in fields))
    assert message.transport_redirects == count


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n\n",
        b"no colon here\r\n\r\nText",
        b"From: \xff\xfe <bob@x.example>\r\n\r\n",
        "From: Zoë <bob@x.example>\r\n\r\n".encode(),
        b"From: bob@x.example\nTo: a@y.example\n\nText",
        b"From bob\nFrom: bob@x.example\n\n",
        b"From: bob@x.example\r\nX: " + b"a" * 2_000_000 + b"\r\n\r\n",
        b"".join(b"X-%d: y\r\n" % number for number in range(5000)) + b"From: bob@x.example\r\n\r\n",
        b"From:\r\n bob@x.example\r\n\r\n",
        b"\x00\x01\x02From: bob@x.example",
    ],
)
def test_reading_never_raises(raw: bytes) -> None:
    assert read_message(raw, "\udcff").header_from in {"", "bob@x.example"}
