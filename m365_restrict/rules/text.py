"""Text in the form that survives the service: straight quotes and plain line ends (exchange.md 7.1)."""

_STRAIGHT = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "\u00a0": " "})


def straight(text: str) -> str:
    """The same text with straight quotes and ordinary spaces."""
    return text.translate(_STRAIGHT)


def plain_text(text: str) -> str:
    """One line with straight quotes."""
    return " ".join(straight(text).split())


def normal_comments(text: str) -> str:
    """Comments without the differences that editors bring in."""
    return straight(text.replace("\r\n", "\n")).strip()
