"""The commands that README, the guides and deploy/ show: found, and taken apart as a shell would."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import typer.main

from m365_restrict.cli.app import app

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    *sorted(path for path in (ROOT / "docs").rglob("*.md") if "trials" not in path.parts),
    *sorted((ROOT / "deploy").rglob("*.md")),
]
LANGUAGES = frozenset({"sh", "bash", "console", "powershell"})
PROGRAM = "m365-restrict"
_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>[\w-]*)[^\n]*\n(?P<text>.*?)^(?P=indent)```", re.S | re.M
)
_UNMARKED = frozenset({"", "shell", "ps1", "pwsh"})
_INLINE = re.compile(r"`(?:sudo )?m365-restrict(?P<rest> [^`]+)`")
_OPERATORS = frozenset({"|", "||", "&&", ";", "&", ">", ">>", "<", "2>", "2>&1"})
# What may stand before the program in the same line, and hands the rest of it on.
_CARRIERS = frozenset({"sudo", "env", "docker", "kubectl", "&", "exec", "time"})
# Options of theirs that are given a name, which may be that of the program.
_NAMING = frozenset({"--tag", "-t", "--name", "--namespace", "-n", "--image", "--user", "generic", "-C"})
_ENDINGS = (".exe", ".cmd")
MAIN: Any = typer.main.get_command(app)


@dataclass(frozen=True)
class Block:
    """One fenced block of commands. `line` is where it begins in its page."""

    page: str
    line: int
    language: str
    text: str

    @property
    def commands(self) -> list[str]:
        """Each command, continued lines joined, comments and what was printed left out."""
        if self.language == "powershell":
            return [line.strip() for line in self.text.splitlines() if line.split("#")[0].strip()]
        return list(_joined(self._typed()))

    @property
    def ours(self) -> list[list[str]]:
        """The arguments of every use of the program, wherever it stands in a line."""
        found = (arguments_of(words(command)) for command in self.commands)
        return [one for one in found if one is not None]

    def _typed(self) -> Iterator[str]:
        prompt = "$ " if self.language == "console" and re.search(r"^\$ ", self.text, re.MULTILINE) else ""
        for line in self.text.splitlines():
            if line.startswith(prompt):
                yield line.removeprefix(prompt)


def blocks() -> list[Block]:
    """Every block of commands of every page."""
    return [block for page in PAGES for block in _of(page) if block.language in LANGUAGES]


def unlabelled() -> list[str]:
    """Blocks that hold a command of ours and are not marked as commands: nothing would look at them."""
    ours = re.compile(rf"^\W*{PROGRAM} ", re.MULTILINE)
    found = [
        f"{block.page}:{block.line}"
        for page in PAGES
        for block in _of(page)
        if block.language in _UNMARKED and ours.search(block.text)
    ]
    indented = re.compile(rf"^    +{PROGRAM} ", re.MULTILINE)
    texts = {page: _FENCE.sub("", page.read_text(encoding="utf-8")) for page in PAGES}
    return found + [f"{page.relative_to(ROOT)}: indented" for page in PAGES if indented.search(texts[page])]


def inline() -> list[tuple[str, list[str]]]:
    """The commands that sentences and tables name, with their page; brackets are left out."""
    found = []
    for page in PAGES:
        outside = _FENCE.sub("", page.read_text(encoding="utf-8"))
        for match in _INLINE.finditer(outside):
            typed = " ".join(match["rest"].replace("\\|", "|").split())
            if not re.search(r"[…]|\.\.\.|\|", typed):
                found.append((str(page.relative_to(ROOT)), shlex.split(re.sub(r"[\[\]]", "", typed))))
    return found


def words(command: str) -> list[str]:
    """A command's words. Where its quotes are another shell's, its words are what stands between blanks."""
    try:
        return shlex.split(command, comments=True)
    except ValueError:
        return command.split()


def arguments_of(typed: list[str]) -> list[str] | None:
    """What the program was given in this line, or None where it is not in it."""
    start = 0
    while start < len(typed) and re.fullmatch(r"[A-Z_0-9]+=.*", typed[start]):
        start += 1
    if start >= len(typed):
        return None
    if typed[start : start + 3] == ["docker", "compose", "run"]:
        return typed[typed.index("schedule") + 1 :]  # the image begins the program
    carried = typed[start] in _CARRIERS
    places = [index for index in range(start, len(typed)) if _is_ours(typed[index])]
    if not places or (not carried and places[0] != start):
        return None
    given = typed[places[-1] + 1 :] if carried else typed[start + 1 :]
    end = next((index for index, word in enumerate(given) if word in _OPERATORS), len(given))
    if carried and (not given or typed[places[-1] - 1] in _NAMING):
        return None
    return given[:end]


def usage(arguments: Sequence[str], *, mentioned: bool = False) -> str | None:
    """What the command line would refuse in these arguments, without running anything."""
    command, rest, context = MAIN, list(arguments), MAIN.make_context("m365-restrict", ["show-config"])
    while hasattr(command, "commands"):
        if not rest or rest[0].startswith("-"):
            return None if mentioned or (rest and rest[0] in {"--help", "-h", "--version"}) else "no verb"
        name = rest.pop(0)
        command = command.get_command(context, name)
        if command is None:
            return None if mentioned and name.isupper() else f"{name} is no verb"
    if rest and rest[0] in {"--help", "-h"}:
        return None
    try:
        given, left, _ = command.make_parser(type(context)(command)).parse_args(args=list(rest))
    except typer.TyperException as error:
        return error.format_message()
    if any(value is not None for value in left or ()):
        return f"{left} is more than {command.name} takes"
    missing = [one.name for one in command.params if one.required and given.get(one.name) is None]
    return f"{missing} must be given" if missing and not mentioned else None


def verbs() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every verb with its words, verbs of verbs too."""
    context = MAIN.make_context(PROGRAM, ["show-config"])
    todo: list[tuple[tuple[str, ...], Any]] = [((), MAIN)]
    while todo:
        path, command = todo.pop()
        for name in getattr(command, "commands", ()):
            found = (*path, name), command.get_command(context, name)
            todo.append(found)
            yield found


def _is_ours(word: str) -> bool:
    name = PurePosixPath(word.replace("\\", "/")).name
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return name == PROGRAM


def _of(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for match in _FENCE.finditer(text):
        indent = len(match["indent"])
        inner = "".join(line[indent:] + "\n" for line in match["text"].splitlines())
        line = text[: match.start()].count("\n") + 1
        yield Block(str(page.relative_to(ROOT)), line, match["language"], inner)


def _joined(lines: Iterator[str]) -> Iterator[str]:
    """Logical lines: a backslash or an open quote goes on in the next; what follows `<<` is no command."""
    whole, until = "", ""
    for line in lines:
        if until:
            until = "" if line.strip() == until else until
            continue
        whole = f"{whole}\n{line}" if whole else line
        if whole.endswith("\\"):
            whole = whole[:-1] + " "
            continue
        try:
            found = shlex.split(whole, comments=True)
        except ValueError:
            continue
        if found:
            here = re.search(r"<<-?\s*['\"]?(\w+)", whole)
            until = here[1] if here else ""
            yield whole.strip()
        whole = ""
    if whole.strip():
        yield whole.strip()
