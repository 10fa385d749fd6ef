import json
import smtplib

import pytest

from m365_restrict.mailflow.behaviour import AfterRedirect, StopReach, TransportBehaviour
from m365_restrict.sandbox.delivery import transport_behaviour
from m365_restrict.sandbox.exchange.service import Caller
from m365_restrict.sandbox.planting import plant
from m365_restrict.sandbox.seed import Seed
from m365_restrict.sandbox.store import Store
from m365_restrict.sandbox.tenant import SandboxTenant

OFFICER = "a.officer@ashbourne.example"
COUNCILLOR = "cllr.b@ashbourne.example"
CONTACT = "spoc@ashbourne.example"
SENDER = "resident@mail.example"
ADMINISTRATOR = Caller(name="Admin", object_id="", app_id="", cmdlets=None)
REDIRECT = {
    "Name": "RC-2026-001 Redirect",
    "From": [SENDER],
    "ExceptIfSentTo": [CONTACT],
    "ExceptIfSentToMemberOf": ["councillors@ashbourne.example"],
    "RedirectMessageTo": [CONTACT],
}


@pytest.fixture
def tenant(tmp_path, council_seed):
    store = Store(tmp_path / "tenant.db")
    tenant = SandboxTenant.over(store)
    plant(tenant, Seed(**council_seed), setup_client_id="setup")
    yield tenant
    store.close()


def administer(tenant, cmdlet, **parameters):
    answer = tenant.exchange.invoke(cmdlet, parameters, ADMINISTRATOR)
    assert answer.status == 200, answer.body


def send(tenant, *recipients, sender=SENDER, envelope=None, raw=None):
    text = (
        raw
        or f"From: {sender}\r\nTo: {', '.join(recipients)}\r\nSubject: Bins\r\nMessage-ID: <1@x>\r\n\r\nText"
    )
    data = text if isinstance(text, bytes) else text.encode()
    return tenant.delivery.deliver(data, sender if envelope is None else envelope, recipients)["copies"]


def kept(tenant, mailbox, path="Inbox"):
    folders = {folder["path"]: folder for folder in tenant.delivery.mailbox(mailbox)["folders"]}
    return folders[path]["messages"]


def test_a_line_has_exactly_the_keys_of_the_contract(tenant) -> None:
    (copy,) = send(tenant, OFFICER)
    assert copy == {
        "recipient": OFFICER,
        "outcome": "delivered",
        "mailbox": OFFICER,
        "folder": "Inbox",
        "rules": [],
        "ndr": None,
        "added_by": None,
    }


def test_a_kept_message_has_exactly_the_keys_of_the_contract(tenant) -> None:
    send(tenant, OFFICER)
    assert kept(tenant, OFFICER) == [
        {"from": SENDER, "to": [OFFICER], "cc": [], "subject": "Bins", "message_id": "<1@x>", "rules": []}
    ]


def test_a_mailbox_shows_its_folders_by_path_and_id(tenant) -> None:
    shown = tenant.delivery.mailbox(COUNCILLOR)
    assert shown["mailbox"] == COUNCILLOR
    assert {"Inbox", "Junk Email", "Set aside"} <= {
        folder["path"] for folder in shown["folders"] if folder["id"]
    }


@pytest.mark.parametrize(
    "name", ["nobody@ashbourne.example", "old@ashbourne.example", "councillors@ashbourne.example"]
)
def test_who_has_no_mailbox_here_shows_none(tenant, name) -> None:
    assert tenant.delivery.mailbox(name) is None


def test_a_stored_rule_redirects_and_spares_who_is_exempt(tenant) -> None:
    administer(tenant, "New-TransportRule", **REDIRECT)
    copies = send(tenant, OFFICER, COUNCILLOR, CONTACT)
    assert [(copy["outcome"], copy["mailbox"]) for copy in copies] == [
        ("redirected", CONTACT),
        ("delivered", COUNCILLOR),
        ("delivered", CONTACT),
    ]
    assert [message["rules"] for message in kept(tenant, CONTACT)] == [[REDIRECT["Name"]], []]


def test_two_redirected_recipients_are_one_kept_message(tenant) -> None:
    administer(tenant, "New-TransportRule", **REDIRECT)
    send(tenant, OFFICER, "director@ashbourne.example", sender=SENDER)
    assert len(kept(tenant, CONTACT)) == 1


def test_a_disabled_rule_no_longer_acts(tenant) -> None:
    administer(tenant, "New-TransportRule", **REDIRECT)
    administer(tenant, "Disable-TransportRule", Identity=REDIRECT["Name"])
    assert send(tenant, OFFICER)[0]["outcome"] == "delivered"


def test_the_tenants_clock_ends_a_rule(tenant) -> None:
    administer(tenant, "New-TransportRule", **REDIRECT, ExpiryDate="2026-11-23T09:00:00Z")
    assert send(tenant, OFFICER)[0]["outcome"] == "delivered"


