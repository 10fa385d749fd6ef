import pytest

PATH = "admin/exchange/tracing/messageTraces"
SENDER = "p@mailpost.example"


def _write(council, *to, sender=SENDER):
    raw = f"From: {sender}\r\nTo: {', '.join(to)}\r\nSubject: Hello\r\nMessage-ID: <1@m.example>\r\n\r\nHello"
    body = {"raw": raw, "envelope_from": sender, "recipients": list(to)}
    assert council.control("POST", "mail", body).is_success


def _ask(council, condition="", start="2026-11-16T00:00:00Z", end="2026-11-23T09:00:00Z", **params):
    terms = [term for term in (condition, f"receivedDateTime ge {start}" if start else "",
                               f"receivedDateTime le {end}" if end else "") if term]  # fmt: skip
    query = {"$filter": " and ".join(terms)} if terms else {}
    return council.graph("GET", PATH, params={**query, **params})


def _recipients(answer):
    return sorted(line["recipientAddress"] for line in answer.json()["value"])


def test_a_line_for_each_recipient_with_groups_expanded(council):
    _write(council, "a.o@ashbourne.example", "ward@ashbourne.example")
    lines = _ask(council).json()["value"]
    assert {line["recipientAddress"]: line["status"] for line in lines} == {
        "a.officer@ashbourne.example": "delivered",
        "ward@ashbourne.example": "expanded",
        "director@ashbourne.example": "delivered",
        "contact@partner.example": "delivered",
    }
    assert {line["senderAddress"] for line in lines} == {SENDER}
    assert len({line["id"] for line in lines}) == 1


def test_a_refused_copy_has_failed(council):
    _write(council, "nobody@ashbourne.example")
    assert [line["status"] for line in _ask(council).json()["value"]] == ["failed"]


def test_or_is_ignored_so_that_the_last_address_counts(council):
    _write(council, "director@ashbourne.example")
    _write(council, "cllr.b@ashbourne.example", sender="q@mailpost.example")
    condition = f"senderAddress eq '{SENDER}' or senderAddress eq 'q@mailpost.example'"
    assert _recipients(_ask(council, condition)) == ["cllr.b@ashbourne.example"]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-16T00:00:00Z", ""),
        ("", "2026-11-23T09:00:00Z"),
        ("2026-11-13T00:00:00Z", "2026-11-23T00:00:01Z"),
        ("2026-08-25T08:59:59Z", "2026-08-30T00:00:00Z"),
        ("2026-11-20T00:00:00Z", "2026-11-23T09:00:01Z"),
        ("2026-11-23T09:00:00Z", "2026-11-20T00:00:00Z"),
    ],
)
def test_intervals_that_graph_refuses(council, start, end):
    assert _ask(council, start=start, end=end).status_code == 400


def test_without_dates_the_last_two_days_are_shown(council):
    council.control("POST", "clock", {"now": "2026-11-21T08:00:00Z"})
    _write(council, "director@ashbourne.example")
    council.control("POST", "clock", {"now": "2026-11-22T09:00:00Z"})
    _write(council, "cllr.b@ashbourne.example")
    council.control("POST", "clock", {"now": "2026-11-23T09:00:00Z"})
    assert _recipients(_ask(council, start="", end="")) == ["cllr.b@ashbourne.example"]


def test_pages(council):
    _write(council, "director@ashbourne.example", "cllr.b@ashbourne.example")
    first = _ask(council, **{"$top": "1"}).json()
    second = council.graph("GET", first["@odata.nextLink"]).json()
    assert "@odata.nextLink" not in second
    assert len(first["value"]) == len(second["value"]) == 1


@pytest.mark.parametrize("top", ["0", "5001", "many"])
def test_page_sizes_that_graph_refuses(council, top):
    assert _ask(council, **{"$top": top}).status_code == 400


def test_the_writer_was_not_granted_it(council):
    assert council.graph("GET", PATH, role="writer").status_code == 403


def test_a_tenant_may_not_grant_it_at_all(council, council_seed):
    council.seed(
        {**council_seed, "tenant": {**council_seed["tenant"], "behaviour": {"message_trace": False}}}
    )
    assert _ask(council).status_code == 403


def _redirected(council):
    rule = {"Name": "Away", "From": [SENDER], "RedirectMessageTo": ["cllr.b@ashbourne.example"]}
    asked = {"by": "director@ashbourne.example", "cmdlet": "New-TransportRule", "parameters": rule}
    assert council.control("POST", "cmdlet", asked).is_success
    _write(council, "director@ashbourne.example")
    return _ask(council).json()["value"]


def _events(council, line, recipient):
    call = f"getDetailsByRecipient(recipientAddress='{recipient}')"
    return council.graph("GET", f"{PATH}/{line['id']}/{call}")


@pytest.mark.parametrize(
    ("shown", "recipient"),
    [("contact", "cllr.b@ashbourne.example"), ("recipient", "director@ashbourne.example")],
)
def test_a_redirected_copy_is_shown_where_the_tenant_shows_it_and_its_events_name_the_rule(
    council, council_seed, shown, recipient
):
    behaviour = {"redirect_trace": shown}
    council.seed({**council_seed, "tenant": {**council_seed["tenant"], "behaviour": behaviour}})
    (line,) = _redirected(council)
    assert (line["recipientAddress"], line["status"]) == (recipient, "delivered")
    assert "rules" not in line
    events = _events(council, line, recipient).json()["value"]
    assert [event["event"] for event in events] == ["Receive", "Transport rule", "Deliver"]
    assert "Away" in events[1]["description"]


def test_events_of_a_copy_that_is_not_there_are_not_found(council):
    (line,) = _redirected(council)
    assert _events(council, line, "nobody@ashbourne.example").status_code == 404


def test_events_need_not_name_the_rule(council, council_seed):
    behaviour = {"trace_names_rules": False}
    council.seed({**council_seed, "tenant": {**council_seed["tenant"], "behaviour": behaviour}})
    (line,) = _redirected(council)
    events = _events(council, line, line["recipientAddress"]).json()["value"]
    assert "Away" not in str(events)
