"""A run in a pod: both applications sign in with the token of its service account, and no key is anywhere."""

import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

ISSUER = "https://oidc.cluster.ashbourne.example/11111111/"
SUBJECT = "system:serviceaccount:m365-restrict:m365-restrict"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
RULE = "RC-1 Redirect to single contact"


def token(**claims):
    now = int(time.time())
    told = {"iss": ISSUER, "sub": SUBJECT, "aud": ["api://AzureADTokenExchange"], "exp": now + 3600}
    return jwt.encode(told | claims, KEY, algorithm="RS256", headers={"kid": "one"})


@pytest.fixture
def pod(council, tmp_path):
    """The settings of a pod whose account both applications trust, and the file of its token."""
    keys = {"keys": [{**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key())), "kid": "one"}]}
    trust = {"federated_credentials": [{"issuer": ISSUER, "subject": SUBJECT, "keys": keys}]}
    applications = {"reader": trust, "writer": trust}
    council.plant(
        council.case("RC-1"), tenant={"accepted_domains": ["ash.example"], "applications": applications}
    )
    file = tmp_path / "token"
    file.write_text(token())
    settings = {}
    for role in ("READER", "WRITER"):
        settings |= {
            f"AUTH__{role}__CERTIFICATE_PATH": "",
            f"AUTH__{role}__CLIENT_SECRET": "",
            f"AUTH__{role}__WORKLOAD_IDENTITY": "true",
            f"AUTH__{role}__TOKEN_FILE": str(file),
        }
    return file, settings


def test_a_decision_is_put_in_force_without_any_key(council, pod):
    _, settings = pod
    done = council.apply(settings=settings)
    assert done.exit_code == 0, done.document
    assert [*council.ours()] == [RULE]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "workload-token-unusable"),
        ("", "workload-token-unusable"),
        (token(sub="system:serviceaccount:default:default"), "sign-in-failed"),
    ],
)
def test_a_token_that_does_not_do_stops_the_run_before_anything_is_written(council, pod, content, code):
    file, settings = pod
    file.unlink()
    if content is not None:
        file.write_text(content)
    done = council.apply(settings=settings)
    assert (done.exit_code, done.document["error"]["code"]) == (5, code)
    assert done.document["error"]["advice"]
    assert council.writes() == []
