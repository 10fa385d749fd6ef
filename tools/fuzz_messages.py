"""Messages that nobody honest would send, each made anew from its seed and number.

A message knows whom its From fields name wherever that follows from how it was put together, so that the
program's answer is held against this and not against its own reading.
"""

import base64
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

RESTRICTED = (
    "pat.person@post.example",
    "pat.person+news@post.example",
    "o'neil_{x}|y@sub.post.example",
    "kim.sis@post.example",
    "1@a-b.example",
    "refused@post.example",
    "copied@post.example",
    "planning.only@post.example",
)
OTHERS = ("other@post.example", "someone.else@mail.example", "officer@ash.example", "x@y.example")
RECIPIENTS = (
    "officer@ash.example",
    "clerk@ash.example",
    "cllr.a@ash.example",
    "planning@ash.example",
    "contact@ash.example",
    "monitoring@ash.example",
    "team@ash.example",
    "councillors@ash.example",
    "nobody@ash.example",
    "someone@elsewhere.example",
)
_ODD_RECIPIENTS = (
    "",
    "@",
    "a@b@c",
    "Officer@ASH.example",
    "\ud800@ash.example",
    "x" * 400,
    "<officer@ash.example>",
)
MEGABYTE = 1 << 20
_LARGE = (
    b'"', b"(", b"<", b"=?utf-8?q?a", b"=?", b"a@b.example,", b"pat.person@post.example ", b":", b"\\",
    b"((", b'"(',
    b"=?utf-8?b?cGF0?= ", b" \t", b"\r\n ", b";:", b"\xff\xfe", b"@", b",", b"<@r:", b"[",
)  # fmt: skip
_PIECES = (
    b"\x00", b"\r", b"\n", b"\t", b"\xff", b"\xc3\xa9", "\u202e".encode(),
    "\ud800".encode("utf-8", "surrogatepass"),
    b"=?", b"?=", b"=?x-unknown?q?hi?=", b"=?utf-8?b?!!!?=", b"=?utf-8?q?=ZZ?=", b"<script>", b'"', b"\\",
    b"(", b")", b"<", b">",
    b"@", b",", b";", b":", b"[", b"]", b" ", b"From:", b"=cmd|' /C calc'!A0", b"{{7*7}}", b"[bold]",
    b"word", b"",
)  # fmt: skip

Truth: TypeAlias = frozenset[str] | None
Made: TypeAlias = tuple[bytes, Truth]


@dataclass(frozen=True, kw_only=True)
class FuzzedMessage:
    """A message on its way in. `senders` is None where nobody can say whom From names."""

    number: int
    raw: bytes
    envelope_from: str
    recipients: tuple[str, ...]
    senders: Truth
    shape: str


def fuzzed_message(seed: int, number: int) -> FuzzedMessage:
    """The message with that number; the same for ever."""
    dice = random.Random(f"{seed}/message/{number}")  # noqa: S311 - chance that can be repeated is the point
    shape = "large" if number % 1000 == 0 else dice.choice(_NAMES)
    fields, senders = _large(dice) if shape == "large" else SHAPES[shape](dice)
    lines = [*fields, *_other_fields(dice)]
    if shape != "large":
        dice.shuffle(lines)
    ending = dice.choice((b"\r\n", b"\r\n", b"\r\n", b"\n"))
    raw = ending.join(line.replace(b"\r\n", ending) for line in lines) + ending
    raw += dice.choice((b"", ending, ending + b"Hello." + ending, ending + b"From: pat.person@post.example"))
    if shape == "mangled":
        raw = _mangled(dice, raw)
    return FuzzedMessage(
        number=number,
        raw=raw,
        envelope_from=_envelope(dice),
        recipients=_recipients(dice),
        senders=senders,
        shape=shape,
    )


def neighbours(address: str) -> tuple[str, ...]:
    """Addresses that look like this one and are somebody else's."""
    local, _, domain = address.partition("@")
    return (
        f"x{address}", f"{address}x", f"{address}.example", f"{local}@sub.{domain}", f"{local}+tag@{domain}",
        f"{local.replace('.', 'x')}@{domain}" if "." in local else f"{local}.@{domain}",
        f"{local}@{domain.replace('.', 'x', 1)}",
        f"{local[:-1] or 'z'}{'q' if local[-1:] != 'q' else 'r'}@{domain}",
        f"{local}@x{domain}", f"{local}%{domain}@relay.example",
        *(address.replace(plain, odd, 1) for plain, odd in _LOOK_ALIKES if plain in local),
    )  # fmt: skip


