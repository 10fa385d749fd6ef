import json
import os
import signal
import ssl
import stat
import subprocess
import sys

import httpx
import pytest

from m365_restrict.sandbox.run import RunningSandbox, SandboxNotStarted, SandboxOptions

START = """
import sys
from pathlib import Path
from m365_restrict.sandbox.run import SandboxOptions, run_sandbox
state, seed = Path(sys.argv[1]), sys.argv[2]
sys.exit(run_sandbox(SandboxOptions(state=state, seed=Path(seed) if seed else None)))
"""


def start(state, seed=""):
    return subprocess.Popen(
        [sys.executable, "-c", START, str(state), str(seed)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def read_env(state):
    return dict(line.split("=", 1) for line in (state / "client.env").read_text().splitlines())


@pytest.fixture
def trusted(tmp_path):
    """A client that trusts the sandbox in the test's own folder."""

    def get(url):
        context = ssl.create_default_context(cafile=tmp_path / "ca.pem")
        return httpx.get(url, verify=context, trust_env=False)

    return get


def test_it_says_ready_once_and_stops_on_sigterm(tmp_path, trusted):
    with start(tmp_path) as process:
        try:
            ready = process.stdout.readline()
            base = read_env(tmp_path)["M365_RESTRICT_AUTH__AUTHORITY"]
            assert ready == f"ready {base}\n"
            assert trusted(f"{base}/sandbox/clock").status_code == 200
        finally:
            process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")


def test_a_bad_seed_ends_with_5_and_a_sentence(tmp_path):
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps({"userz": []}))
    with start(tmp_path, seed) as process:
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (5, "")
    assert "userz" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("content", "says"), [(None, "cannot be read"), ("{", "not JSON"), ('{"x": 1}', "not known: x")]
)
def test_a_seed_file_that_cannot_be_used_is_named(tmp_path, content, says):
    seed = tmp_path / "seed.json"
    if content is not None:
        seed.write_text(content)
    with pytest.raises(SandboxNotStarted, match=says):
        RunningSandbox(SandboxOptions(state=tmp_path / "state", seed=seed)).start()


def test_a_port_in_use_is_named(running_sandbox, tmp_path):
    options = SandboxOptions(state=tmp_path, port=running_sandbox.ports.https)
    with pytest.raises(SandboxNotStarted, match=f"Port {running_sandbox.ports.https}"):
        RunningSandbox(options).start()


def test_a_restart_keeps_tenant_trust_and_credentials(tmp_path):
    with RunningSandbox(SandboxOptions(state=tmp_path)) as first:
        first.seed({"users": [{"upn": "a@council.example"}]})
        before, trust = read_env(tmp_path), (tmp_path / "ca.pem").read_bytes()
    with RunningSandbox(SandboxOptions(state=tmp_path)) as second:
        assert second.tenant.directory.find("a@council.example") is not None
        after = read_env(tmp_path)
    assert (tmp_path / "ca.pem").read_bytes() == trust
    for key in ("AUTH__TENANT_ID", "AUTH__WRITER__CLIENT_ID", "AUTH__WRITER__CLIENT_SECRET"):
        assert after[f"M365_RESTRICT_{key}"] == before[f"M365_RESTRICT_{key}"]


def test_faults_of_a_file_wait_from_the_start(tmp_path):
    faults = tmp_path / "faults.json"
    faults.write_text(json.dumps([{"do": "status", "status": 502}]))
    options = SandboxOptions(state=tmp_path, http_port=0, faults=faults)
    with RunningSandbox(options) as running:
        token = running.authority.issue(
            running.authority.applications["reader"],
            resource="https://graph.microsoft.com",
            tenant=running.tenant.document["id"],
            issuer=running.base,
        )
        url = f"http://127.0.0.1:{running.ports.http}/v1.0/users"
        sent = {"Authorization": f"Bearer {token}"}
        answers = [httpx.get(url, headers=sent, trust_env=False) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [502, 200]


def test_latency_delays_graph_and_not_control(tmp_path):
    with RunningSandbox(SandboxOptions(state=tmp_path, http_port=0, latency_ms=300)) as running:
        base = f"http://127.0.0.1:{running.ports.http}"
        assert httpx.get(f"{base}/v1.0/users", trust_env=False).elapsed.total_seconds() >= 0.3
        assert httpx.get(f"{base}/sandbox/clock", trust_env=False).elapsed.total_seconds() < 0.3


def test_it_listens_on_both_loopback_addresses(running_sandbox):
    port = running_sandbox.ports.http
    hosts = ["127.0.0.1", "[::1]"] if os.path.exists("/proc/net/if_inet6") else ["127.0.0.1"]  # noqa: PTH110
    answers = [httpx.get(f"http://{host}:{port}/sandbox/clock", trust_env=False) for host in hosts]
    assert {answer.status_code for answer in answers} == {200}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("GRAPH__BASE_URL", "{base}/v1.0"),
        ("EXCHANGE__BASE_URL", "{base}"),
        ("GRAPH__SCOPE", "https://graph.microsoft.com/.default"),
        ("EXCHANGE__SCOPE", "https://outlook.office365.com/.default"),
        ("CLOCK__URL", "{base}/sandbox/clock"),
        ("LEDGER__URL", "sqlite:///{state}/ledger.db"),
        ("RULES__MODE", "enforce"),
        ("REGISTER__TIME_ZONE", "Europe/London"),
        ("OWNERSHIP__INSTANCE_ID", "sandbox"),
        ("TLS__CA_FILE", "{state}/ca.pem"),
    ],
)
def test_client_env_has_what_a_verb_needs(council, key, value):
    wanted = value.format(base=council.base, state=council.state)
    assert read_env(council.state)[f"M365_RESTRICT_{key}"] == wanted


def test_files_with_secrets_are_the_owners_alone(council):
    for name in ("client.env", "applications.json", "reader.pem", "signing.pem", "ca.key"):
        assert stat.S_IMODE((council.state / name).stat().st_mode) == 0o600


def test_the_authority_serves_its_configuration_over_https(council):
    tenant = council.tenant.document["id"]
    context = ssl.create_default_context(cafile=council.state / "ca.pem")
    url = f"{council.base}/{tenant}/v2.0/.well-known/openid-configuration"
    found = httpx.get(url, verify=context, trust_env=False).json()
    assert found["issuer"] == f"{council.base}/{tenant}/v2.0"
    assert httpx.get(found["jwks_uri"], verify=context, trust_env=False).json()["keys"][0]["kty"] == "RSA"
