import pytest

from m365_restrict.policy.grounds import is_about_telephone, is_criticism


@pytest.mark.requirement("M-16", "T-2")
@pytest.mark.parametrize(
    ("ground", "criticism"),
    [
        ("Criticism of planning decisions", True),
        ("Challenges the outcome of a complaint", True),
        ("Freedom of information requests", True),
        ("Subject access request", True),
        ("Press enquiries", True),
        ("Abusive criticism of staff", False),
        ("Repeats a complaint that is closed", False),
        ("Threats", False),
        ("Very high volume of contact", False),
    ],
)
def test_criticism_chasing_and_requests_are_told_from_behaviour(ground, criticism):
    assert is_criticism(ground) is criticism


@pytest.mark.requirement("Y1-7")
@pytest.mark.parametrize(
    ("ground", "telephone"),
    [
        ("Shouted on the telephone on 3 March", True),
        ("One angry phone call", True),
        ("Abusive telephone calls and e-mails", False),
        ("Repeated abusive calls", False),
        ("Threats", False),
    ],
)
def test_one_incident_on_the_telephone_is_told_from_more(ground, telephone):
    assert is_about_telephone(ground) is telephone
