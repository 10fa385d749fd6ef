"""What people have said about ownership: rules that were made ours, and rules that are ours no longer."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Adopted:
    """A rule of somebody else that was made ours for one rule key. Nothing was applied to it by that."""

    guid: str
    key: str
    case_reference: str


@dataclass(frozen=True, kw_only=True)
class Claims:
    """The latest word on each rule. `adopted` is by Guid; `disowned` are Guids that are never ours."""

    adopted: Mapping[str, Adopted] = field(default_factory=dict)
    disowned: frozenset[str] = frozenset()
