"""Which address leads to which handler, and which permission it needs (graph.md 1.1, 2, 3.1, 8)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from m365_restrict.sandbox.graph import (
    audit_queries,
    delta,
    drives,
    items,
    list_making,
    mailboxes,
    message_rules,
    message_traces,
    messages,
    people,
    send_mail,
    sites,
)
from m365_restrict.sandbox.graph import configuration_monitors as monitors
from m365_restrict.sandbox.graph import configuration_snapshots as snapshots
from m365_restrict.sandbox.graph.answer import GraphAnswer, GraphCall, GraphFailure, Principal

Handler: TypeAlias = Callable[[GraphCall], GraphAnswer]


class Realm(Enum):
    """The service behind Graph that judges a call; each refuses in its own words (graph.md 1.1)."""

    DIRECTORY = "directory"
    MAILBOX = "mailbox"
    SITES = "sites"
    TRACE = "trace"
    AUDIT = "audit"
    CONFIGURATION = "configuration"


@dataclass(frozen=True)
class Route:
    """One address. Any one of `roles` is enough."""

    method: str
    segments: tuple[str, ...]
    handler: Handler
    realm: Realm
    roles: frozenset[str]


_READ_SITES = "Sites.Read.All Sites.Selected Sites.ReadWrite.All Sites.Manage.All"
_WRITE_ITEMS = "Sites.Selected Sites.ReadWrite.All Sites.Manage.All"
_MANAGE_LISTS = "Sites.Manage.All Sites.FullControl.All"
_READ_USERS = "User.Read.All User.ReadBasic.All"
_READ_GROUPS = "GroupMember.Read.All GroupMember.ReadBasic.All"
_READ_SETTINGS = "MailboxSettings.Read MailboxSettings.ReadWrite"
_READ_FOLDERS = "Mail.ReadBasic.All Mail.Read Mail.ReadWrite"
_RULES = "users/{user}/mailfolders/{folder}/messagerules"
_MESSAGES = "users/{user}/mailfolders/{folder}/messages"
_COLUMNS = "sites/{site}/lists/{list}/columns"
_ITEMS = "sites/{site}/lists/{list}/items"
_WRITE_FILES = "Sites.Selected Sites.ReadWrite.All Sites.Manage.All Files.ReadWrite.All"
_MANAGED = "admin/configurationmanagement"
_MONITOR = "ConfigurationMonitoring.ReadWrite.All"
_READ_MONITOR = f"ConfigurationMonitoring.Read.All {_MONITOR}"
_QUERIES = "security/auditlog/queries"
_READ_AUDIT = "AuditLogsQuery.Read.All AuditLogsQuery-Exchange.Read.All AuditLogsQuery-SharePoint.Read.All"
_TRACES = "admin/exchange/tracing/messagetraces"
_READ_TRACES = "ExchangeMessageTrace.Read.All"

_TABLE: tuple[tuple[str, str, Handler, Realm, str], ...] = (
    ("GET", "users", people.list_users, Realm.DIRECTORY, _READ_USERS),
    ("GET", "users/{user}", people.get_user, Realm.DIRECTORY, _READ_USERS),
    ("GET", "domains", people.list_domains, Realm.DIRECTORY, "Domain.Read.All"),
    ("GET", "groups", people.list_groups, Realm.DIRECTORY, _READ_GROUPS),
    ("GET", "groups/{group}", people.get_group, Realm.DIRECTORY, _READ_GROUPS),
    ("GET", "groups/{group}/members", people.members, Realm.DIRECTORY, _READ_GROUPS),
    ("GET", "groups/{group}/transitivemembers", people.transitive_members, Realm.DIRECTORY, _READ_GROUPS),
    (
        "GET", "groups/{group}/transitivemembers/microsoft.graph.user", people.transitive_users,
        Realm.DIRECTORY, _READ_GROUPS,
    ),
    ("GET", "users/{user}/mailboxsettings", mailboxes.settings, Realm.MAILBOX, _READ_SETTINGS),
    ("GET", "users/{user}/mailboxsettings/userpurpose", mailboxes.purpose, Realm.MAILBOX, _READ_SETTINGS),
    ("GET", "users/{user}/settings/exchange", mailboxes.exchange_settings, Realm.DIRECTORY, "User.Read.All"),
    (
        "POST", "admin/exchange/mailboxes/{mailbox}/folders", mailboxes.create_mailbox_folder,
        Realm.MAILBOX, "MailboxFolder.ReadWrite.All",
    ),
    ("GET", "users/{user}/mailfolders", mailboxes.list_folders, Realm.MAILBOX, _READ_FOLDERS),
    ("POST", "users/{user}/mailfolders", mailboxes.create_folder, Realm.MAILBOX, "Mail.ReadWrite"),
    ("GET", "users/{user}/mailfolders/{folder}", mailboxes.get_folder, Realm.MAILBOX, _READ_FOLDERS),
    ("DELETE", "users/{user}/mailfolders/{folder}", mailboxes.delete_folder, Realm.MAILBOX, "Mail.ReadWrite"),
    (
        "GET", "users/{user}/mailfolders/{folder}/childfolders", mailboxes.child_folders,
        Realm.MAILBOX, _READ_FOLDERS,
    ),
    ("GET", _MESSAGES, messages.list_messages, Realm.MAILBOX, _READ_FOLDERS),
    ("PATCH", _MESSAGES + "/{message}", messages.update_message, Realm.MAILBOX, "Mail.ReadWrite"),
    ("GET", _RULES, message_rules.list_rules, Realm.MAILBOX, _READ_SETTINGS),
    ("POST", _RULES, message_rules.create_rule, Realm.MAILBOX, "MailboxSettings.ReadWrite"),
    ("GET", _RULES + "/{rule}", message_rules.get_rule, Realm.MAILBOX, _READ_SETTINGS),
    ("PATCH", _RULES + "/{rule}", message_rules.update_rule, Realm.MAILBOX, "MailboxSettings.ReadWrite"),
    ("DELETE", _RULES + "/{rule}", message_rules.delete_rule, Realm.MAILBOX, "MailboxSettings.ReadWrite"),
    ("GET", "sites/{site}", sites.get_site, Realm.SITES, _READ_SITES),
    ("GET", "sites/{site}/lists", sites.list_lists, Realm.SITES, _READ_SITES),
    ("POST", "sites/{site}/lists", list_making.create_list, Realm.SITES, _MANAGE_LISTS),
    ("GET", "sites/{site}/lists/{list}", sites.get_list, Realm.SITES, _READ_SITES),
    ("GET", _COLUMNS, sites.list_columns, Realm.SITES, _READ_SITES),
    ("POST", _COLUMNS, list_making.create_column, Realm.SITES, _MANAGE_LISTS),
    ("PATCH", _COLUMNS + "/{column}", list_making.update_column, Realm.SITES, _MANAGE_LISTS),
    ("GET", _ITEMS, items.list_items, Realm.SITES, _READ_SITES),
    ("POST", _ITEMS, items.create_item, Realm.SITES, _WRITE_ITEMS),
    ("GET", _ITEMS + "/delta", delta.delta, Realm.SITES, _READ_SITES),
    ("GET", _ITEMS + "/{item}", items.get_item, Realm.SITES, _READ_SITES),
    ("DELETE", _ITEMS + "/{item}", items.delete_item, Realm.SITES, _WRITE_ITEMS),
    ("GET", _ITEMS + "/{item}/fields", items.get_fields, Realm.SITES, _READ_SITES),
    ("PATCH", _ITEMS + "/{item}/fields", items.update_fields, Realm.SITES, _WRITE_ITEMS),
    ("GET", _ITEMS + "/{item}/versions", items.list_versions, Realm.SITES, _READ_SITES),
    ("GET", "sites/{site}/drives", drives.list_drives, Realm.SITES, _READ_SITES),
    ("GET", "sites/{site}/drive", drives.get_drive, Realm.SITES, _READ_SITES),
    ("GET", "sites/{site}/drive/root:/{path}", drives.get_item, Realm.SITES, _READ_SITES),
    ("PUT", "sites/{site}/drive/root:/{path}/content", drives.put_content, Realm.SITES, _WRITE_FILES),
    ("GET", "drives/{drive}", drives.get_drive, Realm.SITES, _READ_SITES),
    ("GET", "drives/{drive}/root:/{path}", drives.get_item, Realm.SITES, _READ_SITES),
    ("PUT", "drives/{drive}/root:/{path}/content", drives.put_content, Realm.SITES, _WRITE_FILES),
    ("POST", "users/{user}/sendmail", send_mail.send_mail, Realm.MAILBOX, "Mail.Send"),
    *(
        (method, f"{_MANAGED}/{path}", handler, Realm.CONFIGURATION, roles)
        for method, path, handler, roles in (
            ("POST", "configurationsnapshots/createsnapshot", snapshots.create_snapshot, _MONITOR),
            ("GET", "configurationsnapshotjobs", snapshots.list_jobs, _READ_MONITOR),
            ("GET", "configurationsnapshotjobs/{job}", snapshots.get_job, _READ_MONITOR),
            ("DELETE", "configurationsnapshotjobs/{job}", snapshots.delete_job, _MONITOR),
            ("GET", "configurationsnapshots/{snapshot}", snapshots.get_snapshot, _READ_MONITOR),
            ("POST", "configurationmonitors", monitors.create_monitor, _MONITOR),
            ("GET", "configurationmonitors", monitors.list_monitors, _READ_MONITOR),
            ("GET", "configurationmonitors/{monitor}", monitors.get_monitor, _READ_MONITOR),
            ("PATCH", "configurationmonitors/{monitor}", monitors.update_monitor, _MONITOR),
            ("DELETE", "configurationmonitors/{monitor}", monitors.delete_monitor, _MONITOR),
            ("GET", "configurationmonitoringresults", monitors.list_results, _READ_MONITOR),
            ("GET", "configurationdrifts", monitors.list_drifts, _READ_MONITOR),
        )
    ),
    ("GET", _QUERIES, audit_queries.list_queries, Realm.AUDIT, _READ_AUDIT),
    ("POST", _QUERIES, audit_queries.create_query, Realm.AUDIT, _READ_AUDIT),
    ("GET", _QUERIES + "/{query}", audit_queries.get_query, Realm.AUDIT, _READ_AUDIT),
    ("GET", _QUERIES + "/{query}/records", audit_queries.list_records, Realm.AUDIT, _READ_AUDIT),
    ("GET", _TRACES, message_traces.list_traces, Realm.TRACE, _READ_TRACES),
    (
        "GET", _TRACES + "/{trace}/getdetailsbyrecipient/{recipient}", message_traces.details,
        Realm.TRACE, _READ_TRACES,
    ),
)  # fmt: skip

ROUTES = tuple(
    Route(method, tuple(pattern.split("/")), handler, realm, frozenset(roles.split()))
    for method, pattern, handler, realm, roles in _TABLE
)

_DELTA = re.compile(r"/delta\((?:token='([^']*)')?\)$", re.IGNORECASE)
_DETAILS = re.compile(
    r"/(?:(?:microsoft\.)?graph\.)?getDetailsByRecipient\(recipientAddress='((?:[^']|'')*)'\)$", re.IGNORECASE
)
_QUOTED_KEY = re.compile(r"\('([^']*)'\)")


def find_route(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """The route for a decoded path below `/v1.0`, with its parameters; a failure when there is none.

    Double slashes, `lists('title')`, `items/delta()` and `items/delta(token='..')` are accepted, as Graph
    does (testing.md).
    """
    function = _DELTA.search(path)
    token = {"token": function[1]} if function and function[1] else {}
    segments = _segments(_DETAILS.sub(_details_path, _DELTA.sub("/delta", path)))
    other_method = False
    for route in ROUTES:
        params = _match(route.segments, segments)
        if params is not None and route.method == method:
            return route, {**params, **token}
        other_method = other_method or params is not None
    if other_method:
        raise GraphFailure(
            405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target."
        )
    raise GraphFailure(
        400, "BadRequest", f"Resource not found for the segment '{segments[-1] if segments else ''}'."
    )


def _details_path(found: re.Match[str]) -> str:
    recipient = found[1].replace("''", "'")
    return f"/getdetailsbyrecipient/{recipient}"


def check_permission(route: Route, principal: Principal) -> None:
    """Refuse a caller without any of the route's roles; a mailbox owner may do all in mailboxes only."""
    if principal.mailbox and route.realm is Realm.MAILBOX:
        return
    if principal.roles & route.roles:
        return
    match route.realm:
        case Realm.DIRECTORY:
            code, text = "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
        case Realm.MAILBOX:
            code, text = "ErrorAccessDenied", "Access is denied. Check credentials and try again."
        case Realm.SITES:
            code, text = "accessDenied", "Access denied"
        case Realm.TRACE | Realm.AUDIT | Realm.CONFIGURATION:
            code, text = "Forbidden", "The application does not have the required role."
    raise GraphFailure(403, code, text)