def test_an_inbox_rule_files_in_the_mailbox(tenant) -> None:
    (copy,) = send(tenant, COUNCILLOR, sender="x@out.example")
    assert (copy["folder"], copy["rules"]) == ("Junk Email", ["Mine"])
    assert len(kept(tenant, COUNCILLOR, "Junk Email")) == 1


def test_a_refusal_is_kept_as_a_report(tenant) -> None:
    administer(
        tenant, "New-TransportRule", Name="Refuse", From=[SENDER], RejectMessageReasonText="Use the route."
    )
    (copy,) = send(tenant, OFFICER)
    ((_, report),) = tenant.store.all("ndrs")
    assert copy["ndr"] == report["text"] == "550 5.7.1 TRANSPORT.RULES.RejectMessage; Use the route."
    assert report["to"] == SENDER


def test_an_unknown_address_of_ours_is_rejected(tenant) -> None:
    (copy,) = send(tenant, "gone@ashbourne.example")
    assert (copy["outcome"], copy["ndr"][:10]) == ("rejected", "550 5.1.10")


@pytest.mark.parametrize(
    "address", ["old@ashbourne.example", "contact@partner.example", "friend@else.example"]
)
def test_what_is_delivered_elsewhere_has_no_mailbox(tenant, address) -> None:
    (copy,) = send(tenant, address)
    assert (copy["outcome"], copy["mailbox"], copy["folder"]) == ("delivered", None, None)


def test_an_alias_lands_in_its_mailbox(tenant) -> None:
    assert send(tenant, "A.O@ashbourne.example")[0]["mailbox"] == OFFICER


@pytest.mark.parametrize(
    ("envelope", "outcome"), [(OFFICER, "delivered"), ("spoofer@else.example", "redirected")]
)
def test_only_the_tenants_own_mailbox_counts_as_signed_in(tenant, envelope, outcome) -> None:
    parameters = {"Name": "Outside", "FromScope": "NotInOrganization", "RedirectMessageTo": [CONTACT]}
    administer(tenant, "New-TransportRule", **parameters)
    assert send(tenant, COUNCILLOR, sender=OFFICER, envelope=envelope)[0]["outcome"] == outcome


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff",
        b"no headers at all",
        b"From: \xff\xfe\r\n\r\n",
        b"Subject: =?utf-7?Q?+2AA-?=\r\n\r\n",
        b"From: " + b"a" * 1_000_000 + b"\r\n\r\n",
        b"From: " + b'"\\' * 50_000 + b"\r\n\r\n",
        b"To: " + b"a@b.example, " * 20_000 + b"\r\n\r\n",
    ],
)
@pytest.mark.parametrize("envelope", ["", "<>", "\ud800@x.example", "x" * 10_000])
def test_hostile_mail_is_kept_and_never_an_error(tenant, raw, envelope) -> None:
    answer = tenant.delivery.deliver(raw, envelope, [OFFICER, "\udcff", "", "\ud800@ashbourne.example"])
    assert len(json.dumps(answer, ensure_ascii=False).encode()) > 0
    assert len(kept(tenant, OFFICER)) == 1


def test_unknown_behaviours_have_their_defaults() -> None:
    assert transport_behaviour({"propagation_minutes": 0}) == TransportBehaviour()


def test_behaviours_are_read_from_the_seed() -> None:
    stated = {
        "after_redirect": "continue",
        "stop_reach": "message",
        "junk_from_scl": None,
        "subdomains": False,
    }
    assert transport_behaviour(stated) == TransportBehaviour(
        after_redirect=AfterRedirect.CONTINUE,
        stop_reach=StopReach.MESSAGE,
        junk_from_scl=None,
        subdomains=False,
    )


def test_a_misspelt_behaviour_is_an_error() -> None:
    with pytest.raises(ValueError, match="sometimes"):
        transport_behaviour({"after_redirect": "sometimes"})


def test_mail_by_smtp_is_filed_by_the_stored_rules(council) -> None:
    body = {"by": "director@ashbourne.example", "cmdlet": "New-TransportRule", "parameters": REDIRECT}
    assert council.control("POST", "cmdlet", body).status_code == 200
    with smtplib.SMTP("127.0.0.1", council.running.ports.smtp) as client:
        message = f"From: {SENDER.upper()}\r\nTo: {OFFICER}\r\nSubject: Bins\r\n\r\nText\r\n"
        client.sendmail("bounces@service.example", [OFFICER, COUNCILLOR], message.encode())
    folders = council.control("GET", f"mailboxes/{CONTACT}").json()["folders"]
    inbox = next(folder for folder in folders if folder["path"] == "Inbox")
    assert [(message["from"], message["rules"]) for message in inbox["messages"]] == [
        (SENDER, [REDIRECT["Name"]])
    ]
