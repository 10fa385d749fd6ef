import tomllib
from pathlib import Path

import pytest

from m365_restrict.errors import ConfigurationError
from m365_restrict.policy.profile_reading import profile_from_mapping
from m365_restrict.register.case import Measure

DEFAULT = tomllib.loads(
    (Path(__file__).parents[3] / "settings" / "policies" / "default.toml").read_text(encoding="utf-8")
)


def test_the_default_profile_is_that_of_the_contract():
    profile = profile_from_mapping(DEFAULT)
    rules = profile.general
    assert (profile.stages, rules.quorum, rules.proposer_may_approve) == ((), 1, False)
    assert (rules.max_months, profile.review_months) == (12, 6)
    assert set(rules.measures) == set(Measure)


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
        ({"refuse_on": ["rude-words"]}, "rude-words"),
        ({"languages": ["fr"]}, "languages"),
        ({"nation": "Ireland"}, "nation"),
        ({"challenge": "maybe"}, "challenge"),
        ({"review_months": -1}, "review_months"),
        ({"policy": {"naem": "x"}}, r"policy\.naem"),
        ({"policy": {"adopted_on": "5 March 2013"}}, r"policy\.adopted_on"),
        ({"notices": {}}, r"notices\.en"),
        ({"notices": {"en": {}, "cy": {}}}, r"notices\.cy"),
        ({"notices": {"en": {"root": "x"}}}, r"notices\.en\.root"),
        ({"stage": {"1": {}}}, r"stage\.1"),
        ({"stages": ["1"], "stage": {"1": {"quorm": 2}}}, r"stage\.1\.quorm"),
        ({"stages": ["1"], "stage": {"1": {"max_months": "6"}}}, r"stage\.1\.max_months"),
    ],
)
def test_what_a_profile_gets_wrong_is_named(change, named):
    with pytest.raises(ConfigurationError, match=named):
        profile_from_mapping({**DEFAULT, **change})


@pytest.mark.parametrize("key", sorted(set(DEFAULT) - {"max_live_cases"}))
def test_a_missing_key_is_named(key):
    with pytest.raises(ConfigurationError, match=key):
        profile_from_mapping({name: value for name, value in DEFAULT.items() if name != key})
