import pytest

from m365_restrict.mailflow.patterns import (
    PatternNotUnderstood,
    as_whole_text,
    contains_any_word,
    matches_pattern,
    pattern_list,
    uses_caret_anchors,
)


@pytest.mark.parametrize(
    ("text", "word", "found"),
    [
        ("bob@x.example", "bob@x.example", True),
        ("BOB@x.example", "bob@X.example", True),
        ("jim.bob@x.example", "bob@x.example", True),
        ("jimbob@x.example", "bob@x.example", False),
        ("bob@x.examples", "bob@x.example", False),
        ("bob_2@x.example", "bob", True),
        ("bob2@x.example", "bob", False),
        ("Acontoso", "contoso", False),
        ("a contoso b", "contoso", True),
        ("aXb", "a.b", False),
        ("\u212aim", "kim", False),
        ("\u017fid", "sid", False),
    ],
)
def test_words_are_delimited_and_literal(text: str, word: str, found: bool) -> None:
    assert contains_any_word(text, ("nothing like it", word)) is found


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"^bob@x\.example$", "bob@x.example", True),
        (r"^bob@x\.example$", "BOB@X.EXAMPLE", True),
        (r"^bob@x\.example$", "bob@xqexample", False),
        (r"\Abob@x\.example\z", "bob@x.example", True),
        (r"[a-c]ob@", "bob@x.example", True),
        (r"b.b", "bob@x.example", True),
        (r"^(ann|bob)@", "bob@x.example", True),
        ("^kim$", "\u212aim", False),
        ("^sid$", "\u017fid", False),
        ("^sid$", "s\u0131d", False),
        ("^\u00e9$", "\u00c9", True),
    ],
)
def test_patterns_of_the_common_subset(pattern: str, text: str, found: bool) -> None:
    assert matches_pattern(text, pattern, caret_anchors=True) is found


@pytest.mark.parametrize(
    "pattern", [r"(?<=a)b", r"(?i)bob", r"\p{L}", r"a++", r"a{,2}", "[a-z-[b]]", "(", "*a"]
)
def test_what_two_engines_read_differently_is_not_understood(pattern: str) -> None:
    with pytest.raises(PatternNotUnderstood):
        matches_pattern("bob@x.example", pattern, caret_anchors=True)


@pytest.mark.parametrize(
    ("pattern", "uses"), [("^a", True), ("a$", True), (r"a\$", False), ("[^a]b", False), (r"\Aa\Z", False)]
)
def test_anchors_are_told_from_literals(pattern: str, uses: bool) -> None:
    assert uses_caret_anchors(pattern) is uses


@pytest.mark.parametrize("text", ["bob@x.example", "BOB@X.example", "bob@x.example\n", "bob@x.example\n\n"])
@pytest.mark.parametrize("more", ["", "a", "\u212a", " "])
@pytest.mark.parametrize("pattern", [r"^bob@x\.example$", r"\ABob@x\.example\Z", r"\Abob\@x\.example\z"])
@pytest.mark.parametrize("caret_anchors", [True, False])
def test_a_whole_text_is_found_by_name_as_by_its_pattern(
    text: str, more: str, pattern: str, caret_anchors: bool
) -> None:
    patterns = pattern_list((pattern, r"^somebody@x\.example$"))
    by_search = matches_pattern(text + more, pattern, caret_anchors=caret_anchors)
    assert patterns.others == ()
    assert patterns.names(text + more, caret_anchors=caret_anchors) is by_search
    assert patterns.texts is not None
    assert not by_search or as_whole_text(text + more) in patterns.texts


@pytest.mark.parametrize(
    "pattern",
    [
        r"^bob",
        "bob$",
        r"^bob@x.example$",
        r"^(bob|jim)@x\.example$",
        r"^bob\d$",
        r"^bob\Z",
        r"\Abob$",
        r"^bob\{,$",
        "^b\u00f6b$",
        "",
    ],
)
def test_a_pattern_that_may_match_more_than_one_text_is_searched_for(pattern: str) -> None:
    patterns = pattern_list((pattern,))
    assert (patterns.others, patterns.texts) == ((pattern,), None)
