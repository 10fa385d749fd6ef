"""The scripts of deploy/permissions against the one table that says what each application needs.

There is no PowerShell here: the scripts are read by its grammar, so what is shown is which commands stand
where and what they are given, not that Microsoft's modules take them.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "deploy" / "permissions"
TABLE = tomllib.loads((FOLDER / "permissions.toml").read_text(encoding="utf-8"))["permission"]
SCRIPTS = sorted(FOLDER.glob("*.ps1"))
APPLICATIONS = ("reader", "writer", "setup")
SHARED = "Permissions.Functions.ps1"
_MOST_IN_A_NAME = 64
"""Exchange takes no longer name for a role assignment."""

UNDO = {
    "New-{}Application.ps1": "Remove-{}Application.ps1",
    "Grant-{}InExchange.ps1": "Revoke-{}InExchange.ps1",
}
PAIRS = {
    "New-MgServicePrincipalAppRoleAssignment": "Remove-MgServicePrincipalAppRoleAssignment",
    "New-MgSitePermission": "Remove-MgSitePermission",
    "New-MgApplication": "Remove-MgApplication",
    "New-MgApplicationFederatedIdentityCredential": "Remove-MgApplicationFederatedIdentityCredential",
    "New-ServicePrincipal": "Remove-ServicePrincipal",
    "New-RoleGroup": "Remove-RoleGroup",
    "New-ManagementScope": "Remove-ManagementScope",
    "New-ManagementRoleAssignment": "Remove-ManagementRoleAssignment",
}
_CHANGES = re.compile(r"^(New|Add|Set|Update|Remove)-(Mg\w+|ServicePrincipal|RoleGroup\w*|Management\w+)$")


@pytest.fixture
def read(read_powershell: Any) -> Any:
    def _read(name: str) -> Any:
        return read_powershell((FOLDER / name).read_text(encoding="utf-8"))

    return _read


@pytest.fixture
def functions(read: Any, read_powershell: Any) -> dict[str, Any]:
    """Each shared function as a script of its own."""
    return {name: read_powershell(node.text.decode()) for name, node in read(SHARED).functions.items()}


def reached(functions: dict[str, Any], commands: set[str]) -> set[str]:
    """Every command that these lead to."""
    seen: set[str] = set()
    waiting = set(commands)
    while waiting:
        one = waiting.pop()
        seen.add(one)
        if one in functions:
            waiting |= functions[one].commands - seen
    return seen


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda one: one.name)
def test_every_script_is_powershell(script: Path, read: Any) -> None:
    assert read(script.name).errors == []


def test_the_table_is_one_file() -> None:
    """What administrators see and what `doctor` judges by."""
    judged_by = ROOT / "m365_restrict" / "doctor" / "permissions.toml"
    assert (FOLDER / "permissions.toml").samefile(judged_by)


def test_powershell_reads_the_table_as_it_is(read: Any) -> None:
    script = read("permissions.psd1")
    assert script.errors == []
    text = (FOLDER / "permissions.psd1").read_text(encoding="utf-8")
    rows = re.findall(r"^        @\{\n(.*?)^        \}", text, re.DOTALL | re.MULTILINE)
    found = [dict(re.findall(r"^ +(\w+) = (.+)$", row, re.MULTILINE)) for row in rows]
    names = {"application": "Application", "resource": "Resource", "permission": "Permission"}
    names |= {"exchange_role": "ExchangeRole", "site_role": "SiteRole", "scope": "Scope", "needed": "Needed"}
    for row, shown in zip(TABLE, found, strict=True):
        for key, name in names.items():
            assert shown[name] == f"'{row.get(key, '')}'", (row["permission"], key)
        for key, name in (("role_group", "RoleGroup"), ("limit_to", "LimitTo"), ("instead", "Instead")):
            assert re.findall(r"'([^']*)'", shown[name]) == row.get(key, [])


@pytest.mark.parametrize("application", APPLICATIONS)
@pytest.mark.parametrize("form", sorted({*UNDO, *UNDO.values()}))
def test_each_script_takes_the_rows_of_its_own_application(form: str, application: str, read: Any) -> None:
    name = form.format(application.capitalize())
    if not (FOLDER / name).exists():
        assert application == "setup"
        assert not [one for one in TABLE if one["application"] == "setup" and "exchange_role" in one]
        return
    script = read(name)
    assert script.value("application") == application
    assert "Get-PermissionTable" in script.commands


@pytest.mark.parametrize("application", APPLICATIONS)
def test_every_row_is_granted_by_one_script_and_taken_back_by_its_undo(
    application: str, read: Any, functions: dict[str, Any]
) -> None:
    cap = application.capitalize()
    rows = [one for one in TABLE if one["application"] == application]
    assert rows
    grants = reached(functions, read(f"New-{cap}Application.ps1").commands)
    takes = reached(functions, read(f"Remove-{cap}Application.ps1").commands)
    assert {"Grant-AppRole", "Grant-Site"} <= grants
    assert {"Revoke-AppRole", "Revoke-Site"} <= takes
    if any(one.get("scope") == "exchange" or "role_group" in one for one in rows):
        grants = reached(functions, read(f"Grant-{cap}InExchange.ps1").commands)
        takes = reached(functions, read(f"Revoke-{cap}InExchange.ps1").commands)
        assert {"Grant-MailboxRole", "Grant-RoleGroup"} <= grants
        assert "Revoke-InExchange" in takes


@pytest.mark.parametrize(("form", "undo"), UNDO.items())
@pytest.mark.parametrize("application", APPLICATIONS)
def test_whatever_a_script_makes_its_undo_removes(
    form: str, undo: str, application: str, read: Any, functions: dict[str, Any]
) -> None:
    name, back = (one.format(application.capitalize()) for one in (form, undo))
    if not (FOLDER / name).exists():
        return
    made = reached(functions, read(name).commands) & PAIRS.keys()
    assert made
    assert {PAIRS[one] for one in made} <= reached(functions, read(back).commands)


def test_what_exchange_gives_is_never_consented_to(functions: dict[str, Any]) -> None:
    text = functions["Grant-Application"].text
    assert text.index("if ($row.Scope -eq 'exchange') { continue }") < text.index("Grant-AppRole -Principal")


@pytest.mark.parametrize(
    ("function", "changes"),
    [
        ("Grant-MailboxRole", ["Set-Scope -Name", "New-ManagementRoleAssignment"]),
        (
            "Revoke-InExchange",
            ["Remove-ManagementRoleAssignment", "Remove-ManagementScope", "Remove-RoleGroup "],
        ),
    ],
)
def test_a_second_installation_in_the_tenant_is_left_alone(
    function: str, changes: list[str], functions: dict[str, Any]
) -> None:
    """Its roles, scopes and role group would bear the same names."""
    text = functions[function].text
    assert all(text.index("Assert-NotAnothers -Names") < text.index(one) for one in changes)
    assert "throw" in functions["Assert-NotAnothers"].text


def test_a_role_group_with_other_members_is_left(functions: dict[str, Any]) -> None:
    text = functions["Revoke-InExchange"].text
    assert (
        text.index("Get-RoleGroupMember")
        < text.index("if ($others.Count -gt 0)")
        < text.index("Remove-RoleGroup ")
    )


def test_no_shared_function_names_a_permission_of_its_own() -> None:
    text = (FOLDER / SHARED).read_text(encoding="utf-8")
    names = {one["permission"] for one in TABLE} | {one.get("exchange_role", "-") for one in TABLE}
    assert {one for one in names if one in text} <= {"Sites.Selected", "-"}


def test_every_change_is_behind_what_if(functions: dict[str, Any]) -> None:
    for name, script in functions.items():
        if any(_CHANGES.match(one) for one in script.commands):
            assert "[CmdletBinding(SupportsShouldProcess)]" in script.text, name
            assert "$PSCmdlet.ShouldProcess(" in script.text, name


@pytest.mark.parametrize("script", [one for one in SCRIPTS if one.name != SHARED], ids=lambda one: one.name)
def test_a_script_itself_changes_nothing_but_by_the_shared_functions(script: Path, read: Any) -> None:
    assert [one for one in read(script.name).commands if _CHANGES.match(one)] == []


@pytest.mark.parametrize("script", [one for one in SCRIPTS if one.name != SHARED], ids=lambda one: one.name)
def test_every_script_teaches(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    for part in (".SYNOPSIS", ".DESCRIPTION", ".EXAMPLE", ".NOTES"):
        assert part in text
    parameters = set(re.findall(r"^\s*\[(?:string|string\[\]|switch|int)\]\$(\w+)", text, re.MULTILINE))
    assert parameters == set(re.findall(r"^\.PARAMETER (\w+)", text, re.MULTILINE))
    if script.name != "Show-Permissions.ps1":
        assert "SupportsShouldProcess" in text


def test_showing_changes_nothing(read: Any, functions: dict[str, Any]) -> None:
    commands = reached(functions, read("Show-Permissions.ps1").commands)
    assert [one for one in commands if _CHANGES.match(one)] == []
    assert "Test-ServicePrincipalAuthorization" in commands


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda one: one.name)
def test_no_script_holds_an_id_of_anybodys(script: Path) -> None:
    known = {"00000003-0000-0000-c000-000000000000", "00000002-0000-0ff1-ce00-000000000000"}
    text = script.read_text(encoding="utf-8")
    assert set(re.findall(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", text, re.IGNORECASE)) <= known
    assert "@" not in re.sub(r"@[({]|@\w+\b(?!\.)|splat", "", text)


def test_a_secret_is_made_only_where_it_is_asked_for_and_warns(read: Any, functions: dict[str, Any]) -> None:
    assert "Write-Warning" in functions["Add-Secret"].commands
    for application in APPLICATIONS:
        text = read(f"New-{application.capitalize()}Application.ps1").text
        assert "DefaultParameterSetName = 'Certificate'" in text
        assert re.search(r"if \(\$AllowSecret\) \{ Add-Secret ", text)


def test_every_name_that_is_given_in_exchange_fits() -> None:
    for row in TABLE:
        if row.get("scope") == "exchange":
            app = row["application"]
            for name in (row["exchange_role"], "+".join(row["limit_to"])):
                assert len(f"m365-restrict {app} {name}") <= _MOST_IN_A_NAME


def test_the_scopes_hold_only_kinds_of_mailboxes_that_the_grant_scripts_are_given(read: Any) -> None:
    for application in ("reader", "writer"):
        text = read(f"Grant-{application.capitalize()}InExchange.ps1").text
        known = set(re.findall(r"^    '(\w+)' = ", text, re.MULTILINE))
        rows = [one for one in TABLE if one["application"] == application]
        assert {kind for one in rows for kind in one.get("limit_to", ())} == known
