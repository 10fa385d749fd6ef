"""Writes what the scripts of deploy/permissions grant, from the table that `doctor` judges by.

`python tools/write_permissions.py` writes deploy/permissions/permissions.psd1 and the table of
docs/permissions.md: PowerShell reads no TOML, and what is said three times must be written once.
"""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "m365_restrict" / "doctor" / "permissions.toml"
DATA = ROOT / "deploy" / "permissions" / "permissions.psd1"
PAGE = ROOT / "docs" / "permissions.md"
BEGIN, END = "<!-- table: written by tools/write_permissions.py -->", "<!-- end of the table -->"

_COLUMNS = {
    "application": "Application",
    "resource": "Resource",
    "permission": "Permission",
    "instead": "Instead",
    "needed": "Needed",
    "scope": "Scope",
    "exchange_role": "ExchangeRole",
    "limit": "Limit",
    "limit_to": "LimitTo",
    "site_role": "SiteRole",
    "role_group": "RoleGroup",
    "why": "Why",
}
_LISTS = frozenset({"instead", "limit_to", "role_group"})
_RESOURCES = {"graph": "Graph", "exchange": "Office 365 Exchange Online"}
_NEEDS = {
    "always": "always",
    "mail_flow": "`ENFORCE_WITH=mail_flow` or `script`",
    "inbox_rules": "`ENFORCE_WITH=inbox_rules`",
    "notify": "`NOTIFY__SENDER`",
    "create_folders": "`CHOICES__CREATE_FOLDER`",
    "optional": "may be left out",
}


def rows() -> list[dict[str, Any]]:
    """The table, as it stands in the file."""
    found: list[dict[str, Any]] = tomllib.loads(TABLE.read_text(encoding="utf-8"))["permission"]
    return found


def data_file(table: Iterable[Mapping[str, Any]]) -> str:
    """The table as a PowerShell data file; every row has every key."""
    lines = [
        "# Written by tools/write_permissions.py from permissions.toml. Change that file, not this one.",
        "@{",
        "    Permissions = @(",
    ]
    for row in table:
        lines.append("        @{")
        lines += [f"            {name} = {_literal(row, key)}" for key, name in _COLUMNS.items()]
        lines.append("        }")
    return "\n".join([*lines, "    )", "}", ""])


def _literal(row: Mapping[str, Any], key: str) -> str:
    if key in _LISTS:
        return f"@({', '.join(_quoted(one) for one in row.get(key, ()))})"
    return _quoted(str(row.get(key, "")))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def page_table(table: Iterable[Mapping[str, Any]]) -> str:
    """The table as Markdown, for people."""
    lines = ["| application | permission | given | needed | why |", "|---|---|---|---|---|"]
    for row in table:
        cells = (
            row["application"],
            f"{_RESOURCES[row['resource']]}: `{row['permission']}`",
            _given(row),
            _NEEDS[row["needed"]],
            row["why"].replace("|", "\\|"),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _given(row: Mapping[str, Any]) -> str:
    if row.get("scope") == "exchange":
        return f"in Exchange alone: `{row['exchange_role']}`, for {row['limit']}"
    given = "consent in Entra ID"
    if "role_group" in row:
        roles = ", ".join(f"`{one}`" for one in row["role_group"])
        given += f", and in Exchange a role group with {roles}"
    if row["permission"] == "Sites.Selected":
        given += f", and `{row['site_role']}` on each site with a list"
    return given


def page(text: str, table: Iterable[Mapping[str, Any]]) -> str:
    """The page with its table as it is now. ValueError where the marks are missing."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE} lacks the marks of its table")
    return f"{before}{BEGIN}\n\n{page_table(table)}\n\n{END}{after}"


if __name__ == "__main__":
    DATA.write_text(data_file(rows()), encoding="utf-8")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), rows()), encoding="utf-8")
