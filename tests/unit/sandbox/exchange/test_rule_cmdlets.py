import pytest

EMPTY_GUID = "00000000-0000-0000-0000-000000000000"


def test_new_returns_the_rule_it_made(tenant) -> None:
    made = tenant.new()
    assert made == tenant.rule()
    assert made["Identity"] == made["Name"] == "Rule"


def test_new_fills_what_a_real_rule_shows(tenant) -> None:
    """exchange.md 1.6."""
    rule = tenant.new()
    assert rule["State"] == "Enabled"
    assert rule["Priority"] == 0
    assert rule["CreatedBy"] == rule["LastModifiedBy"] == "A Administrator"
    assert rule["WhenChanged"] == "2026-11-23T09:00:00.0000000+00:00"
    assert rule["Conditions"] == ["Microsoft.Exchange.MessagingPolicies.Rules.Tasks.FromPredicate"]
    assert rule["Exceptions"] is None
    assert rule["Description"] == (
        "If the message:\r\n\tIs received from 'x@out.example'\r\nTake the following actions:\r\n"
        "\tDelete the message without notifying the recipient or sender\r\n"
    )
    assert "Enabled" not in rule


def test_enabled_false_is_read_as_state_disabled(tenant) -> None:
    """exchange.md 7.1 row 1."""
    assert tenant.new(Enabled=False)["State"] == "Disabled"


def test_parameter_names_ignore_case_and_common_parameters_and_side_cars_are_ignored(tenant) -> None:
    rule = tenant.new(**{"comments": "x", "Confirm": False, "From@odata.type": "#Collection(String)"})
    assert rule["Comments"] == "x"


def test_what_if_changes_nothing(tenant) -> None:
    assert tenant.run("New-TransportRule", Name="Rule", DeleteMessage=True, WhatIf=True) == []
    assert tenant.rules() == []


@pytest.mark.parametrize("identity", ["Guid", "Name", "DistinguishedName"])
def test_set_finds_a_rule_by_any_identity(tenant, identity) -> None:
    made = tenant.new()
    tenant.run("Set-TransportRule", Identity=made[identity].upper(), Comments="seen")
    assert tenant.rule()["Comments"] == "seen"


def test_set_leaves_alone_what_it_is_not_given(tenant) -> None:
    """exchange.md 1.4."""
    before = tenant.new(SubjectContainsWords=["one"], Comments="x")
    tenant.at("2026-11-23T10:00:00Z")
    after = tenant.changed(Comments="y")
    different = {name for name in before if before[name] != after[name]}
    assert different == {"Comments", "WhenChanged"}


def test_set_records_who_changed_it(tenant) -> None:
    """exchange.md 6."""
    tenant.new()
    tenant.caller = type(tenant.caller)(name="Another", object_id="", app_id="", cmdlets=None)
    rule = tenant.changed(Comments="y")
    assert (rule["CreatedBy"], rule["LastModifiedBy"]) == ("A Administrator", "Another")


@pytest.mark.parametrize("clear", [None, []])
def test_null_and_an_empty_list_clear_on_set(tenant, clear) -> None:
    """exchange.md 1.4, contracts.md 2."""
    tenant.new()
    rule = tenant.changed(From=clear)
    assert rule["From"] is None
    assert rule["Conditions"] is None


def test_clearing_an_enumeration_with_a_default_restores_it(tenant) -> None:
    tenant.new(SenderAddressLocation="Envelope")
    assert tenant.changed(SenderAddressLocation=None)["SenderAddressLocation"] == "Header"


@pytest.mark.parametrize("name", ["From", "FromScope", "FromAddressMatchesPatterns"])
def test_new_refuses_null(tenant, refused, name) -> None:
    """exchange.md 1.4."""
    with pytest.raises(refused) as error:
        tenant.new(**{name: None})
    assert error.value.status == 400


def test_renaming_changes_identity_and_keeps_the_guid(tenant) -> None:
    """exchange.md 2.2."""
    guid = tenant.new()["Guid"]
    rule = tenant.changed(Name="Other")
    assert (rule["Identity"], rule["Guid"]) == ("Other", guid)
    assert rule["DistinguishedName"].startswith("CN=Other,")


def test_a_rule_made_again_has_another_guid(tenant) -> None:
    first = tenant.new()["Guid"]
    tenant.run("Remove-TransportRule", Identity="Rule")
    assert tenant.new()["Guid"] != first


@pytest.mark.parametrize("cmdlet", ["Set", "Enable", "Disable", "Remove"])
def test_an_unknown_rule_is_not_found(tenant, refused, cmdlet) -> None:
    """exchange.md 1.7."""
    tenant.new()
    with pytest.raises(refused) as error:
        tenant.run(f"{cmdlet}-TransportRule", Identity="Nothing")
    assert error.value.status == 404
    assert error.value.text.startswith(
        "The operation couldn't be performed because object 'Nothing' couldn't be found"
    )


@pytest.mark.parametrize("cmdlet", ["Set", "Enable", "Disable", "Remove"])
def test_a_write_without_identity_is_refused(tenant, refused, cmdlet) -> None:
    tenant.new()
    with pytest.raises(refused, match="mandatory parameters: Identity"):
        tenant.run(f"{cmdlet}-TransportRule", Identity=None)


