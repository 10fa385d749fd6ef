"""What a list lacks: the difference between a schema of the register and the list as it stands. Pure.

Only completes. A council's own display names, help texts and further choices are left as they are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from m365_restrict.register.columns import PROVING_ROW_TITLE
from m365_restrict.register.schema import Column, ListSchema
from m365_restrict.report.init_document import ByHandLine, ConflictLine, SetupAction
from m365_restrict.tenant.column_definitions import choices_of, definition_of, kind_of
from m365_restrict.tenant.setup import FoundList

StepKey: TypeAlias = tuple[SetupAction, str, str, str]
"""Action, site, list and column."""

_TITLE = "Title"

#: What a generic list has before anything is added to it; SharePoint wants its Title filled in.
NEW_LIST = FoundList(
    list_id="",
    columns={
        _TITLE: {
            "name": _TITLE,
            "displayName": _TITLE,
            "description": "",
            "required": True,
            "text": {"allowMultipleLines": False},
        }
    },
    titles=frozenset(),
)


@dataclass(frozen=True, kw_only=True)
class PlannedList:
    """A list that must be as `schema` says, and where it is."""

    site: str
    title: str
    schema: ListSchema


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing to do. `body` is what is sent: a column's definition, its changes, or an item's fields."""

    action: SetupAction
    place: PlannedList
    effect: str
    column: str = ""
    body: Mapping[str, object] = field(default_factory=dict)

    @property
    def key(self) -> StepKey:
        """What tells one step from another."""
        return self.action, self.place.site, self.place.title, self.column


def steps_for(
    place: PlannedList, found: FoundList | None, remap: Mapping[str, str]
) -> tuple[tuple[Step, ...], tuple[ConflictLine, ...]]:
    """All that must be done for one list, in order, and the columns that stand in the way.

    `remap` maps our column names to the list's (REGISTER__COLUMNS__<NAME>); a column under either counts.
    """
    if found is None:
        made = FoundList(
            list_id="",
            columns={**{one.name: definition_of(one) for one in place.schema.columns}, **NEW_LIST.columns},
            titles=frozenset(),
        )
        rest, _ = steps_for(place, made, {})
        return (_creation(place), *rest), ()
    steps: list[Step] = []
    conflicts: list[ConflictLine] = []
    for column in place.schema.columns:
        raw = found.columns.get(remap.get(column.name, column.name)) or found.columns.get(column.name)
        if raw is None:
            steps.append(_addition(place, column))
        elif kind_of(raw) is not column.kind:
            conflicts.append(_conflict(place, column))
        elif changes := dict(_changes(column, raw)):
            steps.append(_change(place, str(raw["name"]), changes))
    if PROVING_ROW_TITLE not in found.titles:
        steps.append(_proving_row(place))
    return tuple(steps), tuple(conflicts)


def by_hand(place: PlannedList, *, is_choices: bool) -> Iterator[ByHandLine]:
    """What Graph cannot set (graph.md 3.9, last lines; 3.7; 3.8; 11)."""
    yield ByHandLine(
        list=place.title,
        setting="Version history on, at least 500 versions",
        why="A version is what proves who approved.",
    )
    yield ByHandLine(
        list=place.title,
        setting="Content approval off",
        why="With it, items that wait are not shown to the reader application.",
    )
    if is_choices:
        yield ByHandLine(
            list=place.title,
            setting="Item-level permissions: read and edit own items only",
            why="Nobody else sees what a councillor chose. The reader application then needs a managing "
            "role on this list, or every run ends with exit code 7.",
        )
        return
    yield ByHandLine(
        list=place.title,
        setting="Permissions: only those who make, approve and audit decisions",
        why="The list holds names and addresses of people.",
    )
    yield ByHandLine(
        list=place.title,
        setting="No flow that saves items as one account",
        why="An approval saved by a flow's owner names the wrong person and counts for nothing.",
    )


def _creation(place: PlannedList) -> Step:
    columns = [definition_of(one) for one in place.schema.columns if one.name != _TITLE]
    effect = f"make the list '{place.title}' on the site '{place.site}' with {len(columns)} columns."
    return Step(action=SetupAction.CREATE_LIST, place=place, effect=effect, body={"columns": columns})


def _addition(place: PlannedList, column: Column) -> Step:
    return Step(
        action=SetupAction.ADD_COLUMN,
        place=place,
        column=column.name,
        effect=f"add the column '{column.display_name}' ({column.name}) to the list '{place.title}'.",
        body=definition_of(column),
    )


def _change(place: PlannedList, name: str, changes: Mapping[str, object]) -> Step:
    said = ", ".join(_WORDS[member] for member in changes)
    return Step(
        action=SetupAction.CHANGE_COLUMN,
        place=place,
        column=name,
        effect=f"change the column {name} of the list '{place.title}': {said}.",
        body=changes,
    )


_WORDS = {
    "displayName": "give it its display name",
    "description": "give it its help text",
    "required": "let items be saved without it",
    "choice": "add the choices that it lacks",
}


def _proving_row(place: PlannedList) -> Step:
    return Step(
        action=SetupAction.ADD_PROVING_ROW,
        place=place,
        effect=f"add the row to the list '{place.title}' that proves that it can be read whole.",
        body={_TITLE: PROVING_ROW_TITLE},
    )


def _conflict(place: PlannedList, column: Column) -> ConflictLine:
    kind = column.kind.value.partition(" ->")[0]
    return ConflictLine(
        list=place.title,
        column=column.name,
        message=f"it is there, but it must hold {kind}.",
        action="Rename or delete that column in the list's settings and run init again; or map another "
        f"column with M365_RESTRICT_REGISTER__COLUMNS__{column.name.upper()}.",
    )


def _changes(column: Column, raw: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Members of the definition to change, each whole. What a council has set itself is not among them."""
    if raw.get("displayName") in (None, "", raw.get("name")) and column.display_name != raw.get("name"):
        yield "displayName", column.display_name
    if not raw.get("description"):
        yield "description", column.help
    if raw.get("required"):
        yield "required", False
    offered = choices_of(raw)
    lacking = () if column.own_values else [one for one in column.choices if one not in offered]
    facet = raw.get("choice")
    if lacking and isinstance(facet, Mapping):
        yield "choice", {**facet, "choices": [*offered, *lacking]}
