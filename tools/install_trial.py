"""Write docs/trials/install-linux.md: parts 1 and 2 of the Linux guide, typed into a clean account.

As root it makes a user account for it and removes it again; else it takes an empty home folder and an empty
environment. Packages come from where this computer's pip is set to take them. systemd itself is not there:
the jobs that a timer would start are started by the command of its unit, which the installer has put there.

Usage: python tools/install_trial.py [FILE]
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GUIDE = ROOT / "docs" / "install" / "linux.md"
PAGE = ROOT / "docs" / "trials" / "install-linux.md"
RELEASE = (
    *("pyproject.toml", "README.md", "LICENSE", "requirements.txt"),
    *("m365_restrict", "jobs", "settings", "deploy"),
)
TIMED = ("enforce", "reviews", "drift", "evidence")
_FENCE = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
_TAKEN_AWAY = "--uninstall"
_MARK = "trial-has-ended-with"
_LISTING = ("ls-files", "--cached", "--others", "--exclude-standard", "--")
_PATIENCE = 60
_IN_USE = 8
_SLOTS = (0, 7, 10)
"""Minutes of the quarter of an hour in which some job is due by default."""
_WIDTH = 160

INTRODUCTION = """\
# The Linux guide, followed in a clean account

Played by `python tools/install_trial.py`. It took the commands of parts 1 and 2 of
[install/linux.md](../install/linux.md) word for word and typed them into a shell of {account} without
any rights. The tenant is the sandbox that the guide begins. Packages came from the package index of the
computer, each by its hash.

What was printed is copied, cut where the same goes on for long. So that this page stays the same, ids, hashes
and times of this computer's clock are numbered or left out.

**Not tried here:** systemd, which this computer does not run. So part 2 is followed by what a timer would
start: the `ExecStart` of the unit that the installer put there. Parts 3 to 7 need a tenant and a server.
"""


def parts(text: str) -> list[tuple[str, list[str]]]:
    """The headings of parts 1 and 2, each with its blocks of commands."""
    sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    return [
        (section.partition("\n")[0], _FENCE.findall(section))
        for section in sections
        if section.startswith(("1.", "2."))
    ]


def commands(block: str) -> list[str]:
    """A block's commands; lines that belong together stay together."""
    found: list[str] = []
    until = ""
    for line in block.splitlines():
        if until:
            found[-1] += f"\n{line}"
            until = "" if line == until else until
            continue
        found.append(line)
        here = re.search(r"<<'?(\w+)", line)
        until = here[1] if here else ""
    return found


class Account:
    """A clean account: a home folder with nothing but the release, and a shell."""

    def __init__(self, name: str, home: Path) -> None:
        self.name = name
        self.home = home
        self.described = "a new user account" if name else "an empty home folder"

    def shell(self) -> subprocess.Popen[str]:
        """A shell as somebody gets it who signs in."""
        kept = ("PIP_", "SSL_CERT_", "REQUESTS_CA_")
        pip = {key: value for key, value in os.environ.items() if key.startswith(kept)}
        environ = {"HOME": str(self.home), "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", **pip}
        clean = ["env", "-i", *(f"{key}={value}" for key, value in environ.items()), "bash", "--norc"]
        command = ["runuser", "--user", self.name, "--", *clean] if self.name else clean
        return subprocess.Popen(  # noqa: S603 (a shell is what the trial is about)
            command,
            cwd=self.home,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )


@contextmanager
def account() -> Iterator[Account]:
    """A clean account for as long as the trial takes."""
    name = f"trial{os.getpid()}" if os.geteuid() == 0 and shutil.which("useradd") else ""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        if name:
            home = Path("/home") / name
            _run("useradd", "--create-home", "--shell", "/bin/bash", name).check_returncode()
        try:
            _pack(home / "m365-restrict.tar.gz")
            _pip_of_this_computer(home)
            if name:
                _run("chown", "-R", f"{name}:{name}", str(home)).check_returncode()
            yield Account(name, home)
        finally:
            if name:
                _remove(name)


