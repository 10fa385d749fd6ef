from datetime import UTC, datetime, timedelta

import pytest
import trustme
from trustme import KeyType

from m365_restrict.doctor.access_checks import certificate_check, endpoint_check, skew_check
from m365_restrict.outcome import Unknown
from m365_restrict.tenant.access import Answered
from m365_restrict.tenant.credentials import CredentialOptions

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def application(**more):
    fields = {"role": "reader", "tenant_id": "t", "client_id": "c", "authority": "https://login.example"}
    return CredentialOptions(**fields | more)


NOTICE = timedelta(days=30)


def certificate(folder, ends):
    path = folder / "reader.pem"
    issued = trustme.CA().issue_cert("reader.example", key_type=KeyType.RSA, not_after=ends)
    path.write_bytes(issued.private_key_and_cert_chain_pem.bytes())
    return application(certificate_path=path)


@pytest.mark.parametrize(
    ("left", "state"),
    [
        (timedelta(days=31), "ok"),
        (timedelta(days=29), "warning"),
        (timedelta(days=-1), "failed"),
    ],
)
def test_a_certificate_is_spoken_of_from_thirty_days_before_its_end(tmp_path, left, state):
    found = certificate_check(certificate(tmp_path, NOW + left), NOW, NOTICE)
    assert found.state.value == state


def test_a_file_that_is_no_certificate_fails(tmp_path):
    (tmp_path / "x.pem").write_text("nothing")
    assert (
        certificate_check(application(certificate_path=tmp_path / "x.pem"), NOW, NOTICE).state.value
        == "failed"
    )


def test_a_secret_is_warned_of_and_never_shown():
    found = certificate_check(application(client_secret="hush-hush"), NOW, NOTICE)
    assert found.state.value == "warning"
    assert "hush" not in found.message + found.next_step


def test_the_identity_of_the_host_needs_no_certificate():
    assert certificate_check(application(managed_identity=True), NOW, NOTICE).state.value == "ok"


@pytest.mark.parametrize(
    ("seconds", "took", "state"),
    [
        (0, 0, "ok"),
        (-30, 0, "ok"),
        (62, 0, "warning"),
        (-100, 0, "warning"),
        (100, 60, "ok"),
        (301, 0, "failed"),
        (-400, 0, "failed"),
    ],
)
def test_a_clock_may_be_a_minute_off(seconds, took, state):
    found = skew_check("Graph", timedelta(seconds=seconds), took=timedelta(seconds=took))
    assert found.state.value == state


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Answered(200, NOW, 0.1), "ok"),
        (Answered(401, NOW, 0.1), "ok"),
        (Answered(503, NOW, 0.1), "warning"),
        (Unknown("https://graph.example", "ConnectError: refused"), "failed"),
    ],
)
def test_a_refusal_is_an_answer_and_silence_is_none(answer, state):
    assert endpoint_check("Graph", answer).state.value == state
