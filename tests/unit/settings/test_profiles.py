import pytest

from m365_restrict.errors import ConfigurationError
from settings import load_profile


def test_the_default_profile_is_that_of_the_contract():
    rules = load_profile("default").general
    assert (rules.quorum, rules.proposer_may_approve, rules.max_months) == (1, False, 12)


@pytest.mark.parametrize("name", ["deafult", "../model", ""])
def test_a_profile_that_does_not_exist_is_refused_with_those_that_do(name):
    with pytest.raises(ConfigurationError, match=r"There are: .*default"):
        load_profile(name)
