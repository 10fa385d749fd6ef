from datetime import date

import pytest

from m365_restrict.errors import ConfigurationError
from settings import load_settings
from settings.run_options import run_options

_P = "M365_RESTRICT_"
_NEEDED = {
    f"{_P}REGISTER__SITE": "council.sharepoint.example:/sites/restrict",
    f"{_P}POLICY__APPROVERS": "director@ashbourne.example",
    f"{_P}POLICY__COUNCILLORS_GROUP": "councillors@ashbourne.example",
    f"{_P}OWNERSHIP__INSTANCE_ID": "ashbourne",
}


def people(**given: str):
    environ = _NEEDED | {f"{_P}POLICY__{name}": value for name, value in given.items()}
    return run_options(load_settings(environ, None)).people


def test_the_councils_own_never_restricted_senders_join_those_that_ship():
    known = people(NEVER_RESTRICT="Forms@Post.example, paper.example").known_senders
    assert known.must_reach("forms@post.example")
    assert known.must_reach("desk@news.paper.example")
    assert known.must_reach("someone@parliament.uk")


def test_without_any_setting_those_that_ship_stand():
    assert people().known_senders.must_reach("someone@ombudsman.wales")
    assert people().pre_election is None


def test_the_period_before_an_election_has_two_days():
    period = people(PRE_ELECTION_FROM="2027-03-22", ELECTION_ON="2027-05-06").pre_election
    assert period == (date(2027, 3, 22), date(2027, 5, 6))


@pytest.mark.parametrize(
    "given",
    [{"ELECTION_ON": "2027-05-06"}, {"PRE_ELECTION_FROM": "2027-05-07", "ELECTION_ON": "2027-05-06"}],
)
def test_half_a_period_or_one_that_ends_before_it_begins_is_refused(given):
    with pytest.raises(ConfigurationError, match="ELECTION_ON"):
        people(**given)


@pytest.mark.requirement("M-23")
def test_approvers_of_a_stage_fall_back_to_the_general_ones():
    found = people(APPROVERS_STAGE_2="governance@ashbourne.example").approvers
    assert [found[stage] for stage in ("1", "2", "None")] == [
        ("director@ashbourne.example",),
        ("governance@ashbourne.example",),
        ("director@ashbourne.example",),
    ]
