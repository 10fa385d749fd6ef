from datetime import UTC, datetime, timedelta

import jwt
import pytest
import trustme
from trustme import KeyType

from m365_restrict.doctor.access_checks import endpoint_check, sign_in_check, skew_check
from m365_restrict.outcome import Unknown
from m365_restrict.tenant.access import Answered
from m365_restrict.tenant.credentials import CredentialOptions
from m365_restrict.tenant.federation import AUDIENCE, TOKEN_FILE_VARIABLE

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
    found = sign_in_check(certificate(tmp_path, NOW + left), NOW, NOTICE)
    assert found.state.value == state


def test_a_file_that_is_no_certificate_fails(tmp_path):
    (tmp_path / "x.pem").write_text("nothing")
    assert (
        sign_in_check(application(certificate_path=tmp_path / "x.pem"), NOW, NOTICE).state.value == "failed"
    )


def test_a_secret_is_warned_of_and_never_shown():
    found = sign_in_check(application(client_secret="hush-hush"), NOW, NOTICE)
    assert found.state.value == "warning"
    assert "hush" not in found.message + found.next_step


class TestAFederatedCredential:
    """No key: the token of somebody whom the application trusts."""

    def told(self, folder, **claims):
        path = folder / "token"
        usual = {"iss": "https://oidc.example/", "sub": "system:serviceaccount:a:b", "aud": [AUDIENCE]}
        usual |= {"exp": NOW + timedelta(minutes=40)}
        path.write_text(jwt.encode(usual | claims, "k" * 32, algorithm="HS256"))
        return sign_in_check(application(workload_identity=True, token_file=path), NOW, NOTICE)

    def test_says_what_the_token_holds_and_what_must_trust_it(self, tmp_path):
        found = self.told(tmp_path)
        assert found.state.value == "ok"
        for one in ("system:serviceaccount:a:b", "https://oidc.example/", AUDIENCE):
            assert one in found.message

    @pytest.mark.parametrize(
        ("claims", "said"),
        [({"aud": "https://kubernetes.default.svc"}, "not for"), ({"exp": NOW - timedelta(1)}, "ended at")],
    )
    def test_fails_where_entra_could_not_take_it(self, tmp_path, claims, said):
        found = self.told(tmp_path, **claims)
        assert (found.state.value, said in found.message) == ("failed", True)
        assert found.next_step

    def test_fails_where_there_is_no_file(self, tmp_path):
        one = application(workload_identity=True, token_file=tmp_path / "none")
        found = sign_in_check(one, NOW, NOTICE)
        assert (found.state.value, str(tmp_path / "none") in found.message) == ("failed", True)

    def test_fails_where_nothing_names_one(self, monkeypatch):
        monkeypatch.delenv(TOKEN_FILE_VARIABLE, raising=False)
        found = sign_in_check(application(workload_identity=True), NOW, NOTICE)
        assert (found.state.value, TOKEN_FILE_VARIABLE in found.message) == ("failed", True)

    def test_names_the_managed_identity_that_is_asked(self):
        found = sign_in_check(application(trusted_identity="abc-1"), NOW, NOTICE)
        assert (found.state.value, "abc-1" in found.message) == ("ok", True)


def test_nothing_to_sign_in_with_is_said():
    found = sign_in_check(application(), NOW, NOTICE)
    assert found.state.value == "failed"
    assert "WORKLOAD_IDENTITY" in found.next_step


def test_the_identity_of_the_host_needs_no_certificate():
    assert sign_in_check(application(managed_identity=True), NOW, NOTICE).state.value == "ok"


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
