"""A short form of `make contract`: requests and answers against Microsoft's library and description."""

import importlib
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

TOOLS = Path(__file__).parents[2] / "tools"
RULES = "users/cllr.a@ash.example/mailFolders/inbox/messageRules"
RULE = {"displayName": "R", "sequence": 1, "actions": {"markAsRead": True}}
READ = {"method": "GET", "body": None, "status": 200}
ITEMS = "sites/host:/sites/one:/lists/L/items"


class Tools(NamedTuple):
    """The modules of `make contract`."""

    check: Any
    judge: Any
    recording: Any
    scenes: Any
    description: Any

    def exchanged(self, method: str = "POST", path: str = RULES, **given: Any) -> Any:
        whole = {"query": (), "body": RULE, "status": 201, "answer": {**RULE, "id": "1"}, **given}
        return self.recording.Exchanged(method=method, path=path, **whole)


@pytest.fixture(scope="module")
def tools() -> Iterator[Tools]:
    sys.path.insert(0, str(TOOLS))
    names = ("check", "judge", "recording", "scenes", "description")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's models warn of themselves
        try:
            yield Tools(*(importlib.import_module(f"contract_{name}") for name in names))
        finally:
            sys.path.remove(str(TOOLS))


@pytest.fixture(scope="module")
def recorded(tools: Tools) -> list[Any]:
    recording = tools.recording.Recording()
    tools.check.record(tools.scenes.SHORT, recording)
    found: list[Any] = recording.exchanged
    return found


@pytest.fixture(scope="module")
def description(tools: Tools) -> Any:
    path = tools.check.description_file()
    if path is None:
        pytest.skip("Microsoft's description of Graph is not on this computer: ../shared/data")
    return tools.description.Description(path)


def modelled(tools: Tools, recorded: list[Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return tools.judge.modelled(recorded)


def test_the_library_reads_and_writes_everything_as_it_was(tools: Tools, recorded: list[Any]) -> None:
    found = modelled(tools, recorded)
    assert found.violations == []
    assert min(found.requests, found.answers) > 300


def test_the_description_allows_everything(tools: Tools, recorded: list[Any], description: Any) -> None:
    found = tools.judge.described(recorded, description)
    assert found.violations == []
    assert min(found.requests, found.answers) > 300


def test_every_address_of_the_sandbox_is_met(tools: Tools, recorded: list[Any]) -> None:
    assert tools.judge.unmet(recorded) == []


WRONG = [
    ({"answer": {**RULE, "colour": "red"}}, "colour"),
    ({"body": {**RULE, "conditions": {"fromAddress": []}}}, "fromAddress"),
    ({"body": {**RULE, "actions": {"markImportance": "urgent"}}}, "mark"),
    ({"answer": {**RULE, "conditions": {"withinSizeRange": {"most": 1}}}}, "most"),
]


@pytest.mark.parametrize(("given", "named"), WRONG)
def test_the_models_find_what_is_wrong(tools: Tools, given: Any, named: str) -> None:
    (first, *_) = modelled(tools, [tools.exchanged(**given)]).violations
    assert named in first


@pytest.mark.parametrize(
    ("given", "named"),
    [
        *WRONG[:2],
        ({"body": {**RULE, "actions": {"markImportance": "urgent"}}}, "urgent"),
        ({"body": {**RULE, "sequence": "first"}}, "first"),
        ({"answer": None}, "nothing was sent"),
        ({"query": (("$colour", "red"),)}, "$colour"),
        ({**READ, "path": "planets"}, "not described"),
        ({**READ, "path": ITEMS, "answer": {"value": [{"etag": 1}]}}, "etag"),
    ],
)  # fmt: skip
def test_the_description_finds_what_is_wrong(tools: Tools, description: Any, given: Any, named: str) -> None:
    (first, *_) = tools.judge.described([tools.exchanged(**given)], description).violations
    assert named in first


def test_of_a_refused_request_the_answer_alone_is_judged(tools: Tools, description: Any) -> None:
    refusal = {"error": {"code": "ErrorInvalidRequest", "message": "No."}}
    one = tools.exchanged(body={"colour": "red"}, status=400, answer=refusal)
    for found in (tools.judge.described([one], description), modelled(tools, [one])):
        assert (found.violations, found.requests, found.answers) == ([], 0, 1)


def test_each_request_of_a_batch_is_judged_by_itself(tools: Tools) -> None:
    recording = tools.recording.Recording()
    asked = {"id": "1", "method": "POST", "url": f"/{RULES}?$select=id", "body": RULE}
    answer = {"responses": [{"id": "1", "status": 201, "body": {**RULE, "id": "1"}}]}
    recording.keep(tools.exchanged(path="$batch", body={"requests": [asked]}, status=200, answer=answer))
    assert recording.exchanged[1] == tools.exchanged(query=(("$select", "id"),))


def test_what_clients_of_others_ask_is_not_ours_to_answer_for(tools: Tools) -> None:
    asked = tools.exchanged(body={**RULE, "colour": "red"})
    answered = replace(asked, body=RULE, answer={**RULE, "colour": "red"})
    found = tools.judge.answers_only(lambda one: modelled(tools, one), [asked, answered])
    assert len(found.violations) == 1
    assert ": answer: " in found.violations[0]