def _segments(path: str) -> list[str]:
    segments = [part for part in _QUOTED_KEY.sub(r"/\1", path).split("/") if part]
    if len(segments) > 1 and segments[0].lower() == "sites" and segments[1].endswith(":"):
        # sites/{host}:/{path} ends at the path's end, or at a colon before what follows.
        end = next(
            (i for i, part in enumerate(segments[2:], start=2) if part.endswith(":")), len(segments) - 1
        )
        site = segments[1] + "/" + "/".join(segments[2 : end + 1]).rstrip(":")
        segments = ["sites", site, *segments[end + 1 :]]
    return _with_item_path(segments)


def _with_item_path(segments: list[str]) -> list[str]:
    """The path after `root:` as one segment; it ends at the path's end, or at a colon before what follows."""
    root = next((at for at, part in enumerate(segments) if part.lower() == "root:"), None)
    if root is None:
        return segments
    rest = segments[root + 1 :]
    end = next((at for at, part in enumerate(rest) if part.endswith(":")), len(rest) - 1)
    return [*segments[: root + 1], "/".join(rest[: end + 1]).removesuffix(":"), *rest[end + 1 :]]


def _match(pattern: tuple[str, ...], segments: list[str]) -> dict[str, str] | None:
    if len(pattern) != len(segments):
        return None
    params: dict[str, str] = {}
    for wanted, given in zip(pattern, segments, strict=True):
        if wanted.startswith("{"):
            params[wanted.strip("{}")] = given
        elif wanted != given.lower():
            return None
    return params
