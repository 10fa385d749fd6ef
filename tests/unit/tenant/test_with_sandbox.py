"""The tenant layer through real azure-identity, msgraph-sdk and HTTPS against the embedded sandbox."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import pytest

from m365_restrict.errors import (
    ConfigurationError,
    ErrorCode,
    ExitCode,
    PermissionMissing,
    ServiceError,
    SignInError,
    SourceIncomplete,
)
from m365_restrict.outcome import Unknown
from m365_restrict.register.columns import CHOICES, PROVING_ROW_TITLE, RESTRICTED_CONTACTS
from m365_restrict.register.item import SaverKind
from m365_restrict.register.recipient import Recipient, RecipientKind, Unresolved
from m365_restrict.tenant.exchange import ExchangeWriter, WriteCmdlet
from m365_restrict.tenant.session import open_readers, open_writers
from settings import load_settings
from settings.clock import build_clock
from settings.tenant_options import tenant_options

_LIST = "Restricted contacts"
_CHOICES = "Councillor mail choices"


def _user(name: str, **more: Any) -> dict[str, Any]:
    return {"upn": f"{name}@ashbourne.example", "display_name": name.title(), "mailbox": "user", **more}


_USERS = [
    _user("officer"),
    _user("director"),
    _user("cllr.b", folders=["Set aside"], aliases=["bea@ashbourne.example"]),
    _user("cllr.c"),
    _user("contact-team", mailbox="shared", enabled=False),
    _user("forwarder", forwarding="away@else.example"),
    _user("shut", accepts_external=False),
    _user("hybrid", mailbox="on_premises"),
    _user("nobody", mailbox="none"),
    {"upn": "guest@else.example", "display_name": "Guest", "mailbox": "guest"},
]
_GROUPS = [
    {
        "address": "councillors@ashbourne.example",
        "display_name": "Councillors",
        "kind": "distribution",
        "members": ["cllr.b@ashbourne.example", "inner@ashbourne.example"],
    },
    {
        "address": "inner@ashbourne.example",
        "display_name": "Inner",
        "kind": "security",
        "members": ["cllr.c@ashbourne.example"],
    },
    {
        "address": "everyone@ashbourne.example",
        "display_name": "Everyone",
        "kind": "dynamic",
        "members": ["officer@ashbourne.example"],
    },
]


def _version(by: str, **fields: Any) -> dict[str, Any]:
    return {"at": "2026-09-01T10:00:00Z", "by": f"{by}@ashbourne.example", "fields": fields}


def _case(*versions: dict[str, Any]) -> dict[str, Any]:
    return {"created_by": "officer@ashbourne.example", "versions": list(versions)}


def _seed(items: list[dict[str, Any]] | None = None, **tenant_list: Any) -> dict[str, Any]:
    usual = [_case(_version("officer", Title="RC-1", Status="Draft"))]
    return {
        "now": "2026-11-23T09:00:00Z",
        "tenant": {"accepted_domains": ["ashbourne.example"]},
        "users": _USERS,
        "groups": _GROUPS,
        "lists": {
            _LIST: {"items": usual if items is None else items, **tenant_list},
            _CHOICES: {"items": []},
        },
        "settings": {
            "POLICY__APPROVERS": "director@ashbourne.example",
            "POLICY__COUNCILLORS_GROUP": "councillors@ashbourne.example",
        },
    }


def _settings(sandbox, **changes: str):
    given = {name: value for name, value in sandbox.env.items() if name.startswith("M365_RESTRICT_")}
    return load_settings(given | {f"M365_RESTRICT_{key}": value for key, value in changes.items()}, None)


def _read(sandbox, act, **changes: str):
    async def run():
        async with open_readers(tenant_options(_settings(sandbox, **changes))) as readers:
            return await act(readers)

    return asyncio.run(run())


def _write(sandbox, act):
    async def run():
        options = tenant_options(_settings(sandbox))
        async with open_readers(options) as readers, open_writers(options, readers.in_flight) as writers:
            return await act(readers, writers)

    return asyncio.run(run())


def _snapshot(sandbox, schema=RESTRICTED_CONTACTS, title=_LIST, **changes: str):
    site = _settings(sandbox).lists.site
    return _read(sandbox, lambda r: r.lists.read_list(site, title, schema, with_versions=True), **changes)


# --- signing in -----------------------------------------------------------------------------------------


def test_reading_carries_the_readers_application_id_alone(sandbox):
    sandbox.seed(_seed())
    reader = sandbox.env["M365_RESTRICT_AUTH__READER__CLIENT_ID"]
    _snapshot(sandbox)
    _read(sandbox, lambda r: r.transport_rules.list_rules())
    made = sandbox.requests()
    assert {entry["app_id"] for entry in made} == {reader}
    assert {entry["method"] for entry in made if entry["cmdlet"] is None} == {"GET"}


def test_tokens_revoked_while_a_run_reads_and_writes_are_replaced(sandbox):
    sandbox.seed(_seed())

    async def act(readers, writers):
        rules = []
        for name in ("RC-1", "RC-2"):
            await writers.transport_rules.create({"Name": name, "From": ["pat@post.example"], "SetSCL": 1})
            rules.append(await readers.transport_rules.list_rules())
            place = await readers.lists.locate(_settings(sandbox).lists.site, _LIST, RESTRICTED_CONTACTS)
            assert await readers.lists.item_exists(place, "1")
            for application in ("reader", "writer"):
                sandbox.control("POST", "revoke", {"application": application})
        return rules

    first, second = _write(sandbox, act)
    assert ([rule["Name"] for rule in first], len(second)) == (["RC-1"], 2)
    refused = [entry for entry in sandbox.requests() if entry["status"] == 401]
    assert [entry["cmdlet"] for entry in refused] == ["New-TransportRule", "Get-TransportRule", None]


def test_a_secret_signs_in_where_there_is_no_certificate(sandbox):
    sandbox.seed(_seed())
    snapshot = _snapshot(sandbox, AUTH__READER__CERTIFICATE_PATH="")
    assert [item.fields["Title"] for item in snapshot.items] == ["RC-1"]


def test_a_wrong_secret_is_a_sign_in_error(sandbox):
    sandbox.seed(_seed())
    with pytest.raises(SignInError, match="reader application"):
        _snapshot(sandbox, AUTH__READER__CERTIFICATE_PATH="", AUTH__READER__CLIENT_SECRET="wrong")


def test_a_token_for_another_service_is_refused(sandbox):
    sandbox.seed(_seed())
    with pytest.raises(PermissionMissing):
        _snapshot(sandbox, GRAPH__SCOPE="https://outlook.office365.com/.default")


def test_the_sandbox_clock_tells_the_seeds_moment(sandbox):
    sandbox.seed(_seed())
    assert build_clock(_settings(sandbox)).now() == datetime(2026, 11, 23, 9, tzinfo=UTC)


# --- lists ----------------------------------------------------------------------------------------------


def test_versions_come_oldest_first_with_who_saved_them(sandbox):
    first = _version("officer", Title="RC-1", Status="Proposed", EndsOn="2027-06-30", Grounds=["Threats"])
    sandbox.seed(_seed([_case(first, _version("director", Status="Approved"))]))
    item = _snapshot(sandbox).items[0]
    assert [version.fields["Status"] for version in item.versions] == ["Proposed", "Approved"]
    assert [version.saver.address for version in item.versions] == [
        "officer@ashbourne.example",
        "director@ashbourne.example",
    ]
    assert {version.saver.kind for version in item.versions} == {SaverKind.USER}
    assert item.created_by.object_id == item.versions[0].saver.object_id != ""
    assert item.fields == item.versions[-1].fields
    assert item.fields["EndsOn"] == date(2027, 6, 30)
    assert item.fields["Grounds"] == ("Threats",)


def test_people_are_resolved_to_addresses(sandbox):
    people = {
        "CaseOwner": "director@ashbourne.example",
        "WardCouncillors": ["cllr.b@ashbourne.example", "cllr.c@ashbourne.example"],
    }
    sandbox.seed(_seed([_case(_version("officer", Title="RC-1", **people))]))
    for fields in (lambda item: item.fields, lambda item: item.versions[0].fields):
        found = fields(_snapshot(sandbox).items[0])
        assert found["CaseOwner"].address == "director@ashbourne.example"
        assert [person.address for person in found["WardCouncillors"]] == [
            "cllr.b@ashbourne.example",
            "cllr.c@ashbourne.example",
        ]


def test_the_proving_row_is_not_an_item(sandbox):
    sandbox.seed(_seed())
    assert PROVING_ROW_TITLE not in [item.fields["Title"] for item in _snapshot(sandbox).items]


def test_a_list_of_600_in_pages_with_one_empty_is_read_whole(sandbox):
    sandbox.seed(_seed([_case(_version("officer", Title=f"RC-{n}")) for n in range(600)]))
    sandbox.control("POST", "faults", [{"match": {"path_regex": "/items$"}, "do": "empty_page", "times": 1}])
    site = _settings(sandbox).lists.site
    snapshot = _read(
        sandbox, lambda r: r.lists.read_list(site, _LIST, RESTRICTED_CONTACTS, with_versions=False)
    )
    assert len(snapshot.items) == 600


def test_a_list_that_shows_only_own_items_is_incomplete(sandbox):
    sandbox.seed(_seed(read_security="own"))
    with pytest.raises(SourceIncomplete, match="proving row") as failure:
        _snapshot(sandbox)
    assert failure.value.exit_code is ExitCode.SOURCE_INCOMPLETE


def test_a_list_that_is_not_there_is_named(sandbox):
    sandbox.seed(_seed())
    with pytest.raises(ConfigurationError, match="no list 'Restrictions'") as failure:
        _snapshot(sandbox, title="Restrictions")
    assert failure.value.code is ErrorCode.LIST_NOT_FOUND


def test_a_missing_column_is_named(sandbox):
    sandbox.seed(_seed(omit_columns=["EndsOn"]))
    with pytest.raises(ConfigurationError, match="EndsOn") as failure:
        _snapshot(sandbox)
    assert failure.value.code is ErrorCode.COLUMN_MISSING
    assert "REGISTER__COLUMNS__ENDSON" in failure.value.advice


def test_a_remapped_column_is_read_by_our_name(sandbox):
    sandbox.seed(_seed([_case(_version("officer", Title="RC-1", PersonName="elsewhere"))]))
    changes = {"REGISTER__COLUMNS__NOTICEDOCID": "PersonName"}
    assert _snapshot(sandbox, **changes).items[0].fields["NoticeDocId"] == "elsewhere"


def test_no_read_of_a_list_holds_who_a_case_is_about(sandbox):
    who = {"PersonName": "Pat Person", "ContactDetails": "1 High Street\nAshbourne"}
    sandbox.seed(
        _seed([_case(_version("officer", Title="RC-1", **who), _version("officer", Status="Draft"))])
    )
    (item,) = _snapshot(sandbox).items
    for fields in (item.fields, *(version.fields for version in item.versions)):
        assert fields["Title"] == "RC-1"
        assert not {"PersonName", "ContactDetails"} & set(fields)


def test_who_a_case_is_about_is_read_by_item_alone(sandbox):
    sandbox.seed(_seed([_case(_version("officer", Title="RC-1", PersonName="Pat Person"))]))

    async def act(readers):
        site = _settings(sandbox).lists.site
        place = await readers.lists.locate(site, _LIST, RESTRICTED_CONTACTS)
        return await readers.lists.read_personal_fields(place, RESTRICTED_CONTACTS, "1")

    assert _read(sandbox, act) == {"PersonName": "Pat Person"}
    assert sandbox.requests()[-1]["path"].endswith("/items/1/fields")


def test_the_snapshots_version_changes_with_any_save(sandbox):
    sandbox.seed(_seed())
    before = _snapshot(sandbox).version
    assert _snapshot(sandbox).version == before
    edit = {"by": "officer@ashbourne.example", "fields": {"Status": "Proposed"}}
    sandbox.control("POST", f"list/{_LIST}/1", edit)
    assert _snapshot(sandbox).version != before


def test_a_failing_version_read_makes_the_list_incomplete(sandbox):
    sandbox.seed(_seed())
    fault = {"match": {"path_regex": "/versions"}, "do": "status", "status": 400, "times": 10}
    sandbox.control("POST", "faults", [fault])
    with pytest.raises(SourceIncomplete):
        _snapshot(sandbox)


def test_versions_are_read_whole_where_graph_chooses_no_columns_of_them(sandbox):
    first = _version("officer", Title="RC-1", Status="Proposed", PersonName="Morgan Vale")
    sandbox.seed(_seed([_case(first, _version("director", Status="Approved"))]))
    refused = {"match": {"path_regex": "/versions"}, "do": "status", "status": 400, "times": 1}
    sandbox.control("POST", "faults", [refused])
    (item,) = _snapshot(sandbox).items
    assert [version.fields["Status"] for version in item.versions] == ["Proposed", "Approved"]
    assert not any("PersonName" in version.fields for version in item.versions)


@pytest.mark.parametrize(("status", "error"), [(403, PermissionMissing), (400, SourceIncomplete)])
def test_a_person_who_cannot_be_read_is_not_nobody(sandbox, status, error):
    sandbox.seed(_seed([_case(_version("officer", Title="RC-1", CaseOwner="officer@ashbourne.example"))]))
    sandbox.control(
        "POST",
        "faults",
        [{"match": {"path_regex": "/User Information List/"}, "do": "status", "status": status}],
    )
    with pytest.raises(error):
        _snapshot(sandbox)


def test_no_more_requests_at_once_than_set(sandbox):
    sandbox.seed(_seed([_case(_version("officer", Title=f"RC-{n}")) for n in range(40)]))
    sandbox.control("GET", "requests")
    _snapshot(sandbox, GRAPH__MAX_IN_FLIGHT="2")
    assert sandbox.control("GET", "requests").json()["max_in_flight"] <= 2


def test_an_item_exists_until_it_is_deleted(sandbox):
    sandbox.seed(_seed())
    site = _settings(sandbox).lists.site

    async def exists(readers):
        place = await readers.lists.locate(site, _LIST, RESTRICTED_CONTACTS)
        return await readers.lists.item_exists(place, "1")

    assert _read(sandbox, exists)
    sandbox.control("DELETE", f"list/{_LIST}/1", params={"by": "officer@ashbourne.example"})
    assert not _read(sandbox, exists)


def test_an_item_of_a_list_that_fails_is_not_said_to_be_gone(sandbox):
    sandbox.seed(_seed())
    site = _settings(sandbox).lists.site

    async def exists(readers):
        place = await readers.lists.locate(site, _LIST, RESTRICTED_CONTACTS)
        fault = {"match": {"path_regex": "/lists/"}, "do": "status", "status": 404, "times": 5}
        sandbox.control("POST", "faults", [fault])
        return await readers.lists.item_exists(place, "1")

    with pytest.raises(SourceIncomplete):
        _read(sandbox, exists)


def _patch(sandbox, etag: str | None = None):
    site = _settings(sandbox).lists.site

    async def act(readers, writers):
        snapshot = await readers.lists.read_list(site, _LIST, RESTRICTED_CONTACTS, with_versions=False)
        place = await readers.lists.locate(site, _LIST, RESTRICTED_CONTACTS)
        fields = {"EnforcementStatus": "In force", "NextReviewOn": date(2027, 5, 1)}
        await writers.lists.patch_fields(place, "1", fields, etag or snapshot.items[0].etag)

    _write(sandbox, act)


def test_fields_are_written_by_the_writer_and_read_back(sandbox):
    sandbox.seed(_seed())
    _patch(sandbox)
    item = _snapshot(sandbox).items[0]
    assert item.fields["EnforcementStatus"] == "In force"
    assert item.fields["NextReviewOn"] == date(2027, 5, 1)
    assert item.versions[-1].saver.kind is SaverKind.APPLICATION


def test_a_write_over_somebody_elses_save_is_refused(sandbox):
    sandbox.seed(_seed())
    with pytest.raises(ServiceError) as failure:
        _patch(sandbox, etag='"00000000-0000-0000-0000-000000000000,99"')
    assert failure.value.status == 412


# --- transport rules ------------------------------------------------------------------------------------

_PARAMETERS = {
    "Name": "RC-1 Redirect",
    "From": ["someone@mail.example"],
    "RedirectMessageTo": ["contact-team@ashbourne.example"],
    "Enabled": False,
}


def test_a_transport_rule_lives_from_creation_to_removal(sandbox):
    sandbox.seed(_seed())

    async def act(readers, writers):
        guid = await writers.transport_rules.create(_PARAMETERS)
        await writers.transport_rules.enable(guid, "Audit")
        enabled = await readers.transport_rules.list_rules()
        await writers.transport_rules.update(guid, {"Comments": "changed"})
        await writers.transport_rules.disable(guid)
        disabled = await readers.transport_rules.list_rules()
        await writers.transport_rules.remove(guid)
        await writers.transport_rules.remove(guid)
        return guid, enabled, disabled, await readers.transport_rules.list_rules()

    guid, enabled, disabled, gone = _write(sandbox, act)
    assert [(rule["Guid"], rule["State"], rule["Mode"]) for rule in enabled] == [(guid, "Enabled", "Audit")]
    assert [(rule["State"], rule["Comments"]) for rule in disabled] == [("Disabled", "changed")]
    assert gone == ()


def test_rules_that_cannot_be_read_are_unknown(sandbox):
    sandbox.seed(_seed())
    fault = {"match": {"cmdlet": "Get-TransportRule"}, "do": "status", "status": 500, "times": 10}
    sandbox.control("POST", "faults", [fault])
    assert isinstance(_read(sandbox, lambda r: r.transport_rules.list_rules()), Unknown)


def test_the_readers_application_may_not_write_whatever_asks(sandbox):
    sandbox.seed(_seed())
    settings = _settings(sandbox)
    options = tenant_options(settings)
    disguised = tenant_options(
        _settings(
            sandbox,
            AUTH__WRITER__CLIENT_ID=settings.auth.reader.client_id,
            AUTH__WRITER__CERTIFICATE_PATH=str(settings.auth.reader.certificate_path),
        )
    )
    assert disguised.writer.client_id == options.reader.client_id

    async def act():
        async with open_readers(options) as readers, open_writers(disguised, readers.in_flight) as writers:
            await writers.transport_rules.create(_PARAMETERS)

    with pytest.raises(ServiceError, match="New-TransportRule") as failure:
        asyncio.run(act())
    assert failure.value.code is ErrorCode.PERMISSION_MISSING
    assert _read(sandbox, lambda r: r.transport_rules.list_rules()) == ()


# --- inbox rules ----------------------------------------------------------------------------------------

_HOLDER = "cllr.b@ashbourne.example"


def _body(name: str, folder: str) -> dict[str, Any]:
    return {
        "displayName": name,
        "sequence": 1,
        "isEnabled": True,
        "conditions": {"fromAddresses": [{"emailAddress": {"name": "x", "address": "s@mail.example"}}]},
        "actions": {"moveToFolder": folder, "stopProcessingRules": True},
    }


def test_an_inbox_rule_lives_and_the_owners_own_are_not_seen(sandbox):
    own = {
        "displayName": "Mine",
        "sequence": 1,
        "isEnabled": True,
        "conditions": {"subjectContains": ["x"]},
        "actions": {"markAsRead": True},
    }
    sandbox.seed({**_seed(), "inbox_rules": {_HOLDER: [own]}})

    async def act(readers, writers):
        folder = await readers.inbox_rules.folder_id(_HOLDER, "Set aside")
        rule_id = await writers.inbox_rules.create(_HOLDER, _body("To a folder [abcd2345]", folder))
        made = await readers.inbox_rules.list_rules(_HOLDER)
        await writers.inbox_rules.update(_HOLDER, rule_id, {"isEnabled": False})
        changed = await readers.inbox_rules.list_rules(_HOLDER)
        await writers.inbox_rules.delete(_HOLDER, rule_id)
        await writers.inbox_rules.delete(_HOLDER, rule_id)
        return made, changed, await readers.inbox_rules.list_rules(_HOLDER)

    made, changed, gone = _write(sandbox, act)
    assert [rule["displayName"] for rule in made] == ["To a folder [abcd2345]"]
    assert [rule["isEnabled"] for rule in changed] == [False]
    assert gone == ()


def test_a_rule_of_ours_that_lost_its_token_is_found_by_id(sandbox):
    sandbox.seed(_seed())

    async def act(readers, writers):
        folder = await readers.inbox_rules.folder_id(_HOLDER, "junkemail")
        rule_id = await writers.inbox_rules.create(_HOLDER, _body("Renamed by its owner", folder))
        unseen = await readers.inbox_rules.list_rules(_HOLDER)
        return rule_id, unseen, await readers.inbox_rules.list_rules(_HOLDER, known_ids=frozenset({rule_id}))

    rule_id, unseen, seen = _write(sandbox, act)
    assert unseen == ()
    assert [rule["id"] for rule in seen] == [rule_id]


@pytest.mark.parametrize(
    ("mailbox", "folder", "found"),
    [
        (_HOLDER, "junkemail", str),
        (_HOLDER, "Junk Email", str),
        (_HOLDER, "set aside", str),
        (_HOLDER, "No such folder", type(None)),
        ("hybrid@ashbourne.example", "junkemail", Unknown),
        ("absent@ashbourne.example", "Set aside", Unknown),
    ],
)
def test_folder_ids(sandbox, mailbox, folder, found):
    sandbox.seed(_seed())
    assert isinstance(_read(sandbox, lambda r: r.inbox_rules.folder_id(mailbox, folder)), found)


@pytest.mark.parametrize("mailbox", ["hybrid@ashbourne.example", "absent@ashbourne.example"])
def test_a_mailbox_without_inbox_rules_is_unknown(sandbox, mailbox):
    sandbox.seed(_seed())
    found = _read(sandbox, lambda r: r.inbox_rules.list_rules(mailbox))
    assert isinstance(found, Unknown)
    assert found.scope == mailbox


# --- directory ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("enforce_with", ["mail_flow", "inbox_rules"])
@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("officer@ashbourne.example", RecipientKind.USER_MAILBOX),
        ("contact-team@ashbourne.example", RecipientKind.SHARED_MAILBOX),
        ("inner@ashbourne.example", RecipientKind.GROUP),
        ("guest@else.example", RecipientKind.GUEST),
        ("nobody@ashbourne.example", RecipientKind.NO_MAILBOX),
        ("absent@ashbourne.example", None),
    ],
)
def test_kinds_of_recipients(sandbox, enforce_with, address, kind):
    sandbox.seed(_seed())
    found = _read(sandbox, lambda r: r.directory.resolve([address.upper()]), ENFORCE_WITH=enforce_with)[
        address
    ]
    if kind is None:
        assert isinstance(found, Unresolved)
        assert found.absent
    else:
        assert isinstance(found, Recipient)
        assert found.kind is kind


def test_an_alias_leads_to_the_primary_address(sandbox):
    sandbox.seed(_seed())
    found = _read(sandbox, lambda r: r.directory.resolve(["bea@ashbourne.example"]))
    assert found["bea@ashbourne.example"].address == _HOLDER


def test_what_exchange_alone_knows(sandbox):
    sandbox.seed(_seed())
    wanted = ["hybrid@ashbourne.example", "everyone@ashbourne.example"]
    found = _read(sandbox, lambda r: r.directory.resolve(wanted))
    assert [found[address].kind for address in wanted] == [
        RecipientKind.ON_PREMISES_MAILBOX,
        RecipientKind.GROUP,
    ]


def test_how_a_target_receives(sandbox):
    sandbox.seed(_seed())
    names = ("contact-team", "forwarder", "shut", "officer")
    wanted = [f"{name}@ashbourne.example" for name in names]
    found = _read(sandbox, lambda r: r.directory.resolve_targets(wanted))
    shown = {
        name: (
            found[address].account_enabled,
            found[address].accepts_outside_senders,
            found[address].forwards,
        )
        for name, address in zip(names, wanted, strict=True)
    }
    assert shown == {
        "contact-team": (False, True, False),
        "forwarder": (True, True, True),
        "shut": (True, False, False),
        "officer": (True, True, False),
    }


def test_a_failed_question_is_not_an_absence(sandbox):
    sandbox.seed(_seed())
    fault = {"match": {"cmdlet": "Get-Recipient"}, "do": "status", "status": 500, "times": 10}
    sandbox.control("POST", "faults", [fault])
    found = _read(sandbox, lambda r: r.directory.resolve(["officer@ashbourne.example"]))
    assert not found["officer@ashbourne.example"].absent


def test_members_of_nested_groups(sandbox):
    sandbox.seed(_seed())
    members = _read(sandbox, lambda r: r.directory.members("Councillors@ashbourne.example"))
    assert {member.address for member in members} == {_HOLDER, "cllr.c@ashbourne.example"}


@pytest.mark.parametrize("group", ["everyone@ashbourne.example", "absent@ashbourne.example"])
def test_members_that_graph_does_not_show_are_unknown(sandbox, group):
    sandbox.seed(_seed())
    assert isinstance(_read(sandbox, lambda r: r.directory.members(group)), Unknown)


def test_approvers_may_be_people_and_groups(sandbox):
    sandbox.seed(_seed())
    entries = ["director@ashbourne.example", "inner@ashbourne.example", "absent@ashbourne.example"]
    found = _read(sandbox, lambda r: r.directory.expand(entries))
    assert {member.address for member in found.members} == {entries[0], "cllr.c@ashbourne.example"}
    assert [entry.asked for entry in found.unresolved] == ["absent@ashbourne.example"]


def test_accepted_domains_and_limits(sandbox):
    sandbox.seed(_seed())
    assert "ashbourne.example" in _read(sandbox, lambda r: r.directory.accepted_domains())
    limits = _read(sandbox, lambda r: r.directory.limits())
    assert (limits.rules, limits.rule_size, limits.pattern_characters) == (300, 8192, 20_480)
    assert limits.reported


def test_without_an_exchange_role_nothing_is_asked_of_exchange(sandbox):
    sandbox.seed(_seed())
    sandbox.requests()
    found = _read(sandbox, lambda r: r.transport_rules.list_rules(), ENFORCE_WITH="inbox_rules")
    assert isinstance(found, Unknown)
    assert sandbox.requests() == []


def test_choices_list_is_read_with_its_own_columns(sandbox):
    item = {"created_by": _HOLDER, "versions": [{"at": "2026-09-01T10:00:00Z", "by": _HOLDER, "fields": {}}]}
    item["versions"][0]["fields"] = {"Title": "s@mail.example", "Handling": "Junk Email"}
    seed = _seed()
    seed["lists"][_CHOICES]["items"] = [item]
    sandbox.seed(seed)
    found = _snapshot(sandbox, schema=CHOICES, title=_CHOICES).items[0]
    assert (found.created_by.address, found.fields["Handling"]) == (_HOLDER, "Junk Email")


def test_a_write_cmdlet_is_the_only_thing_a_writer_runs():
    assert ExchangeWriter.invoke.__annotations__["cmdlet"] is WriteCmdlet
