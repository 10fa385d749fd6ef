import json

from m365_restrict.sandbox.exchange.envelope import objects


def test_a_cmdlet_without_output_answers_an_empty_list() -> None:
    """exchange.md 1.5."""
    answer = objects([], target="Rule")
    assert (answer.status, answer.target, json.loads(answer.body)["value"]) == (200, "Rule", [])


def test_text_that_is_no_utf_8_still_makes_an_answer() -> None:
    assert json.loads(objects([{"Comments": "\ud800"}], target="").body)["value"]
