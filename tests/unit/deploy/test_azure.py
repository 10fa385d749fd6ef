"""Bicep: its form, and that modules, parameters and outputs fit. Azure itself is not asked."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

from settings.auth import ApplicationSettings
from settings.delivery import DeliverySettings

PARSER = Parser(Language(tree_sitter_bicep.language()))


def every(node: Node, *kinds: str) -> Iterator[Node]:
    for child in node.children:
        if not kinds or child.type in kinds:
            yield child
        yield from every(child, *kinds)


def text(node: Node) -> str:
    return node.text.decode() if node.text else ""


def names_of(table: Node) -> dict[str, Node]:
    """The properties of an object, without those of objects in it."""
    return {
        text(one.children[0]): one.children[-1]
        for one in table.named_children
        if one.type == "object_property"
    }


@dataclass
class Template:
    """One file: what it takes (and whether it must be given), what it gives, and whom it calls with what."""

    path: Path
    root: Node
    takes: dict[str, bool] = field(default_factory=dict)
    gives: set[str] = field(default_factory=set)
    calls: dict[str, tuple[Path, set[str]]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Template":
        made = cls(path=path, root=PARSER.parse(path.read_bytes()).root_node)
        for one in every(made.root, "parameter_declaration"):
            made.takes[text(one.children[1])] = not any(child.type == "=" for child in one.children)
        for one in every(made.root, "output_declaration"):
            made.gives.add(text(one.children[1]))
        for one in every(made.root, "module_declaration"):
            file = text(next(every(one, "string_content")))
            table = next(every(one, "object"))
            params = names_of(table).get("params")
            given = set(names_of(params)) if params is not None else set()
            made.calls[text(one.children[1])] = (path.parent / file, given)
        return made


@pytest.fixture
def templates(deploy: Path) -> Mapping[Path, Template]:
    found = (deploy / "azure").rglob("*.bicep")
    return {path.resolve(): Template.read(path) for path in found}


def test_every_file_is_bicep(templates: Mapping[Path, Template]) -> None:
    assert len(templates) > 1
    wrong = [
        f"{path.name}:{one.start_point.row + 1}"
        for path, template in templates.items()
        for one in every(template.root)
        if one.is_error or one.is_missing
    ]
    assert not wrong


def test_a_file_that_is_wrong_is_not_bicep() -> None:
    assert PARSER.parse(b"param a string\nresource b 'x' = {\n").root_node.has_error


def test_a_module_is_given_what_it_takes(templates: Mapping[Path, Template]) -> None:
    called = set()
    for template in templates.values():
        for name, (path, given) in template.calls.items():
            module = templates[path.resolve()]
            called.add(path.resolve())
            assert given <= set(module.takes), name
            assert {one for one, needed in module.takes.items() if needed} <= given, name
    assert called == {path for path in templates if path.parent.name == "modules"}


def test_what_is_asked_of_a_module_it_gives(templates: Mapping[Path, Template]) -> None:
    asked = 0
    for template in templates.values():
        for one in every(template.root, "member_expression"):
            parts = text(one).split(".")
            if len(parts) == 3 and parts[1] == "outputs":
                asked += 1
                path, _ = template.calls[parts[0]]
                assert parts[2] in templates[path.resolve()].gives, text(one)
    assert asked


def test_nothing_is_declared_that_nothing_uses(templates: Mapping[Path, Template]) -> None:
    for template in templates.values():
        used = [text(one) for one in every(template.root, "identifier")]
        variables = [text(one.children[1]) for one in every(template.root, "variable_declaration")]
        lonely = [name for name in [*template.takes, *variables] if used.count(name) < 2]
        assert not lonely, template.path.name


def test_the_example_gives_what_must_be_given(deploy: Path, templates: Mapping[Path, Template]) -> None:
    main = templates[(deploy / "azure/main.bicep").resolve()]
    example = json.loads((deploy / "azure/ashbourne.parameters.json").read_text(encoding="utf-8"))
    given = set(example["parameters"])
    assert given <= set(main.takes)
    assert {one for one, needed in main.takes.items() if needed} <= given


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("modules/ledger.bicep", "passwordAuth: 'Disabled'"),
        ("modules/ledger.bicep", "delegatedSubnetResourceId: subnetId"),
        ("modules/vault.bicep", "publicNetworkAccess: empty(allowedAddresses) ? 'Disabled' : 'Enabled'"),
        ("modules/vault.bicep", "enablePurgeProtection: true"),
        ("modules/jobs.bicep", "internal: true"),
        ("modules/jobs.bicep", "var readersAlone = empty(mails) ? ['drift', 'retention'] : ['retention']"),
    ],
)
def test_it_is_private_and_gives_no_job_more_than_it_needs(deploy: Path, file: str, said: str) -> None:
    assert said in (deploy / "azure" / file).read_text(encoding="utf-8")


def test_alarms_look_for_what_every_job_ends_with(deploy: Path) -> None:
    asked = (deploy / "azure/modules/logs.bicep").read_text(encoding="utf-8")
    written = (deploy / "docker/run-job").read_text(encoding="utf-8")
    assert "'m365-restrict-job %s %s exit=%s\\n'" in written
    assert '"m365-restrict-job " Job " " Outcome " exit=" Code' in asked
    assert 'Outcome == "failed"' in asked
    assert 'Outcome == "done"' in asked


def test_an_alarm_looks_back_further_than_to_its_last_look(deploy: Path) -> None:
    """Lines come minutes after they were written, and one that no window holds is never seen."""
    minutes = {"PT15M": 15, "PT30M": 30, "PT1H": 60, "P2D": 2 * 24 * 60}
    asked = (deploy / "azure/modules/logs.bicep").read_text(encoding="utf-8")
    looks = re.findall(r"evaluationFrequency: '(\w+)'", asked)
    windows = re.findall(r"windowSize: '(\w+)'", asked)
    assert len(looks) == len(windows) == 2
    assert all(minutes[back] > minutes[often] for often, back in zip(looks, windows, strict=True))


def test_who_is_told_at_once_is_told_by_a_job_that_can_send(deploy: Path) -> None:
    """`drift` delivers what is critical; without the writer its mails would wait for the next day's job."""
    jobs = (deploy / "azure/modules/jobs.bicep").read_text(encoding="utf-8")
    begins, ends = re.findall(r"(?:starts|ends)With\(one\.key, '(\w+)'\)", jobs)
    recipients = [
        f"DELIVERY__{role}__TO"
        for role in DeliverySettings.model_fields
        if hasattr(DeliverySettings.model_fields[role].annotation, "options")
    ]
    names = [one.upper() for one in recipients]
    assert names
    assert all(one.startswith(begins) and one.endswith(ends) for one in names)


def test_each_way_to_sign_in_is_a_setting_that_there_is(deploy: Path) -> None:
    jobs = (deploy / "azure/modules/jobs.bicep").read_text(encoding="utf-8")
    used = set(re.findall(r"M365_RESTRICT_AUTH__(?:READER|WRITER)__(\w+)", jobs))
    assert used == {"CLIENT_ID", "CERTIFICATE_PATH", "TRUSTED_IDENTITY", "MANAGED_IDENTITY"}
    assert {one.lower() for one in used} <= set(ApplicationSettings.model_fields)


def test_a_replica_is_told_no_index_so_there_is_one(deploy: Path) -> None:
    jobs = (deploy / "azure/modules/jobs.bicep").read_text(encoding="utf-8")
    assert re.findall(r"(parallelism|replicaCompletionCount): (\d+)", jobs) == [
        ("parallelism", "1"),
        ("replicaCompletionCount", "1"),
    ]
    assert "--shard" not in jobs
