import pytest

from m365_restrict.mailflow.address_list import addresses_in


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bob@x.example", ("bob@x.example",)),
        ("BOB@X.Example", ("bob@x.example",)),
        ("Bob <bob@x.example>", ("bob@x.example",)),
        ("Bob bob@x.example", ("bob@x.example",)),
        ('"Smith, Bob" <bob@x.example>, ann@x.example', ("bob@x.example", "ann@x.example")),
        ('"ann@x.example" <bob@x.example>', ("bob@x.example",)),
        ('"<ann@x.example>" <bob@x.example>', ("bob@x.example",)),
        ("Team: ann@x.example, Bob <bob@x.example>;", ("ann@x.example", "bob@x.example")),
        ("bob@x.example (ann@x.example)", ("bob@x.example",)),
        ("bob@x.example (outer (ann@x.example) still)", ("bob@x.example",)),
        ('"bob"@x.example', ("bob@x.example",)),
        ('"bob, the"@x.example', ("bob, the@x.example",)),
        ('"b\\"ob"@x.example', ('b"ob@x.example',)),
        ("<@relay.example,@other.example:bob@x.example>", ("bob@x.example",)),
        ("bob @ x.example", ("bob@x.example",)),
        ("< bob@x.example >", ("bob@x.example",)),
        ("bob@[192.0.2.1]", ("bob@[192.0.2.1]",)),
        ("bob@x.example, bob@x.example", ("bob@x.example",)),
        ('"Bob <bob@x.example>', ("bob@x.example",)),
        ("Bob (unclosed <bob@x.example>", ("bob@x.example",)),
        ("undisclosed-recipients:;", ()),
        ("\u212aim@X.example", ("\u212aim@x.example",)),
        ("J. bob@x.example", ("bob@x.example",)),
        ("<bob . b @ x.example>", ("bob.b@x.example",)),
        ("<bo b@x.example>", ()),
        ("<bo(b@x.example>", ("bo(b@x.example",)),
        ("Bob", ()),
        ("@x.example", ()),
        ("bob@", ()),
        ("", ()),
        (",;<>,:", ()),
    ],
)
def test_addresses_are_found_wherever_they_stand(text: str, expected: tuple[str, ...]) -> None:
    assert addresses_in(text) == expected


@pytest.mark.parametrize(
    "text", ['"\\' * 50_000, "(" * 100_000, "<" * 100_000, "a@b," * 50_000, "\x00" * 1000]
)
def test_a_hostile_header_is_read_without_error(text: str) -> None:
    assert set(addresses_in(text)) <= {"a@b"}
