import tomllib
from pathlib import Path

import pytest

from m365_restrict.errors import ConfigurationError
from m365_restrict.policy.profile import profile_from_mapping
from m365_restrict.register.case import Measure

DEFAULT = tomllib.loads(
    (Path(__file__).parents[3] / "settings" / "policies" / "default.toml").read_text(encoding="utf-8")
)


def test_the_default_profile_is_that_of_the_contract():
    profile = profile_from_mapping(DEFAULT)
    assert (profile.stages, profile.quorum, profile.proposer_may_approve) == ((), 1, False)
    assert (profile.max_months, profile.review_months) == (12, 6)
    assert set(profile.measures) == set(Measure)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"quorom": 2}, "quorom"),
        ({"quorum": 0}, "quorum"),
        ({"quorum": True}, "quorum"),
        ({"measures": ["Block everything"]}, "measures"),
        ({"measures": "Redirect to single contact"}, "measures"),
        ({"required": ["Grounds or Shoesize"]}, "Shoesize"),
        ({"proposer_may_approve": "no"}, "proposer_may_approve"),
        ({"stages": ["3"]}, "stages"),
        ({"name": ""}, "name"),
        ({"max_live_cases": 0}, "max_live_cases"),
    ],
)
def test_what_a_profile_gets_wrong_is_named(change, named):
    with pytest.raises(ConfigurationError, match=named):
        profile_from_mapping({**DEFAULT, **change})


@pytest.mark.parametrize("key", sorted(set(DEFAULT) - {"max_live_cases"}))
def test_a_missing_key_is_named(key):
    with pytest.raises(ConfigurationError, match=key):
        profile_from_mapping({name: value for name, value in DEFAULT.items() if name != key})
