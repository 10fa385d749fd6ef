"""The version history of an item is asked for once, and again when the item has changed."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from m365_restrict.errors import PermissionMissing, SourceIncomplete
from m365_restrict.evidence.values import encode
from m365_restrict.ledger.evidence_bodies import canonical
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.ledger.schema import item_history_contents
from m365_restrict.register.columns import RESTRICTED_CONTACTS
from m365_restrict.tenant.session import open_readers
from settings import load_settings
from settings.tenant_options import tenant_options

LIST = "Restricted contacts"
OFFICER, DIRECTOR = "officer@ash.example", "director@ash.example"


def case(reference: str) -> dict[str, Any]:
    first = {
        "at": "2026-09-01T10:00:00Z",
        "by": OFFICER,
        "fields": {"Title": reference, "Status": "Proposed"},
    }
    then = {"at": "2026-09-03T10:00:00Z", "by": DIRECTOR, "fields": {"Status": "Approved"}}
    return {"created_by": OFFICER, "versions": [first, then]}


class Council:
    """Two cases, and a ledger that remembers what was read of them."""

    def __init__(self, sandbox, url: str):
        self._sandbox, self._url = sandbox, url
        sandbox.seed(
            {
                "now": "2026-11-23T09:00:00Z",
                "tenant": {"accepted_domains": ["ash.example"]},
                "users": [{"upn": OFFICER}, {"upn": DIRECTOR}],
                "lists": {LIST: {"items": [case("RC-1"), case("RC-2")]}},
                "settings": {
                    "POLICY__APPROVERS": DIRECTOR,
                    "POLICY__COUNCILLORS_GROUP": "councillors@ash.example",
                },
            }
        )

    def read(self, *, remembering: bool = True):
        given = {key: value for key, value in self._sandbox.env.items() if key.startswith("M365_RESTRICT_")}
        settings = load_settings(given, None)

        async def _read(histories):
            async with open_readers(tenant_options(settings), histories=histories) as readers:
                return await readers.lists.read_list(
                    settings.lists.site, LIST, RESTRICTED_CONTACTS, with_versions=True
                )

        with open_ledger(self._url) as ledger:
            return asyncio.run(_read(ledger.histories if remembering else None))

    def asked(self) -> list[str]:
        """The items whose history was asked for since the last look."""
        paths = [one["path"] for one in self._sandbox.requests()]
        return sorted(path.split("/items/")[1].split("/")[0] for path in paths if path.endswith("/versions"))

    def ledger_text(self) -> str:
        """Every history that the ledger remembers."""
        with open_ledger(self._url) as ledger, ledger.histories._database.reading() as connection:
            return "".join(connection.execute(select(item_history_contents.c.content)).scalars())

    def edit(self, item: int, **fields: Any) -> None:
        body = {"by": OFFICER, "fields": fields}
        assert self._sandbox.control("POST", f"list/{LIST}/{item}", body).is_success


@pytest.fixture
def council(sandbox, tmp_path):
    made = Council(sandbox, f"sqlite:///{tmp_path / 'ledger.db'}")
    made.read()
    assert made.asked() == ["1", "2"]
    return made


def test_of_items_that_did_not_change_nothing_is_asked_and_all_is_known(council):
    remembered = council.read()
    assert council.asked() == []
    assert canonical(encode(remembered)) == canonical(encode(council.read(remembering=False)))


def test_what_people_are_called_is_not_remembered(council):
    assert {one.saver.display_name for item in council.read().items for one in item.versions} == {""}


def test_a_name_beside_an_address_is_not_remembered(council):
    council.edit(1, Addresses="Pat Person <pat@post.example>")
    first, again = council.read(), council.read()
    assert council.asked() == ["1"]
    assert "Pat" not in council.ledger_text()
    assert first.items[0].versions[-1].fields == again.items[0].versions[-1].fields


def test_of_an_item_that_was_saved_the_history_is_asked_for_again(council):
    council.edit(2, Status="Suspended")
    read = council.read()
    assert council.asked() == ["2"]
    assert [one.fields["Status"] for one in read.items[1].versions] == ["Proposed", "Approved", "Suspended"]
    council.read()
    assert council.asked() == []


def test_a_save_that_changes_no_value_counts_too(council):
    council.edit(1, Status="Approved")
    read = council.read()
    assert council.asked() == ["1"]
    assert len(read.items[0].versions) == 3


def test_without_a_memory_every_history_is_asked_for(council):
    council.read(remembering=False)
    assert council.asked() == ["1", "2"]


def test_a_read_that_failed_is_not_remembered(council):
    council.edit(1, Status="Suspended")
    council.edit(2, Status="Suspended")
    fault = {"match": {"path_regex": "/items/2/versions"}, "do": "status", "status": 403, "times": 9}
    assert council._sandbox.control("POST", "faults", [fault]).is_success
    with pytest.raises(PermissionMissing, match="may not read the list"):
        council.read()
    council._sandbox.control("DELETE", "faults")
    council.asked()
    council.read()
    assert council.asked() == ["1", "2"]


def test_a_history_that_came_empty_is_an_incomplete_read(council):
    council.edit(1, Status="Suspended")
    fault = {"match": {"path_regex": "/items/1/versions"}, "do": "status", "status": 404, "times": 9}
    assert council._sandbox.control("POST", "faults", [fault]).is_success
    with pytest.raises(SourceIncomplete):
        council.read()
