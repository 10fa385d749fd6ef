"""A Teams workflow of the sandbox."""

import pytest

_CARD = {"type": "AdaptiveCard", "version": "1.4", "body": []}
_ATTACHED = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": _CARD}
MESSAGE = {"type": "message", "attachments": [_ATTACHED]}


def cards(council):
    return council.control("GET", "workflow").json()["cards"]


def test_a_card_is_taken_with_202_and_nothing_in_it(council):
    answer = council.control("POST", "workflow", MESSAGE, params={"sig": "ict"})
    assert (answer.status_code, answer.content) == (202, b"")
    assert cards(council) == [{"at": "2026-11-23T09:00:00Z", "query": "sig=ict", "card": _CARD}]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": "message", "attachments": []},
        {"@type": "MessageCard", "text": "Hello"},
        {**MESSAGE, "type": "note"},
        {"type": "message", "attachments": [{**_ATTACHED, "contentType": "text/html"}]},
        {"type": "message", "attachments": [_ATTACHED, _ATTACHED]},
    ],
)
def test_whatever_is_no_card_is_400(council, body):
    assert council.control("POST", "workflow", body).status_code == 400
    assert cards(council) == []


def test_a_card_that_is_too_large_is_413(council):
    large = {**_ATTACHED, "content": {**_CARD, "fallbackText": "x" * 28_000}}
    assert council.control("POST", "workflow", {"type": "message", "attachments": [large]}).status_code == 413


def test_it_faults_as_it_is_told(council):
    fault = {
        "match": {"path_regex": "workflow", "method": "POST"},
        "do": "status",
        "status": 429,
        "retry_after": 7,
    }
    council.control("POST", "faults", [fault])
    refused = council.control("POST", "workflow", MESSAGE)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "7")
    assert council.control("POST", "workflow", MESSAGE).status_code == 202
    assert len(cards(council)) == 1


def test_a_new_seed_empties_the_channel(council):
    council.control("POST", "workflow", MESSAGE)
    council.control("POST", "seed", {})
    assert cards(council) == []
