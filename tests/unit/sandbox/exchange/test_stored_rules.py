def test_without_lag_transport_obeys_at_once(tenant) -> None:
    tenant.new()
    assert tenant.in_force() == ["Rule"]


def test_a_new_rule_reaches_transport_after_the_lag(tenant) -> None:
    """exchange.md 3: propagation."""
    tenant.behave(propagation_minutes=30)
    tenant.new()
    assert tenant.in_force() == []
    tenant.at("2026-11-23T09:29:59Z")
    assert tenant.in_force() == []
    tenant.at("2026-11-23T09:30:00Z")
    assert tenant.in_force() == ["Rule"]


def test_a_removed_rule_stays_until_the_lag_has_passed(tenant) -> None:
    tenant.behave(propagation_minutes=30)
    tenant.new()
    tenant.service.settle_rules()
    tenant.run("Remove-TransportRule", Identity="Rule")
    assert tenant.in_force() == ["Rule"]
    tenant.at("2026-11-23T09:30:00Z")
    assert tenant.in_force() == []


def test_transport_sees_each_state_in_turn(tenant) -> None:
    tenant.behave(propagation_minutes=30)
    for hour, name in ((9, "A"), (10, "B"), (11, "C")):
        tenant.at(f"2026-11-23T{hour:02d}:00:00Z")
        tenant.new(name, Priority=0)
    assert tenant.in_force() == ["B", "A"]
    tenant.at("2026-11-23T11:30:00Z")
    assert tenant.in_force() == ["C", "B", "A"]


def test_changes_within_one_instant_arrive_together(tenant) -> None:
    tenant.behave(propagation_minutes=30)
    tenant.new("A")
    tenant.new("B")
    tenant.at("2026-11-23T09:30:00Z")
    assert tenant.in_force() == ["A", "B"]


def test_history_does_not_grow_for_ever(tenant) -> None:
    tenant.behave(propagation_minutes=30)
    tenant.new()
    for hour in range(10, 20):
        tenant.at(f"2026-11-23T{hour}:00:00Z")
        tenant.changed(Comments=str(hour))
    assert len(tenant.store.keys("transport_history")) == 2


def test_settled_rules_are_in_force_at_once(tenant) -> None:
    tenant.behave(propagation_minutes=30)
    tenant.new()
    tenant.service.settle_rules()
    assert tenant.in_force() == ["Rule"]


def test_a_cleared_store_has_no_rules(tenant) -> None:
    tenant.new()
    tenant.store.clear()
    assert tenant.rules() == []
    assert tenant.in_force() == []


def test_each_change_reaches_transport_after_a_lag_of_its_own(tenant) -> None:
    tenant.behave(propagation_lags=[45, 0, 10])
    tenant.new("A")
    tenant.new("B")
    tenant.new("C")
    assert tenant.in_force() == ["B"]
    tenant.at("2026-11-23T09:10:00Z")
    assert tenant.in_force() == ["B", "C"]
    tenant.at("2026-11-23T09:45:00Z")
    assert tenant.in_force() == ["A", "B", "C"]


def test_an_older_form_that_arrives_late_does_not_undo_a_newer_one(tenant) -> None:
    tenant.behave(propagation_lags=[45, 0])
    tenant.new()
    tenant.changed(Comments="newer")
    for now in ("2026-11-23T09:00:00Z", "2026-11-23T09:50:00Z"):
        tenant.at(now)
        (rule,) = tenant.service.rules_in_force()
        assert rule["Comments"] == "newer"


def test_what_has_arrived_is_put_together_without_what_it_outdates(tenant) -> None:
    tenant.behave(propagation_lags=[45, 0, 0])
    tenant.new("A")
    tenant.changed("A", Comments="newer")
    tenant.new("B")
    tenant.at("2026-11-23T09:50:00Z")
    assert [rule["Comments"] for rule in tenant.service.rules_in_force()] == ["newer", None]