def _run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [shutil.which(program) or program, *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 (no text from elsewhere)


def _remove(name: str) -> None:
    """Take the account away again, once what it ran has ended."""
    for _ in range(_PATIENCE):
        if _run("userdel", "--remove", name).returncode != _IN_USE:
            return
        time.sleep(1)


def _pack(archive: Path) -> None:
    """The release, as it would be unpacked."""
    listing = _run("git", "-C", str(ROOT), *_LISTING, *RELEASE)
    listing.check_returncode()
    listed = listing.stdout.splitlines()
    with tarfile.open(archive, "w:gz") as made:
        for name in sorted(set(listed)):
            if (ROOT / name).is_file():
                made.add(ROOT / name, f"m365-restrict/{name}", filter=_nobodys)


def _nobodys(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def _pip_of_this_computer(home: Path) -> None:
    """Where this computer's packages come from; never shown."""
    configured = Path.home() / ".config" / "pip" / "pip.conf"
    if configured.exists():
        (home / ".config" / "pip").mkdir(parents=True)
        shutil.copy(configured, home / ".config" / "pip" / "pip.conf")


class Terminal:
    """One shell into which commands are typed."""

    def __init__(self, shell: subprocess.Popen[str]) -> None:
        if shell.stdin is None or shell.stdout is None:
            raise ValueError("The shell was begun without pipes.")
        self._shell = shell
        self._keys, self._lines = shell.stdin, shell.stdout

    def types(self, command: str) -> tuple[str, int]:
        """What a command printed, and its exit code."""
        self._write(f"{command}\necho {_MARK} $?\n")
        printed: list[str] = []
        for line in self._lines:
            before, mark, code = line.partition(_MARK)
            printed.append(before)
            if mark:
                return "".join(printed).rstrip("\n"), int(code)
        raise SystemExit(f"The shell ended in: {command}\n{''.join(printed)}")

    def begins(self, command: str, until: str) -> str:
        """Type a command that goes on, and wait for a line."""
        self._write(f"{command}\n")
        for line in self._lines:
            if until in line:
                return line.rstrip("\n")
        raise SystemExit(f"Never came: {until}")

    def close(self) -> None:
        """End the shell and what still runs in it."""
        with suppress(ProcessLookupError):
            os.killpg(self._shell.pid, 15)
        self._shell.wait(timeout=60)

    def _write(self, text: str) -> None:
        self._keys.write(text)
        self._keys.flush()


class Transcript:
    """The page: what was typed and printed, without what differs from time to time."""

    def __init__(self, home: Path, name: str) -> None:
        self.lines: list[str] = []
        self._home = home
        self._name = name
        self._seen: dict[str, dict[str, str]] = {}

    def says(self, text: str) -> None:
        """A sentence, or a heading."""
        self.lines += [text, ""]

    def shows(self, typed: list[tuple[str, str, int]]) -> None:
        """A block: each command, what it printed, how it ended."""
        self.lines.append("```text")
        for command, printed, code in typed:
            self.lines += [
                f"$ {line}" if not n else f"> {line}" for n, line in enumerate(command.splitlines())
            ]
            self.lines += _cut(self.stable(printed).splitlines())
            if code:
                self.lines.append(f"(exit code {code})")
        self.lines += ["```", ""]

    def stable(self, text: str) -> str:
        """The text without this computer's paths, ids and clock."""
        text = text.replace(str(self._home), "/home/ict")
        if self._name:
            text = text.replace(self._name, "ict")
        text = re.sub(r"releases/[0-9TZ]+-\d+", "releases/RELEASE", text)
        text = re.sub(r"\(Python [\d.]+, \w+\)", "(Python 3, linux)", text)
        text = re.sub(r"with \S*/python3[\d.]*", "with python3", text)
        text = self._numbered(text, "RUN", r"\b\d{8}T\d{6}Z-[0-9a-f]{6}\b")
        text = self._numbered(text, "HASH", r"\b[0-9a-f]{64}\b")
        text = self._numbered(text, "PLAN", r"(?<=Plan id: )[0-9a-f]{16}\b")
        text = self._numbered(text, "VERSION", r"\b[0-9a-f]{16}-[0-9a-f]{16}-[0-9a-f]{16}\b")
        text = self._numbered(text, "ID", r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
        text = re.sub(r"\[[a-z2-7]{8}\]", "[TOKEN]", text)
        text = re.sub(r"(councillor mailbox no\. )\d+", r"\g<1>NUMBER", text)
        text = re.sub(rf"\b(?!{_SANDBOX_TIME})20\d\d-\d\d-\d\d \d\d:\d\d", "TIME", text)
        return re.sub(rf"\b{date.today()}T\d\d:\d\d:\d\d(\.\d+)?Z", "TIME", text)

    def _numbered(self, text: str, word: str, pattern: str) -> str:
        seen = self._seen.setdefault(word, {})
        return re.sub(pattern, lambda found: seen.setdefault(found[0], f"{word}-{len(seen) + 1}"), text)


_LONGEST = 30
_SANDBOX_TIME = "2026-11-23 09:00"
_MATTERS = re.compile(r"^(Status: |The report |Delivered|Told|\d+ changes made|\d+ mails? sent)")
"""Lines that stay where a long text is cut."""
_NOISE = ("WARNING: Location ", "[notice] ")
"""What pip says of where this computer's packages are; never shown."""


def _cut(lines: list[str]) -> list[str]:
    lines = [line for line in lines if not line.startswith(_NOISE)]
    short = [line if len(line) <= _WIDTH else f"{line[: _WIDTH - 2]} …" for line in lines]
    if len(short) <= _LONGEST:
        return short
    half = _LONGEST // 2
    middle = [line for line in short[half:-half] if _MATTERS.search(line)]
    left_out = f"… ({len(short) - _LONGEST - len(middle)} more lines)"
    return [*short[:half], left_out, *middle, *short[-half:]]


def play() -> str:
    """The whole trial; the page."""
    with account() as clean:
        page = Transcript(clean.home, clean.name)
        first, second = Terminal(clean.shell()), Terminal(clean.shell())
        try:
            page.says(INTRODUCTION.format(account=clean.described).rstrip())
            for heading, blocks in parts(GUIDE.read_text(encoding="utf-8")):
                page.says(f"## {heading}")
                for block in blocks:
                    if _TAKEN_AWAY in block:
                        _timers(page, first, clean)
                        second.close()
                        page.says("## And away again")
                        page.says("The sandbox has been stopped.")
                    _block(page, first, second, commands(block))
        finally:
            second.close()
            first.close()
    return "\n".join(page.lines).rstrip() + "\n"


def _block(page: Transcript, first: Terminal, second: Terminal, typed: list[str]) -> None:
    """Type a block; one that begins the sandbox into the second terminal."""
    if not typed[-1].startswith("m365-restrict sandbox"):
        page.shows([(command, *first.types(command)) for command in typed])
        return
    page.says("In the second terminal:")
    shown = [(command, *second.types(command)) for command in typed[:-1]]
    ready = second.begins(typed[-1], "ready https://")
    page.shows([*shown, (typed[-1], ready, 0)])
    page.says("In the first:")


def _timers(page: Transcript, terminal: Terminal, clean: Account) -> None:
    """What the timers' unit would start, from the unit that the installer put there."""
    trial = clean.home / "m365-restrict" / "trial"
    unit = (trial / "etc/systemd/system/m365-restrict@.service").read_text(encoding="utf-8")
    started = re.search(r"^ExecStart=(.+)$", unit, re.MULTILINE)
    if started is None:
        raise SystemExit("The unit starts nothing.")
    page.says("## As a timer would start it")
    page.says(
        f"The unit `m365-restrict@.service` says `ExecStart={started[1]}`. The same, with each job for `%i` "
        "and the trial's folder before the paths, in a shell without any setting:"
    )
    _let_the_minute_pass()
    for job in TIMED:
        whole = (
            started[1]
            .replace("%i", job)
            .replace(" /etc/", f" {trial}/etc/")
            .replace("/opt/", f"{trial}/opt/", 1)
        )
        printed, code = terminal.types(f"env --unset=M365_RESTRICT_ENV_FILE {whole}")
        page.shows([(page.stable(whole), printed, code)])


def _let_the_minute_pass() -> None:
    """A job is run once in a minute of its timetable: what was typed by hand must not be the timer's slot."""
    typed_in = time.gmtime().tm_min
    while time.gmtime().tm_min == typed_in or time.gmtime().tm_min % 15 in _SLOTS:
        time.sleep(1)


def main() -> int:
    """Play it, and write the page."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE
    text = play()
    target.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
