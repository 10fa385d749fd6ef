from pathlib import Path

import pytest

from m365_restrict.errors import ConfigurationError, ExitCode, SignInError
from m365_restrict.tenant.credentials import CredentialOptions, ReaderCredential


def _options(**changes):
    usual = {"role": "reader", "tenant_id": "t", "client_id": "c", "authority": "https://localhost:1"}
    return CredentialOptions(**usual | changes)


def test_everything_that_is_missing_is_named_at_once():
    with pytest.raises(ConfigurationError) as failure:
        ReaderCredential(_options(tenant_id="", client_id=""))
    assert failure.value.exit_code is ExitCode.CONFIGURATION
    for name in ("AUTH__TENANT_ID", "AUTH__READER__CLIENT_ID", "AUTH__READER__CERTIFICATE_PATH"):
        assert name in failure.value.message


def test_certificate_that_cannot_be_read_is_named(tmp_path: Path):
    with pytest.raises(SignInError, match=r"absent\.pem"):
        ReaderCredential(_options(certificate_path=tmp_path / "absent.pem"))


def test_secrets_are_not_in_the_representation():
    shown = repr(_options(client_secret="hush", certificate_password="hush"))
    assert "hush" not in shown
