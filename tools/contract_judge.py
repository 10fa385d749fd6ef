"""Puts recorded requests and answers to a judge each, and counts."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import contract_models
from contract_description import Description, address
from contract_recording import Exchanged, shape

from m365_restrict.sandbox.graph.routing import ROUTES

_FIRST_REFUSAL = 400

UNDESCRIBED: Mapping[str, str] = {
    "$batch": r"\$batch",
    "$metadata": r"\$metadata",
    "domains": r"domains",
    "mailboxSettings": r"users/[^/]+/mailboxsettings(/userpurpose)?",
    "settings/exchange": r"users/[^/]+/settings/exchange",
    "mailboxes' folders": r"admin/exchange/mailboxes/[^/]+/folders",
    "drive content": r"(sites/by-path/drive|drives/[^/]+)/root:.*",
    "auditLog": r"security/auditlog/queries.*",
}
"""Addresses that the description does not hold (testing.md, official descriptions), as patterns.

What a `$batch` holds is checked request by request, `$metadata` is asked without a token for the challenge
alone, and the others go through the models.
"""


@dataclass
class Findings:
    """What one judge said. `left` counts what it has no say in, by address."""

    requests: int = 0
    answers: int = 0
    violations: list[str] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        return (
            f"requests checked {self.requests}, answers checked {self.answers}, "
            f"violations {len(self.violations)}"
        )


def described(recorded: Iterable[Exchanged], description: Description) -> Findings:
    """Hold all against the description; what differs in nothing is validated once and counted each time."""
    found = Findings()
    known: dict[str, list[str]] = {}
    for one in recorded:
        operation = description.operation(one)
        if operation is None:
            _left(one, found)
            continue
        key = json.dumps([operation.template, one.method, one.query, one.status, one.body, one.answer])
        if key not in known:
            known[key] = list(description.problems(one, operation))
            found.violations += _named(one, known[key])
        _count(one, found)
    return found


def modelled(recorded: Iterable[Exchanged]) -> Findings:
    """Send all through the library's models; what has the same shape goes once and is counted each time."""
    found = Findings()
    known: set[tuple[tuple[str, str] | None, str]] = set()
    for one in recorded:
        route = contract_models.address(one)
        if one.status < _FIRST_REFUSAL and (route is None or route in contract_models.WITHOUT_MODEL):
            found.left["/".join(route[1:]) if route else address(one.path)] += 1
            continue
        if (key := (route, shape(one))) not in known:
            known.add(key)
            found.violations += _named(one, contract_models.problems(one))
        _count(one, found)
    return found


def unmet(recorded: Iterable[Exchanged]) -> list[str]:
    """The addresses of the sandbox that nothing recorded has met."""
    met = {contract_models.address(one) for one in recorded if one.status < _FIRST_REFUSAL}
    every = ((route.method, "/".join(route.segments)) for route in ROUTES)
    return [f"{method} /{path}" for method, path in every if (method, path) not in met]


def answers_only(judge: Callable[[list[Exchanged]], Findings], recorded: list[Exchanged]) -> Findings:
    """What a judge says of the answers to clients whose requests are not ours to answer for."""
    found = judge(recorded)
    found.violations = [one for one in found.violations if ": request" not in one]
    found.requests = 0
    return found


def _count(one: Exchanged, found: Findings) -> None:
    # Of a refused request nothing is known but that it was refused.
    found.requests += one.status < _FIRST_REFUSAL
    found.answers += 1


def _left(one: Exchanged, found: Findings) -> None:
    path = address(one.path).lower()
    named = next((name for name, pattern in UNDESCRIBED.items() if re.fullmatch(pattern, path)), None)
    if named is None and one.status < _FIRST_REFUSAL:
        found.violations.append(f"{one}: the address is not described")
    else:
        found.left[named or "refused"] += 1


def _named(one: Exchanged, problems: Iterable[str]) -> list[str]:
    return [f"{one}: {problem}" for problem in problems]