@pytest.mark.parametrize("identity", [None, "", "Nothing"])
def test_get_with_no_or_an_unknown_identity_returns_all(tenant, identity) -> None:
    """exchange.md 1.5, 7.1 row 27."""
    tenant.new("One")
    tenant.new("Two")
    assert len(tenant.run("Get-TransportRule", Identity=identity)) == 2


def test_get_with_a_known_identity_returns_one(tenant) -> None:
    tenant.new("One")
    tenant.new("Two")
    assert [rule["Name"] for rule in tenant.run("Get-TransportRule", Identity="two")] == ["Two"]


def test_get_filters_by_state_and_description(tenant) -> None:
    tenant.new("One", Enabled=False)
    tenant.new("Two", From=["y@out.example"])
    assert [r["Name"] for r in tenant.run("Get-TransportRule", State="Disabled")] == ["One"]
    found = tenant.run("Get-TransportRule", Filter="Description -like '*Y@out*'")
    assert [r["Name"] for r in found] == ["Two"]


def test_get_can_leave_the_detail_out(tenant) -> None:
    tenant.new()
    (rule,) = tenant.run("Get-TransportRule", ExcludeConditionActionDetails=True)
    assert rule["Description"] is rule["Conditions"] is rule["Actions"] is None


def test_a_short_result_warns_that_there_is_more(tenant) -> None:
    """exchange.md 1.5."""
    tenant.new("One")
    tenant.new("Two")
    answer = tenant.service.invoke("Get-TransportRule", {"ResultSize": 1}, tenant.caller)
    assert b"There are more results available" in answer.body


@pytest.mark.parametrize(("cmdlet", "state"), [("Disable", "Disabled"), ("Enable", "Enabled")])
def test_enable_and_disable(tenant, cmdlet, state) -> None:
    tenant.new(Enabled=cmdlet == "Disable")
    tenant.run(f"{cmdlet}-TransportRule", Identity="Rule", Confirm=False)
    assert tenant.rule()["State"] == state


def test_enable_takes_a_mode(tenant) -> None:
    """exchange.md 2.2."""
    tenant.new(Enabled=False)
    tenant.run("Enable-TransportRule", Identity="Rule", Mode="Audit")
    assert (tenant.rule()["State"], tenant.rule()["Mode"]) == ("Enabled", "Audit")


@pytest.mark.parametrize("name", ["Enabled", "UseLegacyRegex", "HasSenderOverride", "Nonsense"])
def test_set_refuses_parameters_it_does_not_have(tenant, refused, name) -> None:
    """exchange.md 1.7, 2.2."""
    tenant.new()
    with pytest.raises(refused) as error:
        tenant.changed(**{name: True})
    assert error.value.text.endswith(f"Invalid cmdlet parameters specified. {name}")


def test_new_rules_go_last_and_inserting_moves_the_others(tenant) -> None:
    """exchange.md 2.2, 10."""
    for name in ("A", "B"):
        tenant.new(name)
    tenant.new("First", Priority=0)
    assert tenant.names() == ["First", "A", "B"]


@pytest.mark.parametrize(("place", "order"), [(0, "CAB"), (1, "ACB"), (2, "ABC")])
def test_set_priority_moves_a_rule(tenant, place, order) -> None:
    for name in "ABC":
        tenant.new(name)
    tenant.changed("C", Priority=place)
    assert "".join(tenant.names()) == order


def test_moving_a_rule_does_not_change_who_changed_the_others(tenant) -> None:
    tenant.new("A")
    tenant.at("2026-11-23T10:00:00Z")
    tenant.new("B", Priority=0)
    assert tenant.rule("A")["WhenChanged"] == "2026-11-23T09:00:00.0000000+00:00"


def test_removing_closes_the_gap(tenant) -> None:
    for name in "ABC":
        tenant.new(name)
    tenant.run("Remove-TransportRule", Identity="A")
    assert tenant.names() == ["B", "C"]


@pytest.mark.parametrize("place", [-1, 2, 99])
def test_a_place_outside_the_list_is_refused(tenant, refused, place) -> None:
    tenant.new("A")
    with pytest.raises(refused) as error:
        tenant.new("B", Priority=place)
    assert error.value.status == 400
    assert tenant.names() == ["A"]


@pytest.mark.parametrize("dropped", ["From", "from"])
def test_a_parameter_can_be_dropped_in_silence(tenant, dropped) -> None:
    """contracts.md 2: behaviour.drop_parameter."""
    tenant.behave(drop_parameter=dropped)
    assert tenant.new()["From"] is None
    tenant.changed(From=["y@out.example"], Comments="kept")
    assert (tenant.rule()["From"], tenant.rule()["Comments"]) == (None, "kept")


def test_a_refused_set_changes_nothing(tenant, refused) -> None:
    before = tenant.new()
    with pytest.raises(refused):
        tenant.changed(Comments="x", Name="y" * 65)
    assert tenant.rule() == before
