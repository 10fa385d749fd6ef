from dataclasses import replace
from datetime import UTC, date, datetime

import html5lib

from m365_restrict.errors import ExitCode
from m365_restrict.report.documents import Failure, Head
from m365_restrict.report.handover_document import (
    HandedApplication,
    HandedCase,
    HandedChoices,
    HandedRule,
    HandedRun,
    HandoverDocument,
    Named,
    handover_lines,
    to_html,
)
from m365_restrict.report.retire_document import (
    ExportedEvidence,
    RetireDocument,
    RetiredRule,
    RetireFate,
    RetirementLine,
    ToldLine,
    retire_lines,
)
from m365_restrict.report.text import plain

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HEAD = Head(run_id="run-1", started_at=NOON, finished_at=NOON, exit_code=ExitCode.IN_STEP)
LINE = "Disable-TransportRule -Identity 'guid' -Confirm:$false"
DOCUMENT = HandoverDocument(
    head=HEAD,
    instance_id="ash <b>",
    cases=(HandedCase(case_ref="RC-1", measure="Redirect", ends_on=date(2027, 3, 28)),),
    rules=(
        HandedRule(
            name="RC-1 <script>",
            kind="transport_rule",
            mailbox="",
            case_ref="RC-1",
            ends_on=None,
            written_at=NOON,
            open_by_hand=LINE,
            close_by_hand="",
            remove_by_hand="",
        ),
    ),
    choices=HandedChoices(rules=2, mailboxes=1),
    places=(Named(name="Ledger", value="sqlite"),),
    runs=(HandedRun(what="apply", host="server", at=NOON, status="in_step"),),
    applications=(
        HandedApplication(
            role="reader",
            client_id="id",
            signs_in_with="a certificate",
            certificate_ends_on=date(2027, 1, 1),
            note="",
        ),
    ),
)


def test_the_page_is_strict_html_with_one_heading_and_every_table_has_a_caption():
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(to_html(DOCUMENT))
    assert len(tree.findall(".//h1")) == 1
    tables = tree.findall(".//table")
    assert tables
    assert all(one.find("caption") is not None for one in tables)
    assert all(cell.get("scope") for cell in tree.iter("th"))
    assert tree.findall(".//script") == []


def test_data_is_never_markup():
    page = to_html(DOCUMENT)
    assert "RC-1 &lt;script&gt;" in page
    assert "ash &lt;b&gt;" in page


def test_the_page_asks_nobody_for_anything():
    page = to_html(DOCUMENT)
    assert "default-src 'none'" in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_text_says_what_the_page_says():
    text = plain(handover_lines(DOCUMENT))
    assert "RC-1: Redirect, until the end of 2027-03-28" in text
    assert "has no end of its own" in text
    assert f"Open it: {LINE}" in text
    assert "reader: id, signs in with a certificate, which ends on 2027-01-01" in text
    assert "2 rules in 1 mailbox. Which councillor chose what is told to nobody." in text


def test_a_failure_is_all_that_is_told():
    failed = replace(
        HEAD, exit_code=ExitCode.CONFIGURATION, error=Failure(code="x", message="No ledger.", advice="Look.")
    )
    document = HandoverDocument(head=failed)
    assert "No ledger." in to_html(document)
    assert plain(handover_lines(document)).startswith("! error x: No ledger.")


def test_retiring_is_told_line_by_line():
    rule = RetiredRule(
        name="RC-1 Redirect",
        kind="transport_rule",
        mailbox="",
        case_ref="RC-1",
        outcome=RetireFate.LEFT,
        ends_on=date(2027, 3, 28),
        reason="",
        by_hand="Remove-TransportRule -Identity 'guid' -Confirm:$false",
    )
    stuck = replace(rule, outcome=RetireFate.STANDS, reason="It is busy.")
    document = RetireDocument(
        head=HEAD,
        done="Done.",
        retirement=RetirementLine(reason="r", set_by="admin", since=NOON, completed_at=None),
        rules=(rule, stuck),
        evidence=ExportedEvidence(folder="/e", files=("ledger.db",), evidence_hash="ab"),
        told=(ToldLine(about="choice 1", outcome="not_sent", reason="No sender."),),
        permissions_undo=("./Remove-ReaderApplication.ps1",),
    )
    text = plain(retire_lines(document))
    assert "= RC-1 Redirect: left to its own end (it acts until the end of 2027-03-28)" in text
    assert "! RC-1 Redirect: still stands" in text
    assert text.count("By hand, in Exchange Online PowerShell: Remove-TransportRule") == 2
    assert "Its ledger ends in the hash ab: keep it elsewhere." in text
    assert "Mail about choice 1: not sent: No sender." in text
