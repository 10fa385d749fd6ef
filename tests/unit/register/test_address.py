import pytest

from m365_restrict.register.address import BadAddress, read_address, read_address_lines, without_names


@pytest.mark.parametrize(
    "line",
    [
        "a.b@x.example",
        "  A.B@X.example ",
        "Name <a.b@x.example>",
        "Surname, First <a.b@x.example>",
        '"Surname (Team)" < a.b@x.example >',
        "a.b@x.example <a.b@x.example>",
        "'A.B@x.example' <a.b@x.example>",
    ],
)
def test_one_address_is_read_however_it_was_pasted(line: str) -> None:
    assert read_address(line) == "a.b@x.example"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("c@x.example <a.b@x.example>", "more than one address"),
        ("c@x.example, Name <a.b@x.example>", "more than one address"),
        ('"c@x.example" <a.b@x.example>', "more than one address"),
        ("<c@x.example> <a.b@x.example>", "not one e-mail address"),
        ("<@relay.example:a.b@x.example>", "not one e-mail address"),
        ("a.b@x.example, c@x.example", "not one e-mail address"),
        ("*@x.example", "not one e-mail address"),
        ("\u017fid@x.example", "not one e-mail address"),
        ("nobody", "no @"),
        ("x" * 65 + "@x.example", "longer"),
    ],
)
def test_whoever_else_could_be_meant_is_never_guessed(line: str, reason: str) -> None:
    read = read_address(line)
    assert isinstance(read, BadAddress)
    assert reason in read.reason


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Pat Person <Pat@post.example>", "Pat@post.example"),
        ("Person, Pat <pat@post.example>\r\nb@post.example", "pat@post.example\nb@post.example"),
        ("RC-2026-001", "RC-2026-001"),
        ("Pat Person <pat>", "Pat Person <pat>"),
        ("a@post.example <b@post.example>", "a@post.example <b@post.example>"),
    ],
)
def test_a_name_beside_an_address_is_not_kept(typed, kept):
    assert without_names(typed) == kept
    assert read_address_lines(without_names(typed)) == read_address_lines(typed)
