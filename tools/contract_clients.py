"""Clients of Graph that we did not write, at work on the sandbox: python O365 and Microsoft's for JavaScript.

Each runs in a process of its own, signs in with a secret, and prints what it saw as JSON.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from contract_council import CONTRACT_ROLES
from crash_council import CONTACTS, COUNCILLORS, OFFICER, seed

from m365_restrict.sandbox.run import RunningSandbox

Json: TypeAlias = Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "tests" / "contract" / "clients"
_SECONDS = 120
_LISTS = ["Councillor mail choices", CONTACTS, "Restriction reviews"]


class ClientFailed(Exception):
    """A client did not come to its end; the message holds what it printed."""


class ClientMissing(Exception):
    """A client is not installed; the message says how to install it."""


def python_client(running: RunningSandbox, interpreter: Path) -> dict[str, Json]:
    """What python O365 saw; `interpreter` is of the environment that has it."""
    if not interpreter.exists():
        raise ClientMissing("python O365 is not installed; `make contract` installs it into .venv-contract")
    return _run(running, [str(interpreter), str(FOLDER / "o365_client.py")])


def javascript_client(running: RunningSandbox, folder: Path) -> dict[str, Json]:
    """What Microsoft's JavaScript client saw; `folder` holds its node_modules and is where it runs."""
    node = shutil.which("node")
    if node is None:
        raise ClientMissing("there is no node on the path")
    _install(folder)
    shutil.copy(FOLDER / "graph_client.mjs", folder)
    return _run(running, [node, str(folder / "graph_client.mjs")])


def python_expected() -> dict[str, Json]:
    """What python O365 must see."""
    return {
        "signed_in": True,
        "lists": _LISTS,
        "items": _titles(),
        "written": "RC-961",
        "deleted": True,
        "sent": True,
    }


def javascript_expected() -> dict[str, Json]:
    """What the JavaScript client must see."""
    return {
        "lists": _LISTS,
        "items": _titles(),
        "versions": 2,
        "rules": [["From JavaScript", False]],
        "batch": [200, 404],
        "left": 0,
        "sent": True,
        "refused": [404, "Request_ResourceNotFound"],
    }


def wrong(seen: Mapping[str, Json], expected: Mapping[str, Json]) -> list[str]:
    """What a client saw otherwise than it must."""
    return [
        f"{name} was {seen.get(name)!r} and must be {value!r}"
        for name, value in expected.items()
        if seen.get(name) != value
    ]


def _titles() -> list[str]:
    made = [item["versions"][0]["fields"]["Title"] for item in seed()["lists"][CONTACTS]["items"]]
    return sorted([*made, "~ this row proves the list can be read whole"])


def _install(folder: Path) -> None:
    """The packages as the lock file pins them, by their checksums, from whatever registry npm is set to."""
    lock = (FOLDER / "package-lock.json").read_bytes()
    stamp = folder / "installed"
    if stamp.is_file() and stamp.read_bytes() == lock:
        return
    npm = shutil.which("npm")
    if npm is None:
        raise ClientMissing("there is no npm on the path")
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(FOLDER / name, folder)
    try:
        done = subprocess.run(  # noqa: S603 (npm, with nothing of anybody else's)
            [npm, "ci"], cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ClientMissing(f"npm did not install its packages in {_SECONDS} seconds") from error
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise ClientMissing(f"npm could not install its packages: {said[0]}")
    stamp.write_bytes(lock)


def _run(running: RunningSandbox, command: list[str]) -> dict[str, Json]:
    document = seed()
    running.seed({**document, "tenant": {**document["tenant"], "applications": CONTRACT_ROLES}})
    certificates = str(running.state / "ca.pem")
    names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
    env = {
        **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
        **dict.fromkeys(names, certificates),
        "BASE": running.base,
        "TENANT": running.tenant.document["id"],
        "CLIENT_ID": running.authority.applications["reader"].client_id,
        "CLIENT_SECRET": running.authority.credentials["reader"].secret,
        "SITE": running.env["M365_RESTRICT_REGISTER__SITE"],
        "LIST": CONTACTS,
        "MAILBOX": OFFICER,
        "RECIPIENT": COUNCILLORS[0],
    }
    done = subprocess.run(  # noqa: S603 (our own script)
        command, env=env, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    if done.returncode:
        raise ClientFailed(f"{Path(command[-1]).name} ended with {done.returncode}: {done.stderr[-2000:]}")
    found: dict[str, Json] = json.loads(done.stdout.splitlines()[-1])
    return found
