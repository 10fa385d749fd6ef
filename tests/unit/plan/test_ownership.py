"""Whose a rule is (design.md 5): by Guid, by what people have said, and by stamps, in this order."""

from dataclasses import replace

import pytest

from m365_restrict.plan.change import Severity
from m365_restrict.plan.claims import Adopted, Claims
from m365_restrict.plan.codes import FindingCode
from m365_restrict.plan.difference import difference
from m365_restrict.plan.ownership import owned_transport_rules

KEY = "RC-1/whole/1"
HALF = "Case RC-1.\n[m365-restrict instance=ash-1 case=RC-1 key="


@pytest.fixture
def standing(council):
    """One rule of ours as it was applied: what is wanted, what the tenant holds, what the ledger knows."""
    desired = council.compile([council.case("RC-1")])
    tenant = council.tenant(desired)
    return desired, tenant, council.applied(desired, tenant)


def owners(tenant, applied=(), **claims):
    owned, findings = owned_transport_rules(
        tenant.observed().transport, applied, instance_id="ash-1", claims=Claims(**claims)
    )
    return {key: entry.rule.guid for key, entry in owned.items()}, [one.code for one in findings]


def guid_of(tenant):
    return tenant.transport[0]["Guid"]


@pytest.mark.parametrize(
    "edit",
    [{"Name": "Else"}, {"Comments": HALF}, {"Comments": None}, {"Name": "Else", "Comments": "mine"}],
    ids=["renamed", "half stamped", "without stamp", "renamed and without stamp"],
)
def test_a_known_guid_is_ours_whatever_was_done_to_it(standing, edit):
    _, tenant, applied = standing
    tenant.transport[0].update(edit)
    assert owners(tenant, applied) == ({KEY: guid_of(tenant)}, [])


def test_a_stamp_alone_makes_a_rule_ours(standing):
    _, tenant, _ = standing
    assert owners(tenant) == ({KEY: guid_of(tenant)}, [])


def test_a_half_stamp_alone_does_not(standing):
    _, tenant, _ = standing
    tenant.transport[0]["Comments"] = HALF
    assert owners(tenant) == ({}, [FindingCode.STAMP_DAMAGED])


def test_a_copy_of_the_stamp_is_never_a_second_rule_of_ours(standing):
    _, tenant, applied = standing
    tenant.transport.append(tenant.transport[0] | {"Guid": "copy", "Name": "Copy", "Priority": 1})
    known = {KEY: guid_of(tenant)}
    assert owners(tenant, applied) == (known, [FindingCode.STAMP_COPIED])
    assert owners(tenant) == (known, [FindingCode.STAMP_COPIED])


def test_an_adopted_rule_needs_no_stamp(standing):
    _, tenant, _ = standing
    tenant.transport[0]["Comments"] = None
    adopted = {guid_of(tenant): Adopted(guid_of(tenant), KEY, "RC-1")}
    assert owners(tenant, adopted=adopted) == ({KEY: guid_of(tenant)}, [])


def test_an_adopted_orphan_belongs_to_its_new_case(standing):
    _, tenant, _ = standing
    adopted = {guid_of(tenant): Adopted(guid_of(tenant), "RC-2/whole/1", "RC-2")}
    assert owners(tenant, adopted=adopted)[0] == {"RC-2/whole/1": guid_of(tenant)}


def test_an_applied_rule_wins_over_an_adopted_one_of_the_same_key(standing):
    _, tenant, applied = standing
    tenant.transport.append(tenant.transport[0] | {"Guid": "other", "Name": "Other", "Comments": None})
    adopted = {"other": Adopted("other", KEY, "RC-1")}
    assert owners(tenant, applied, adopted=adopted)[0] == {KEY: guid_of(tenant)}


@pytest.mark.parametrize("known", [False, True])
def test_a_disowned_rule_is_ours_neither_by_guid_nor_by_stamp(standing, known):
    _, tenant, applied = standing
    disowned = frozenset({guid_of(tenant)})
    assert owners(tenant, applied if known else (), disowned=disowned) == ({}, [FindingCode.DISOWNED])


def test_that_a_rule_was_disowned_is_said_quietly(standing):
    _, tenant, _ = standing
    claims = Claims(disowned=frozenset({guid_of(tenant)}))
    _, (finding,) = owned_transport_rules(tenant.observed().transport, (), instance_id="ash-1", claims=claims)
    assert (finding.severity, finding.key) == (Severity.LOW, guid_of(tenant))


def test_no_change_follows_for_a_disowned_rule(council, standing):
    desired, tenant, applied = standing
    claims = Claims(disowned=frozenset({guid_of(tenant)}))
    given = replace(council.compare(desired, tenant, applied), claims=claims)
    assert difference(given).changes == ()


def test_a_copy_of_the_old_stamp_is_a_copy_while_the_case_is_renamed(council, standing):
    _, tenant, applied = standing
    tenant.transport.append(tenant.transport[0] | {"Guid": "copy", "Name": "Copy", "Priority": 1})
    renamed = [replace(one, key="RC-9/whole/1", case_reference="RC-9") for one in applied]
    assert owners(tenant, renamed) == ({"RC-9/whole/1": guid_of(tenant)}, [FindingCode.STAMP_COPIED])
    desired = council.compile([council.case("RC-9")])
    changes = difference(council.compare(desired, tenant, renamed)).changes
    assert [one.observed.guid for one in changes] == [guid_of(tenant)]


def test_a_stamp_that_somebody_pasted_into_a_rule_of_ours_stays_its_bearers(council):
    desired = council.compile([council.case("RC-1"), council.case("RC-2")])
    tenant = council.tenant(desired)
    first, second = tenant.transport
    known = [one for one in council.applied(desired, tenant) if one.case_reference == "RC-2"]
    second["Comments"] = first["Comments"]
    assert owners(tenant, known) == ({"RC-2/whole/1": second["Guid"], KEY: first["Guid"]}, [])
