"""Reads the addresses out of an address header, whatever a hostile sender put there.

The standard library's reader changed its answers between patch releases; a rule that
must match the same sender everywhere cannot rest on that.
"""

from m365_restrict.mailflow.letter_case import lowered

_SPECIAL = '@<>,;:"() \t'
_HIDE = {ord(char): 0xE000 + ord(char) for char in _SPECIAL}
_SHOW = {0xE000 + ord(char): char for char in _SPECIAL}


def addresses_in(text: str) -> tuple[str, ...]:
    """The addresses of an RFC 5322 address list, lower case, in order, each once.

    Display names, comments, group names and routes are left out, so an address that
    stands only in a display name is not found. Text that holds no address gives ().
    """
    plain = _without_comments(text) if any(char in text for char in '"(\\') else text
    found: dict[str, None] = {}
    for element in plain.replace(";", ",").split(","):
        address = _address(element)
        if address:
            found[address] = None
    return tuple(found)


def _without_comments(text: str) -> str:
    """The text without comments and quotation marks; what was quoted can no longer be taken for syntax.

    When a quotation or a comment never ends, its opening mark is taken as an ordinary letter.
    """
    kept: list[str] = []
    quoted = escaped = False
    depth = 0
    for char in text:
        if escaped:
            escaped = False
            if quoted:
                kept.append(char.translate(_HIDE))
        elif char == "\\" and (quoted or depth):
            escaped = True
        elif char == '"' and not depth:
            quoted = not quoted
        elif quoted:
            kept.append(char.translate(_HIDE))
        elif char == "(":
            depth += 1
        elif depth:
            depth -= char == ")"
        else:
            kept.append(char)
    if quoted or depth:
        return text.translate({ord(char): _HIDE[ord(char)] for char in '"()'})
    return "".join(kept)


def _address(element: str) -> str:
    """The address of one element of a list, or "" where there is none."""
    angled = "<" in element
    part = element.rpartition("<")[2].partition(">")[0] if angled else element.replace(">", " ")
    if "[" not in part:
        part = part.rpartition(":")[2]
    for joint in "@." if angled else "@":  # Blanks beside these mean nothing (RFC 5322 4.4).
        part = joint.join(piece.strip() for piece in part.split(joint))
    words = part.split()
    if angled and len(words) > 1:
        return ""
    for word in reversed(words):
        local, at, domain = word.rpartition("@")
        if at and local and domain:
            return lowered(word.translate(_SHOW))
    return ""
