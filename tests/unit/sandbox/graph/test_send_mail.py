import pytest

SENDER = "users/spoc@ashbourne.example/sendMail"


def _message(*to, **more):
    return {
        "subject": "Due",
        "body": {"contentType": "Text", "content": "Words"},
        "toRecipients": [{"emailAddress": {"address": address}} for address in to],
        **more,
    }


def _folder(council, upn, path):
    folders = council.control("GET", f"mailboxes/{upn}").json()["folders"]
    return [message for one in folders if one["path"] == path for message in one["messages"]]


def _send(council, body, *, role="writer", path=SENDER):
    return council.graph("POST", path, role=role, json=body)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda message: {"message": message, "saveToSentItems": False},
        lambda message: {
            "Message": {key[0].upper() + key[1:]: value for key, value in message.items()},
            "SaveToSentItems": False,
        },
    ],
    ids=["as others write it", "as the SDK writes it"],
)
def test_a_mail_arrives_from_that_mailbox(council, wrap):
    answer = _send(council, wrap(_message("director@ashbourne.example")))
    assert (answer.status_code, answer.content) == (202, b"")
    (arrived,) = _folder(council, "director@ashbourne.example", "Inbox")
    assert (arrived["from"], arrived["subject"]) == ("spoc@ashbourne.example", "Due")
    assert _folder(council, "spoc@ashbourne.example", "Sent Items") == []


def test_what_was_sent_is_shown_with_its_words(council):
    _send(council, {"message": _message("director@ashbourne.example")})
    (sent,) = council.control("GET", "sent").json()["sent"]
    assert (sent["from"], sent["to"]) == ("spoc@ashbourne.example", ["director@ashbourne.example"])
    assert (sent["content_type"], sent["content"]) == ("Text", "Words")


def test_a_copy_is_kept_unless_it_is_not_wanted(council):
    _send(council, {"message": _message("director@ashbourne.example")})
    assert [one["subject"] for one in _folder(council, "spoc@ashbourne.example", "Sent Items")] == ["Due"]


def test_it_is_signed_in_mail_from_inside(council):
    made = council.cmdlet(
        "New-TransportRule",
        {"Name": "Outside", "From": ["spoc@ashbourne.example"], "FromScope": "NotInOrganization",
         "DeleteMessage": True},
        role="writer",
    )  # fmt: skip
    assert made.is_success
    _send(council, {"message": _message("director@ashbourne.example")})
    assert len(_folder(council, "director@ashbourne.example", "Inbox")) == 1


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"message": _message()}, 400, "ErrorInvalidRecipients"),
        ({"message": _message("not an address")}, 400, "ErrorInvalidRecipients"),
        ({}, 400, "ErrorInvalidRequest"),
        (
            {"message": _message("a@b.example", internetMessageHeaders=[{"name": "Bcc", "value": "x"}])},
            400,
            "InvalidInternetMessageHeader",
        ),
    ],
)
def test_what_graph_refuses(council, body, status, code):
    answer = _send(council, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert council.control("GET", "sent").json() == {"sent": []}


def test_only_the_writer_may_send(council):
    answer = _send(council, {"message": _message("director@ashbourne.example")}, role="reader")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "ErrorAccessDenied")


def test_an_account_without_a_mailbox_cannot_send(council):
    answer = _send(
        council, {"message": _message("a@b.example")}, path="users/clerk@ashbourne.example/sendMail"
    )
    assert answer.status_code == 404
