"""A report as flat tables, one for each of its parts, for CSV files and spreadsheets (policy.md 5).

No pivot, no hidden column and nothing beside the report's own values is in them: what is not to be told is
not there (policy.md F20). An edition has the tables of the parts that it has; a run that failed has none
that could be taken for a clean one.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from m365_restrict.report.edition import Edition, Period
from m365_restrict.report.model import Report, ResultWord
from m365_restrict.report.table import Table, TableName, Terms, terms_of
from m365_restrict.report.table_cases import (
    actions,
    contacts,
    councillors,
    exceptions,
    guards,
    live_cases,
    open_by_hand,
    overrides,
    worklist,
)
from m365_restrict.report.table_findings import differences, findings, put_right, who_changed
from m365_restrict.report.table_run import identity, not_covered, numbers, public, sign_off, trends

_Part: TypeAlias = Callable[[Report, Terms], Table]

_OF_ICT: tuple[_Part, ...] = (
    identity,
    findings,
    differences,
    who_changed,
    put_right,
    worklist,
    live_cases,
    open_by_hand,
    contacts,
    councillors,
    actions,
    exceptions,
    guards,
    overrides,
    not_covered,
    sign_off,
    trends,
)
_PARTS: Mapping[Edition, tuple[_Part, ...]] = {
    Edition.COMPLIANCE: tuple(one for one in _OF_ICT if one is not open_by_hand),
    Edition.ICT: _OF_ICT,
    Edition.BOARD: (identity, numbers, councillors, not_covered, sign_off, trends),
    Edition.PUBLIC: (identity, public),
}
_OF_FAILED: tuple[_Part, ...] = (identity, not_covered)


def tables_of(report: Report) -> tuple[Table, ...]:
    """The tables of the report, in the order of policy.md 5, the second of them a list of the others."""
    terms = terms_of(report)
    first, *others = (part(report, terms) for part in _parts(report))
    return (first, _contents((first, *others)), *others)


def _parts(report: Report) -> tuple[_Part, ...]:
    parts = _OF_FAILED if report.identity.result is ResultWord.FAILED else _PARTS[report.edition]
    without: Mapping[_Part, bool] = {
        worklist: report.period.kind is not Period.WEEKLY,
        sign_off: report.sign_off is None,
        public: report.public is None,
        not_covered: report.edition is Edition.PUBLIC,
    }
    return tuple(one for one in parts if not without.get(one, False))


def _contents(tables: tuple[Table, ...]) -> Table:
    return Table(
        name=TableName.CONTENTS,
        caption="The tables of this report.",
        headers=("Table", "What it holds", "Rows"),
        rows=tuple((one.name, one.caption, len(one.rows)) for one in tables),
    )
