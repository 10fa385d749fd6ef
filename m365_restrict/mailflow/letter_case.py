"""Case of letters as far as addresses and patterns are concerned: ASCII letters equal ASCII letters alone.

Unicode lets a few letters of other alphabets turn into plain ones when case is ignored, and Python and .NET
do not agree on which. A sender who writes one of them is somebody else.
"""

_KELVIN = "\u212a"  # str.lower makes a k of it, and of no other letter a plain one.
_OTHERS = str.maketrans({_KELVIN: "\ue000", "\u017f": "\ue001", "\u0130": "\ue002", "\u0131": "\ue003"})


def lowered(text: str) -> str:
    """The text in lower case."""
    return text.lower() if text.isascii() else _KELVIN.join(part.lower() for part in text.split(_KELVIN))


def set_apart(text: str) -> str:
    """The text with those letters replaced, so that a search without case takes none for a plain one."""
    return text if text.isascii() else text.translate(_OTHERS)
