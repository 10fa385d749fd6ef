"""What one person does and sees of a council in a sandbox, as Markdown."""

import contextlib
import io
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any, TypeAlias

import httpx

from m365_restrict.cli.request import Request
from m365_restrict.cli.run import run_verb
from m365_restrict.register.schema import ListSchema
from m365_restrict.report.verb import Verb
from m365_restrict.sandbox.run import RunningSandbox

Json: TypeAlias = Any

_INTRODUCTION = """\
# Tried as {who}

Played by `python tools/play_trials.py` in a sandbox, which has no browser: a form filled in or a button
pressed is a save of that item by that account. What was seen is copied from the list and the mails. {has}
"""


class Council:
    """The council in a sandbox, as people without a command line meet it."""

    def __init__(self, running: RunningSandbox, seed: Mapping[str, Json], person: str) -> None:
        self._person = person
        self._running = running
        #: Settings that differ from those of the sandbox.
        self.settings: dict[str, str] = {}
        self._base = f"http://127.0.0.1:{running.ports.http}/sandbox"
        running.seed(seed)

    def ask(self, method: str, path: str, body: Json = None) -> Json:
        """One call of the control API."""
        answer = httpx.request(method, f"{self._base}/{path}", json=body, trust_env=False, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def save(self, schema: ListSchema, by: str, fields: Mapping[str, Any], item: str = "") -> str:
        """Somebody saves an item of a list; its id."""
        path = f"list/{schema.title}" + (f"/{item}" if item else "")
        return str(self.ask("POST", path, {"by": by, "fields": dict(fields)})["id"])

    def versions(self, schema: ListSchema, item: str) -> list[dict[str, Any]]:
        """What the list's own version history shows of an item, oldest first."""
        lists = self._running.tenant.lists
        document = lists.find(schema.title)
        stored = lists.item(document, item) if document else None
        versions: list[dict[str, Any]] = stored["versions"] if stored else []
        return versions

    @property
    def environ(self) -> dict[str, str]:
        """The settings with which the program runs here."""
        return {**self._running.env, **self.settings}

    def program_runs(self) -> None:
        """The job that enforces and tells."""
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            run_verb(Request(verb=Verb.APPLY, output="json", approve=True), self.environ)

    def mails_to(self, upn: str) -> list[dict[str, Any]]:
        """Every mail that the program has sent to somebody."""
        return [one for one in self.ask("GET", "sent")["sent"] if upn in one["to"]]

    def clock(self, now: str) -> None:
        """Another day comes."""
        self.ask("POST", "clock", {"now": now})

    def write_mail(self, *recipients: str) -> list[dict[str, Any]]:
        """The person writes; where every copy went."""
        raw = f"From: {self._person}\r\nTo: {', '.join(recipients)}\r\nSubject: Question\r\n\r\nHello.\r\n"
        body = {"raw": raw, "envelope_from": self._person, "recipients": list(recipients)}
        copies: list[dict[str, Any]] = self.ask("POST", "mail", body)["copies"]
        return copies


class Notebook:
    """What one person did and saw, as Markdown."""

    def __init__(self, council: Council, upn: str, who: str, has: str) -> None:
        self._council = council
        self._upn = upn
        self._read = 0
        self._lines = [_INTRODUCTION.format(who=who, has=has)]

    def heading(self, text: str) -> None:
        """A new part of the story."""
        self._lines.append(f"## {text}\n")

    def does(self, schema: ListSchema, text: str, fields: Mapping[str, Any], item: str = "") -> str:
        """Save an item and tell it; its id."""
        self._lines.append(f"{text}\n")
        self._lines += [
            f"- {schema.column(name).display_name}: {_shown(value)}" for name, value in fields.items()
        ]
        self._lines.append("")
        return self._council.save(schema, self._upn, fields, item)

    def says(self, text: str) -> None:
        """A plain sentence."""
        self._lines.append(f"{text}\n")

    def sees_item(self, schema: ListSchema, item: str, *columns: str) -> None:
        """What the list shows of an item now."""
        fields = self._council.versions(schema, item)[-1]["fields"]
        self._lines += ["The list shows:", ""]
        for name in columns:
            self._lines.append(f"- {schema.column(name).display_name}: {_shown(fields.get(name, '(empty)'))}")
        self._lines.append("")

    def sees_history(self, schema: ListSchema, item: str, column: str) -> None:
        """Which versions changed a column, and who saved them."""
        self._lines += [f"The version history of {schema.column(column).display_name}:", ""]
        before = None
        for version in self._council.versions(schema, item):
            value = version["fields"].get(column)
            if value != before:
                saver = version["by"].get("upn") or version["by"]["name"]
                self._lines.append(
                    f"- version {version['number']}, {version['at']}, {saver}: {_shown(value)}"
                )
            before = value
        self._lines.append("")

    def reads_mail(self) -> None:
        """The mails that have come since the last look."""
        mails = self._council.mails_to(self._upn)
        new, self._read = mails[self._read :], len(mails)
        if not new:
            self._lines.append("No mail came.\n")
        for mail in new:
            self._lines += [f"A mail came: **{mail['subject']}**", ""]
            self._lines += [f"> {line}" if line else ">" for line in _text(mail)]
            self._lines.append("")

    def sees_copies(self, copies: list[dict[str, Any]]) -> None:
        """Where a message went."""
        for copy in copies:
            folder = f", folder {copy['folder']}" if copy["folder"] else ""
            place = copy["mailbox"] or "nobody"
            self._lines.append(f"- to {copy['recipient']}: {copy['outcome']}, {place}{folder}")
        self._lines.append("")

    def text(self) -> str:
        """The whole page."""
        return "\n".join(self._lines).replace(": \n", ":\n").rstrip() + "\n"


def _shown(value: Json) -> str:
    """A value; one of several lines as points below it."""
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    lines = str(value).strip().splitlines()
    return lines[0] if len(lines) == 1 else "".join(f"\n  - {line}" for line in lines)


def _text(mail: Mapping[str, Any]) -> list[str]:
    content = str(mail["content"])
    if str(mail["content_type"]).lower() == "html":
        content = "".join(_Words(content).found)
    return [line.strip() for line in content.strip().splitlines()]


class _Words(HTMLParser):
    """The words of a page, one block a line."""

    _BLOCKS = frozenset({"p", "h1", "h2", "h3", "li", "div", "br", "tr"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._hidden = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 (html.parser's)
        self._hidden += tag in {"style", "title"}
        if tag in self._BLOCKS:
            self.found.append("\n- " if tag == "li" else "\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"style", "title"}

    def handle_data(self, data: str) -> None:
        if not self._hidden and data.strip():
            self.found.append(" ".join(data.split()) + " ")
