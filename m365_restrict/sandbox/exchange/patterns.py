"""Which patterns a rule takes.

Microsoft does not document the supported syntax (exchange.md 2.3). Refused here, by inference, is what no
source shows working: look-around, named groups, back-references, Unicode classes, and what is no regular
expression at all. Both pairs of anchors pass, because sources disagree about which of them work.
"""

import re

from m365_restrict.sandbox.exchange.refusals import invalid, pattern_too_long

_LONGEST = 128
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_CLASS = re.compile(r"\[\^?\]?[^\]]*\]")
_UNSUPPORTED_ESCAPES = frozenset("123456789pPkG")
_UNSUPPORTED_GROUPS_AND_COUNTS = re.compile(r"\(\?(?!:)|[*+?}]\+")
_LEADING_FLAGS = re.compile(r"\A\(\?[imsx]+\)")


def checked_pattern(name: str, pattern: str) -> str:
    """The pattern itself, or a `CmdletRefused`."""
    if len(pattern) > _LONGEST:
        raise pattern_too_long(pattern)
    bare = _LEADING_FLAGS.sub("", pattern)  # one source: accepted and without effect
    escapes = frozenset(_ESCAPE.findall(bare))
    skeleton = _CLASS.sub("x", _ESCAPE.sub("x", bare))
    if escapes & _UNSUPPORTED_ESCAPES or _UNSUPPORTED_GROUPS_AND_COUNTS.search(skeleton):
        raise invalid(f"The pattern '{pattern}' uses a construct that isn't supported.", name)
    try:
        re.compile(bare.replace(r"\z", r"\Z"))
    except re.error:
        raise invalid(f"The pattern '{pattern}' isn't a valid regular expression.", name) from None
    return pattern
