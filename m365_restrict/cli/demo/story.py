"""The demo, act by act: the real verbs, the real SMTP server, and an administrator who tampers."""

import email.policy
import smtplib
import ssl
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.progress import track
from rich.table import Table

from m365_restrict.cli.demo.council import BANNER, COUNCILLORS, DOMAIN, EXCHANGE_ADMIN, seed
from m365_restrict.cli.demo.messages import MESSAGES, DemoMessage
from m365_restrict.cli.request import Request
from m365_restrict.cli.run import told_of
from m365_restrict.cli.whole_file import write_whole
from m365_restrict.errors import ExitCode
from m365_restrict.report.console import document_lines, print_document
from m365_restrict.report.documents import Document
from m365_restrict.report.page.html import to_page
from m365_restrict.report.verb import Verb
from m365_restrict.sandbox.run import RunningSandbox, SandboxOptions


class DemoFailed(Exception):
    """An act did not end as it must; the message says which."""


def run_demo(report: Path) -> int:
    """Play all acts and write the report; 0 when each ended as it must, else 1."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    with tempfile.TemporaryDirectory(prefix="m365-restrict-demo-") as folder:
        options = SandboxOptions(state=Path(folder), smtp_port=0)
        console.print("Starting an embedded Microsoft 365 tenant on this computer …")
        with RunningSandbox(options) as sandbox:
            try:
                _Story(sandbox, console).play(report)
            except DemoFailed as failure:
                console.print(f"The demo did not go as it must: {failure}", style="bold red")
                return int(ExitCode.UNEXPECTED)
    return int(ExitCode.IN_STEP)


class _Story:
    """One telling of the demo on one sandbox."""

    def __init__(self, sandbox: RunningSandbox, console: Console) -> None:
        self._sandbox = sandbox
        self._console = console
        self._environ: Mapping[str, str] = {}

    def play(self, report: Path) -> None:
        """Every act in order."""
        self._settle()
        self._act("1. What is in the register?", "validate", Verb.VALIDATE, ExitCode.REFUSED)
        self._act("2. What would change?", "plan", Verb.PLAN, ExitCode.DIFFERENCES)
        self._act("3. Make it so", "apply --approve", Verb.APPLY, ExitCode.IN_STEP, quiet=True)
        self._act("4. Is anything left to do?", "plan", Verb.PLAN, ExitCode.IN_STEP, quiet=True)
        self._mail()
        self._tamper()
        typed = f"drift --html {report}"
        self._act("7. Does everything still hold?", typed, Verb.DRIFT, ExitCode.DIFFERENCES, html=report)
        self._act("8. Put it right", "heal --approve", Verb.HEAL, ExitCode.IN_STEP)
        self._act("9. And now?", "drift", Verb.DRIFT, ExitCode.IN_STEP)
        self._close(report)

    def _settle(self) -> None:
        council = seed()
        self._sandbox.seed(council)
        self._environ = self._sandbox.env
        self._console.print(
            f"Northmere Borough Council, which does not exist: {len(council['users']):,} mailboxes, "
            f"{len(COUNCILLORS)} councillors, {len(council['lists']['Restricted contacts']['items'])} items "
            f"in the register, {len(council['transport_rules'])} transport rules of other people."
        )

    def _act(
        self,
        heading: str,
        typed: str,
        verb: Verb,
        expected: ExitCode,
        *,
        quiet: bool = False,
        html: Path | None = None,
    ) -> None:
        self._head(heading, typed)
        request = Request(verb=verb, approve=True, html=html)
        told = told_of(request, self._environ, say=lambda _: None)
        document = told.document
        if quiet and document.head.exit_code is expected:
            self._console.print(_last_line(document))
        else:
            print_document(document, self._console)
        if document.head.exit_code is not expected:
            got = document.head.exit_code
            raise DemoFailed(f"'{typed}' ended with {int(got)}, not {int(expected)}.")
        if html is not None and told.report is not None:
            write_whole(html, to_page(told.report))

    def _head(self, heading: str, typed: str = "") -> None:
        self._console.print()
        self._console.rule(heading, align="left", characters="-")
        if typed:
            self._console.print(f"$ m365-restrict {typed}", style="bold")

    def _mail(self) -> None:
        """Send every message by SMTP, then ask the sandbox where each copy went and why."""
        self._head(f"5. Send {len(MESSAGES)} messages by SMTP, and see where every copy goes")
        with smtplib.SMTP("127.0.0.1", self._sandbox.ports.smtp or 0) as smtp:
            for number, message in enumerate(
                track(MESSAGES, "Sending", console=self._console, disable=not self._console.is_terminal), 1
            ):
                smtp.sendmail(
                    message.envelope_from or message.sender,
                    list(message.recipients),
                    message.as_email(number).as_bytes(policy=email.policy.SMTP),
                )
        traces = self._get("/sandbox/traces")["traces"]
        if len(traces) != len(MESSAGES):
            raise DemoFailed(f"{len(traces)} of {len(MESSAGES)} messages came in.")
        self._console.print(_mail_table(MESSAGES, traces))
        single_contact = sum(copy["mailbox"] == MESSAGES[1].to[1] for copy in traces[1]["copies"])
        self._console.print(
            f"Message 2 reached the single contact {single_contact} times: once because it was addressed "
            "to it, once in place of the officer. The councillor and the protected mailbox got theirs "
            "untouched."
        )

    def _tamper(self) -> None:
        """What happens in every organisation: someone means well."""
        self._head("6. Meanwhile, by hand")
        self._cmdlet(
            "Disable-TransportRule",
            {"Identity": "RC-2026-002 File without reply", "Confirm": False},
            "An administrator disables one rule,",
        )
        self._cmdlet(
            "Set-TransportRule",
            {"Identity": "RC-2026-003 Copy to single contact", "From": []},
            "empties the senders of another (which now meets all mail),",
        )
        self._cmdlet(
            "Set-TransportRule",
            {"Identity": "RC-2026-005 Refuse with notice", "ExceptIfSubjectContainsWords": ["urgent"]},
            "adds an exception to a third,",
        )
        holder = COUNCILLORS[0]
        path = "/mailFolders/inbox/messageRules"
        rules = self._post(f"/sandbox/holder/{holder}", {"method": "GET", "path": path})["value"]
        for rule in rules:
            self._post(f"/sandbox/holder/{holder}", {"method": "DELETE", "path": f"{path}/{rule['id']}"})
        self._console.print("and a councillor deletes the rule that they had chosen.")

    def _close(self, report: Path) -> None:
        self._head("What to do next")
        self._console.print(
            f"Open {report}: what drift found in act 7.\n"
            "The councillor's rule was not put back: deleting it was their choice.\n"
            "The finding about a canary stays, because nobody has sent one here. In your own tenant\n"
            "'m365-restrict doctor --canary start' shows on a message of your own how rules act.\n"
            "To try it yourself on the same council, see 'The same by hand' in README.md.",
            soft_wrap=True,
        )

    def _cmdlet(self, cmdlet: str, parameters: Mapping[str, Any], said: str) -> None:
        self._post(
            "/sandbox/cmdlet", {"by": EXCHANGE_ADMIN, "cmdlet": cmdlet, "parameters": dict(parameters)}
        )
        self._console.print(said)

    def _get(self, path: str) -> Any:  # noqa: ANN401 (JSON)
        return self._answer(httpx.get(self._sandbox.base + path, verify=self._trust(), trust_env=False))

    def _post(self, path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401 (JSON)
        url = self._sandbox.base + path
        return self._answer(httpx.post(url, json=dict(body), verify=self._trust(), trust_env=False))

    def _answer(self, response: httpx.Response) -> Any:  # noqa: ANN401 (JSON)
        if response.is_error:
            raise DemoFailed(f"{response.request.url.path} answered {response.status_code}: {response.text}")
        return response.json() if response.content else None

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self._sandbox.state / "ca.pem"))


def _last_line(document: Document) -> str:
    lines = [line.text for line in document_lines(document)]
    return f"{lines[0]}\n{lines[-1]}"


def _mail_table(messages: Sequence[DemoMessage], traces: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("No.", "What it shows", "Copy to", "Became", "Because of"):
        table.add_column(heading, overflow="fold")
    for number, (message, trace) in enumerate(zip(messages, traces, strict=True), 1):
        for index, copy in enumerate(trace["copies"]):
            first = index == 0
            table.add_row(
                str(number) if first else "",
                message.shows if first else "",
                _short(copy["recipient"]),
                _became(copy),
                _reason(copy),
            )
    return table


def _became(copy: Mapping[str, Any]) -> str:
    if copy["outcome"] == "rejected":
        return f"refused: {copy['ndr']}"
    where = f"{_short(copy['mailbox'])}, {copy['folder']}" if copy["mailbox"] else ""
    return f"{copy['outcome']} {where}".strip()


def _reason(copy: Mapping[str, Any]) -> str:
    rules = [rule for rule in copy["rules"] if rule != BANNER]
    added = f"added by {copy['added_by']}" if copy["added_by"] else ""
    return "; ".join([*rules, *([added] if added else [])]) or "no rule of ours"


def _short(address: str) -> str:
    return address.partition("@")[0] if address.endswith(f"@{DOMAIN}") else address