# Letters of other alphabets, some of which become plain ones when their case is changed.
_LOOK_ALIKES = (
    ("k", "\u212a"),
    ("s", "\u017f"),
    ("i", "\u0131"),
    ("i", "\u0130"),
    ("a", "\u0430"),
    ("e", "\u0435"),
)


def _sender(dice: random.Random) -> str:
    chance = dice.random()
    if chance < 0.4:  # noqa: PLR2004 - so that every shape meets restricted and other senders alike
        return dice.choice(RESTRICTED)
    if chance < 0.8:  # noqa: PLR2004
        return dice.choice(neighbours(dice.choice(RESTRICTED)))
    return dice.choice(OTHERS)


def _spelt(dice: random.Random, address: str) -> bytes:
    """The address with letters in either case, which mean the same (exchange.md 7.1 row 5)."""
    if not address.isascii():
        return address.encode()
    return "".join(dice.choice((one.lower(), one.upper())) for one in address).encode()


def _word(dice: random.Random) -> bytes:
    return b" ".join(dice.choice((b"Pat", b"Person", b"J.", b"\xc3\x89mile", b"O'Neil")) for _ in range(2))


def _plain(dice: random.Random) -> tuple[list[bytes], Truth]:
    address = _sender(dice)
    return [b"From: " + _spelt(dice, address)], frozenset({address})


def _angled(dice: random.Random) -> tuple[list[bytes], Truth]:
    address = _sender(dice)
    inside = dice.choice((b"%s", b" %s ", b"\t%s")) % _spelt(dice, address)
    return [b"From: " + _word(dice) + b" <" + inside + b">"], frozenset({address})


def _quoted_name(dice: random.Random) -> tuple[list[bytes], Truth]:
    address, shown = _sender(dice), dice.choice(RESTRICTED)
    marks = dice.choice((b'"%s"', b'"<%s>"', b'"a, %s"', b'"\\"%s\\" b"', b'"(%s"', b'"%s;:"'))
    return [b"From: " + marks % shown.encode() + b" <" + _spelt(dice, address) + b">"], frozenset({address})


def _comment(dice: random.Random) -> tuple[list[bytes], Truth]:
    address, shown = _sender(dice), dice.choice(RESTRICTED).encode()
    mark = dice.choice((b"(%s)", b"(a (%s) b)", b'(" %s)', b"(<%s>)", b"(\\) %s)"))
    before, after = dice.choice(((mark % shown + b" ", b""), (b"", b" " + mark % shown)))
    return [b"From: " + before + _spelt(dice, address) + after], frozenset({address})


def _bare_name(dice: random.Random) -> tuple[list[bytes], Truth]:
    """An address as a name without quotation marks, which is no address to anybody."""
    address = _sender(dice)
    shown = dice.choice(RESTRICTED).encode()
    return [b"From: " + shown + b" <" + _spelt(dice, address) + b">"], frozenset({address})


def _encoded(dice: random.Random) -> tuple[list[bytes], Truth]:
    address, shown = _sender(dice), dice.choice(RESTRICTED)
    hidden = base64.b64encode(f"<{shown}>, ".encode())
    name = dice.choice((b"=?utf-8?b?%s?=" % hidden, b"=?utf-8?q?%s?=" % shown.replace("@", "=40").encode()))
    return [b"From: " + name + b" <" + _spelt(dice, address) + b">"], frozenset({address})


def _group(dice: random.Random) -> tuple[list[bytes], Truth]:
    one, other = _sender(dice), _sender(dice)
    inside = _spelt(dice, one) + b", B <" + _spelt(dice, other) + b">"
    return [b"From: " + _word(dice).replace(b"'", b"") + b": " + inside + b";"], frozenset({one, other})


def _empty_group(dice: random.Random) -> tuple[list[bytes], Truth]:
    return [b"From: " + dice.choice((b"Undisclosed:;", b"a:;", b"Undisclosed: ;"))], frozenset()


def _several(dice: random.Random) -> tuple[list[bytes], Truth]:
    found = [_sender(dice) for _ in range(dice.randint(2, 5))]
    return [b"From: " + b", ".join(_spelt(dice, one) for one in found)], frozenset(found)


def _two_fields(dice: random.Random) -> tuple[list[bytes], Truth]:
    one, other = _sender(dice), _sender(dice)
    names = dice.choice(((b"From", b"From"), (b"From", b"FROM"), (b"from", b"From")))
    return [
        names[0] + b": " + _spelt(dice, one),
        names[1] + b": X <" + _spelt(dice, other) + b">",
    ], frozenset({one, other})


