from datetime import UTC, date, datetime

import pytest

from m365_restrict.explaining.strangers import StrangerGround, stranger_remarks
from m365_restrict.policy.judgement import AcceptedCase, Judgement
from m365_restrict.policy.known_senders import KnownSenders
from m365_restrict.register.case import CaseState
from m365_restrict.register.evidence import ApprovalEvidence, EvidenceVerdict
from m365_restrict.tenant.block_lists import BlockedEntry

KNOWN = KnownSenders(
    never_restrict=frozenset({"parliament.example"}),
    providers=frozenset({"bigmail.example", "bigmail.test"}),
    dot_blind=frozenset({"bigmail.example"}),
    same_provider={"bigmail.test": "bigmail.example"},
)
EVIDENCE = ApprovalEvidence(
    item_id="1",
    version="2.0",
    saver_object_id="",
    saver_address="",
    saved_at=datetime(2026, 9, 3, tzinfo=UTC),
    fields_hash="",
    values_json="",
    seen_on=date(2026, 9, 3),
    verdict=EvidenceVerdict.ELIGIBLE,
)


@pytest.fixture
def said(council):
    def _said(sender, *listed, blocked=()):
        accepted = tuple(
            AcceptedCase(
                case=council.case(f"RC-{number}", addresses=(address,)),
                state=CaseState.IN_FORCE,
                evidence=EVIDENCE,
            )
            for number, address in enumerate(listed, start=1)
        )
        ground = StrangerGround(
            items=(),
            judgement=Judgement(accepted=accepted),
            known=KNOWN,
            council_domains=frozenset({"ash.example"}),
            blocked=tuple(BlockedEntry(value, "a list") for value in blocked),
        )
        return list(stranger_remarks(sender, ground))

    return _said


@pytest.mark.parametrize(
    "sender", ["patperson@bigmail.example", "pat.person@bigmail.test", "p.a.tperson+x@bigmail.example"]
)
def test_spellings_of_one_mailbox_are_told_once(said, sender):
    (remark,) = said(sender, "pat.person@bigmail.example")
    assert remark.startswith("It is another spelling of an address of case RC-1")


def test_customers_of_one_provider_are_no_neighbours(said):
    assert said("somebody@bigmail.example", "pat.person@bigmail.example") == []


def test_many_cases_are_counted(said):
    (remark,) = said("z@firm.example", *(f"person{n}@firm.example" for n in range(7)))
    assert "of cases RC-1, RC-2, RC-3, RC-4, RC-5 and 2 more; no rule names a whole domain" in remark


def test_a_sender_that_must_reach_the_council(said):
    assert said("mp@parliament.example") == ["It is among the senders that are never restricted."]


@pytest.mark.parametrize(
    ("entry", "covers"),
    [
        ("a@sub.firm.example", True),
        ("sub.firm.example", True),
        ("firm.example", True),
        ("@firm.example", True),
        ("*.firm.example", True),
        ("b@sub.firm.example", False),
        ("arm.example", False),
        ("", False),
    ],
)
def test_what_an_entry_of_a_block_list_covers(said, entry, covers):
    assert bool(said("a@sub.firm.example", blocked=[entry])) is covers
