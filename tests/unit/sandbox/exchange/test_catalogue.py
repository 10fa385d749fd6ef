from m365_restrict.sandbox.exchange.binding import _CONVERTERS
from m365_restrict.sandbox.exchange.catalogue import Kind, defaults, properties, readable_after_set
from m365_restrict.sandbox.exchange.recipients import RECIPIENT_LISTS


def test_a_rule_shows_200_properties() -> None:
    assert len(defaults()) == 200


def test_defaults_are_those_of_every_recorded_rule() -> None:
    """exchange.md 7.1 row 11."""
    shown = defaults()
    recorded = {
        "SenderAddressLocation": "Header",
        "RecipientAddressType": "Resolved",
        "RuleErrorAction": "Ignore",
        "RuleSubType": "None",
        "Mode": "Enforce",
    }
    assert {name: shown[name] for name in recorded} == recorded
    assert shown["From"] is None
    assert shown["DeleteMessage"] is False


def test_enabled_is_not_read_back_and_legacy_regex_is_not_set() -> None:
    """exchange.md 1.6, 7.1 row 20."""
    assert "Enabled" not in defaults()
    assert not {"Enabled", "UseLegacyRegex"} & set(readable_after_set())
    assert properties()["Enabled"].new


def test_dead_parameters_can_be_read_but_not_set() -> None:
    """exchange.md 2.5, 7.1 row 22."""
    dead = properties()["ExceptIfHasSenderOverride"]
    assert (dead.new, dead.set, dead.read) == (False, False, True)


def test_every_kind_of_value_can_be_bound() -> None:
    assert set(_CONVERTERS) | RECIPIENT_LISTS | {Kind.RECIPIENT} == set(Kind)
