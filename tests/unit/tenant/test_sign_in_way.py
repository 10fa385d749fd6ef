"""Which of several ways to sign in is used."""

from pathlib import Path

import pytest

from m365_restrict.tenant.credentials import CredentialOptions
from m365_restrict.tenant.sign_in_way import SignInWay, way_to_sign_in
from settings.auth import ApplicationSettings

EVERY_WAY = {
    "certificate_path": Path("reader.pem"),
    "workload_identity": True,
    "trusted_identity": "abc",
    "client_secret": "hush",
    "managed_identity": True,
}
IN_ORDER = [
    SignInWay.CERTIFICATE,
    SignInWay.WORKLOAD_IDENTITY,
    SignInWay.TRUSTED_IDENTITY,
    SignInWay.SECRET,
    SignInWay.MANAGED_IDENTITY,
    SignInWay.NOTHING,
]


@pytest.mark.parametrize("left_out", range(len(IN_ORDER)))
def test_the_first_that_is_set_is_used_by_credential_and_settings_alike(left_out):
    """A secret that was left behind is not what a pod with a token of its own signs in with."""
    given = dict(list(EVERY_WAY.items())[left_out:])
    whose = {"role": "reader", "tenant_id": "t", "client_id": "c", "authority": "https://localhost:1"}
    assert CredentialOptions(**whose, **given).way is IN_ORDER[left_out]
    assert way_to_sign_in(ApplicationSettings(**given)) is IN_ORDER[left_out]