def _no_field(dice: random.Random) -> tuple[list[bytes], Truth]:
    elsewhere = dice.choice((b"Reply-To", b"Sender", b"Resent-From", b"X-From"))
    return [elsewhere + b": " + _spelt(dice, dice.choice(RESTRICTED))], frozenset()


def _name_alone(dice: random.Random) -> tuple[list[bytes], Truth]:
    return [
        b"From: " + dice.choice((_word(dice), b"", b"<>", b"@", b'""', b"(pat.person@post.example)"))
    ], frozenset()


def _folded(dice: random.Random) -> tuple[list[bytes], Truth]:
    address = _sender(dice)
    return [b"From: " + _word(dice) + b"\r\n\t <" + _spelt(dice, address) + b">"], frozenset({address})


def _route(dice: random.Random) -> tuple[list[bytes], Truth]:
    address = _sender(dice)
    return [b"From: X <@relay.example,@b.example:" + _spelt(dice, address) + b">"], None


def _mangled_from(dice: random.Random) -> tuple[list[bytes], Truth]:
    return [SHAPES[dice.choice(_SOUND)](dice)[0][0]], None


def _rubbish(dice: random.Random) -> tuple[list[bytes], Truth]:
    pieces = [dice.choice((*_PIECES, _sender(dice).encode())) for _ in range(dice.randint(1, 12))]
    return [b"From:" + b"".join(pieces)], None


SHAPES: dict[str, Callable[[random.Random], tuple[list[bytes], Truth]]] = {
    "plain": _plain,
    "angled": _angled,
    "quoted name": _quoted_name,
    "comment": _comment,
    "name like an address": _bare_name,
    "encoded words": _encoded,
    "group": _group,
    "empty group": _empty_group,
    "several addresses": _several,
    "two From fields": _two_fields,
    "no From field": _no_field,
    "From without address": _name_alone,
    "folded": _folded,
    "route": _route,
    "mangled": _mangled_from,
    "rubbish": _rubbish,
}
_NAMES = tuple(SHAPES)
_SOUND = tuple(name for name in SHAPES if name not in {"mangled", "rubbish", "no From field", "route"})


def _large(dice: random.Random) -> tuple[list[bytes], Truth]:
    """A field of a megabyte, or a hundred thousand fields."""
    unit = dice.choice(_LARGE)
    filling = (unit * (MEGABYTE // len(unit) + 1))[:MEGABYTE]
    place = dice.choice((b"From: ", b"Subject: ", b"To: ", b"Reply-To: ", b"X-Filler: "))
    address = _sender(dice)
    if place == b"From: ":
        return [place + filling + dice.choice((b"", b" <" + _spelt(dice, address) + b">"))], None
    if dice.random() < 0.2:  # noqa: PLR2004
        many = [b"X-%d: y" % number for number in range(MEGABYTE // 16)]
        return [*many, b"From: " + _spelt(dice, address)], frozenset({address})
    return [b"From: " + _spelt(dice, address), place + filling.replace(b"\r\n", b" ")], frozenset({address})


def _other_fields(dice: random.Random) -> list[bytes]:
    fields = [b"Message-ID: <%d@post.example>" % dice.randint(1, 9)]
    for name in (
        b"Subject",
        b"To",
        b"Cc",
        b"Sender",
        b"Date",
        b"Content-Type",
        b"Importance",
        b"Auto-Submitted",
    ):
        if dice.random() < 0.4:  # noqa: PLR2004
            pieces = [dice.choice(_PIECES).replace(b"\n", b"").replace(b"\r", b"") for _ in range(4)]
            fields.append(name + b": " + b"".join(pieces) + b" " + dice.choice(RECIPIENTS).encode())
    return fields


def _mangled(dice: random.Random, raw: bytes) -> bytes:
    """The same bytes, some of them overwritten, taken out or put in."""
    octets = bytearray(raw)
    for _ in range(dice.randint(1, 8)):
        at = dice.randrange(len(octets) + 1)
        octets[at : at + dice.randint(0, 3)] = dice.choice(_PIECES)
    return bytes(octets)


def _envelope(dice: random.Random) -> str:
    odd = (
        "",
        "<>",
        "<pat.person@post.example>",
        "PAT.PERSON@post.example",
        "\ud800@post.example",
        "no address",
    )
    return dice.choice((*odd, _sender(dice), _sender(dice)))


def _recipients(dice: random.Random) -> tuple[str, ...]:
    chosen: Sequence[str] = dice.sample(RECIPIENTS, dice.randint(1, 4))
    return (*chosen, dice.choice(_ODD_RECIPIENTS)) if dice.random() < 0.1 else tuple(chosen)  # noqa: PLR2004
