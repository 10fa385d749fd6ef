from pathlib import Path

import pytest

from m365_restrict.tenant.clock import SandboxClock, SystemClock
from settings import load_settings
from settings.clock import build_clock
from settings.tenant_options import tenant_options

_P = "M365_RESTRICT_"
_NEEDED = {
    f"{_P}REGISTER__SITE": "s",
    f"{_P}POLICY__APPROVERS": "a@x.example",
    f"{_P}POLICY__COUNCILLORS_GROUP": "c@x.example",
    f"{_P}OWNERSHIP__INSTANCE_ID": "i",
}


def _load(**given: str):
    return load_settings(_NEEDED | {f"{_P}{name}": value for name, value in given.items()}, None)


def test_reader_and_writer_keep_their_own_credentials():
    options = tenant_options(_load(AUTH__READER__CLIENT_ID="r", AUTH__WRITER__CLIENT_ID="w"))
    assert (options.reader.client_id, options.writer.client_id) == ("r", "w")


@pytest.mark.parametrize(("value", "used"), [("mail_flow", True), ("script", True), ("inbox_rules", False)])
def test_exchange_is_left_alone_where_there_is_no_role(value, used):
    assert tenant_options(_load(ENFORCE_WITH=value)).exchange.enabled is used


def test_real_time_unless_a_sandbox_is_named():
    assert isinstance(build_clock(_load()), SystemClock)
    local = {"GRAPH__BASE_URL": "https://localhost:1/v1.0", "EXCHANGE__BASE_URL": "https://localhost:1"}
    clock = _load(CLOCK__URL="https://localhost:1/c", AUTH__AUTHORITY="https://localhost:1", **local)
    assert isinstance(build_clock(clock), SandboxClock)


def test_the_settings_of_a_federated_credential_reach_the_application_they_are_of():
    options = tenant_options(
        _load(
            AUTH__READER__WORKLOAD_IDENTITY="true",
            AUTH__READER__TOKEN_FILE="/federated/token",
            AUTH__WRITER__TRUSTED_IDENTITY="abc",
        )
    )
    reader, writer = options.reader, options.writer
    assert (reader.workload_identity, reader.token_file, reader.trusted_identity) == (
        True,
        Path("/federated/token"),
        "",
    )
    assert (writer.workload_identity, writer.token_file, writer.trusted_identity) == (False, None, "abc")
