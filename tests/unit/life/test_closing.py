from datetime import UTC, date, datetime
from typing import Any

import pytest

from m365_restrict.ledger.lives import LifeRecord
from m365_restrict.life.closing import Searched, Traces, addresses_of, ended_on, life_after, traces_of
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Applied, RuleKind
from m365_restrict.policy.judgement import OpenedCase
from m365_restrict.policy.life import CaseFile
from m365_restrict.register.case import Status
from m365_restrict.register.item import Identity, ItemVersion, ListItem, SaverKind
from m365_restrict.rules.observed import ObservedTransportRule
from m365_restrict.tenant.block_lists import BlockedEntry, BlockLists

NOW = datetime(2027, 4, 1, 9, tzinfo=UTC)
TODAY = date(2027, 4, 1)
ADDRESSES = frozenset({"a.person@mail.example"})
OFFICER = Identity(SaverKind.USER, "id-officer")


def rule(name: str = "Block", *, enabled: bool = True, **properties: Any) -> ObservedTransportRule:
    return ObservedTransportRule(
        guid=f"guid-{name}", name=name, priority=0, enabled=enabled, comments="", properties=properties,
        changed_by="", changed_at=None, raw={},
    )  # fmt: skip


def applied(kind: RuleKind, identifier: str, *, by_holder: bool = False, ref: str = "RC-1") -> Applied:
    return Applied(
        key="k", kind=kind, guid_or_rule_id=identifier, mailbox="", case_reference=ref, name="",
        properties={}, chosen_by_holder=by_holder,
    )  # fmt: skip


def traces(
    *rules: ObservedTransportRule, known: tuple[Applied, ...] = (), blocks: tuple[BlockedEntry, ...] = ()
):
    searched = Searched(transport=rules, applied=known, blocks=BlockLists(entries=blocks), now=NOW)
    return traces_of("RC-1", ADDRESSES, searched)


@pytest.mark.requirement("M-52")
@pytest.mark.parametrize(
    "left",
    [
        rule(From=("a.person@mail.example",)),
        rule(FromAddressMatchesPatterns=(r"^a\.person@mail\.example$",)),
        rule(FromAddressContainsWords=("A.Person@mail.example",)),
        rule(HeaderContainsWords=("x", "<a.person@mail.example>")),
    ],
)
def test_another_ones_rule_that_names_the_address_is_found(left):
    assert traces(left).elsewhere == ("the transport rule “Block”",)


@pytest.mark.parametrize(
    "harmless",
    [
        rule(From=("aa.person@mail.example",)),
        rule(From=("a.person@mail.example.org",)),
        rule(SenderDomainIs=("mail.example",)),
        rule(ExceptIfFrom=("a.person@mail.example",)),
        rule(enabled=False, From=("a.person@mail.example",)),
        rule(From=("a.person@mail.example",), ExpiryDate=datetime(2027, 3, 31, tzinfo=UTC)),
    ],
    ids=["longer local part", "longer domain", "whole domain", "exception", "disabled", "expired"],
)
def test_what_does_not_match_the_address_is_no_trace(harmless):
    assert not traces(harmless).any


def test_a_rule_name_that_holds_the_address_is_told_without_it():
    found = traces(rule("Block a.person@mail.example", From=("a.person@mail.example",)))
    assert found.elsewhere == ("the transport rule “Block (its address)”",)


def test_a_rule_of_another_case_is_that_cases_affair():
    other = rule(From=("a.person@mail.example",))
    assert not traces(other, known=(applied(RuleKind.TRANSPORT_RULE, "guid-Block", ref="RC-2"),)).any


def test_rules_of_the_case_itself_are_ours():
    known = (applied(RuleKind.TRANSPORT_RULE, "guid-Block"), applied(RuleKind.INBOX_RULE, "i"))
    assert traces(rule(), known=known).ours == ("an inbox rule of this case", "the transport rule “Block”")


def test_a_councillors_own_rule_is_not_looked_at():
    assert not traces(known=(applied(RuleKind.INBOX_RULE, "i", by_holder=True),)).any


@pytest.mark.parametrize("value", ["a.person@mail.example", "mail.example", "@mail.example"])
def test_block_lists_name_addresses_and_domains(value):
    assert traces(blocks=(BlockedEntry(value, "the list"),)).elsewhere == ("the list",)


def test_another_address_on_a_block_list_is_no_trace():
    assert not traces(blocks=(BlockedEntry("b@mail.example", "the list"),)).any


def item(*addresses: str, **fields: Any) -> ListItem:
    versions = tuple(
        ItemVersion(f"{n}.0", NOW, OFFICER, {"Addresses": one}) for n, one in enumerate(addresses, 1)
    )
    return ListItem("1", "1", OFFICER, fields, versions)


def test_addresses_that_were_taken_off_are_looked_for_too():
    assert addresses_of(item("a@mail.example\nb@mail.example", "a@mail.example"), {}) == {
        "a@mail.example",
        "b@mail.example",
    }


def opened(status: Status | None = None, **fields: Any) -> CaseFile:
    one = OpenedCase(case_ref="RC-1", item_id="1", by_status=status)
    return CaseFile(case_ref="RC-1", item=item(**fields), opened=one, ended_on=TODAY)


KNOWN = LifeRecord(item_id="1", case_reference="RC-1", ends_on=date(2027, 3, 28))


@pytest.mark.parametrize(
    ("case", "known", "saved", "day"),
    [
        (opened(), KNOWN, None, date(2027, 3, 28)),
        (opened(EndsOn=date(2027, 3, 1)), None, None, date(2027, 3, 1)),
        (opened(EndsOn=date(2027, 9, 1)), None, None, TODAY),
        (opened(Status.LIFTED), KNOWN, date(2027, 3, 30), date(2027, 3, 30)),
    ],
    ids=["approved end", "end on the item", "opened by an edit", "status"],
)
def test_the_last_day_of_effect(case, known, saved, day):
    assert ended_on(case, known, TODAY, saved) == day


@pytest.mark.parametrize(
    ("found", "readable", "closed"),
    [
        (Traces(), True, TODAY),
        (Traces(), False, None),
        (Traces(ours=("x",)), True, None),
        (Traces(elsewhere=("x",)), True, None),
    ],
    ids=["nothing left", "something unread", "a rule of ours", "something elsewhere"],
)
def test_a_case_is_closed_only_once_nothing_is_left(found, readable, closed):
    life = life_after(opened(), KNOWN, found, readable=readable, today=TODAY, run_id="run-1")
    assert life.closed_on == closed


def test_closing_stands_whatever_is_found_later():
    closed = LifeRecord(item_id="1", case_reference="RC-1", closed_on=date(2027, 3, 30), closed_run="run-0")
    life = life_after(opened(), closed, Traces(elsewhere=("x",)), readable=False, today=TODAY, run_id="run-1")
    assert (life.closed_on, life.closed_run) == (date(2027, 3, 30), "run-0")


def test_rules_that_could_not_be_read_prove_nothing():
    blocks = BlockLists(unknown=(Unknown("the list", "no role"),))
    searched = Searched(transport=Unknown("transport rules", "503"), applied=(), blocks=blocks, now=NOW)
    assert [one.scope for one in searched.unknown] == ["transport rules", "the list"]
