import pytest

BOX = "director@ashbourne.example"
PATH = f"users/{BOX}/mailFolders/inbox"
OLDEST = {
    "$filter": "receivedDateTime ge 1990-01-01T00:00:00Z and isRead eq false",
    "$orderby": "receivedDateTime asc",
    "$select": "receivedDateTime",
    "$top": "1",
}


@pytest.fixture
def written(council):
    for day in ("20", "21"):
        council.control("POST", "clock", {"now": f"2026-11-{day}T09:00:00Z"})
        raw = "From: p@m.example\r\nTo: x\r\nSubject: Hello\r\nMessage-ID: <1@m.example>\r\n\r\nThe text"
        body = {"raw": raw, "envelope_from": "p@m.example", "recipients": [BOX]}
        assert council.control("POST", "mail", body).is_success
    return council


def _owner(council, method, path, body=None):
    return council.control("POST", f"holder/{BOX}", {"method": method, "path": path, "body": body})


def test_a_folder_counts_what_is_unread(written):
    folder = written.graph("GET", PATH).json()
    assert (folder["unreadItemCount"], folder["totalItemCount"]) == (2, 2)


def test_the_oldest_unread_message_comes_first_where_it_is_asked_for(written):
    assert written.graph("GET", f"{PATH}/messages", params=OLDEST).json()["value"] == [
        {"receivedDateTime": "2026-11-20T09:00:00Z"}
    ]


def test_what_the_owner_has_read_is_unread_no_more(written):
    first = _owner(written, "GET", "/me/mailFolders/inbox/messages").json()["value"][-1]
    path = f"/me/mailFolders/inbox/messages/{first['id']}"
    assert _owner(written, "PATCH", path, {"isRead": True}).json()["isRead"] is True
    assert written.graph("GET", PATH).json()["unreadItemCount"] == 1
    shown = written.graph("GET", f"{PATH}/messages", params=OLDEST).json()["value"]
    assert shown == [{"receivedDateTime": "2026-11-21T09:00:00Z"}]


def test_no_text_is_shown(written):
    assert "The text" not in written.graph("GET", f"{PATH}/messages").text


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"$filter": "isRead eq false", "$orderby": "receivedDateTime"}, "InefficientFilter"),
        ({"$filter": "hasAttachments eq true"}, "ErrorInvalidUrlQueryFilter"),
        ({"$orderby": "subject"}, "ErrorInvalidUrlQueryFilter"),
    ],
)
def test_queries_that_graph_refuses(written, query, code):
    answer = written.graph("GET", f"{PATH}/messages", params=query)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_the_reader_may_mark_nothing(written):
    assert written.graph("PATCH", f"{PATH}/messages/x", json={"isRead": True}).status_code == 403


def test_what_is_no_message_is_not_found(written):
    path = "/me/mailFolders/inbox/messages/none"
    assert _owner(written, "PATCH", path, {"isRead": True}).status_code == 404
