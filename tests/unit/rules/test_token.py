import pytest

from m365_restrict.rules.token import is_our_token, token_for, token_in


def test_a_token_is_ours() -> None:
    assert is_our_token(token_for("choice-7", "ash-1"), "ash-1")


def test_a_token_of_another_instance_is_not() -> None:
    assert not is_our_token(token_for("choice-7", "ash-1"), "ash-2")


def test_a_made_up_token_is_not() -> None:
    assert not is_our_token("abcdefgh", "ash-1")


@pytest.mark.parametrize("name", ["Holiday", "[k3v9q2mx] first", "x [K3V9Q2MX]", "x [k3v9q2m]"])
def test_names_without_a_token_at_the_end(name: str) -> None:
    assert token_in(name) == ""


def test_the_token_ends_the_name() -> None:
    assert token_in("Council mail choice: to Junk Email until 7 March 2027 [k3v7q2mx]") == "k3v7q2mx"
