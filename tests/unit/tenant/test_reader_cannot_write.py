"""The type checker refuses a write asked of a reader, so that plan, drift and explain cannot write."""

from pathlib import Path

import pytest
from mypy import api

# Third-party code adds nothing to the question and most of the time.
_CONFIG = """
[mypy]
strict = true
warn_return_any = false
disallow_subclassing_any = false
[mypy-msgraph.*,msgraph_core.*,kiota_abstractions.*,kiota_http.*,kiota_authentication_azure.*,azure.*,httpx.*,tenacity.*,aiohttp.*,yarl.*]
follow_imports = skip
ignore_missing_imports = true
"""
_PREAMBLE = """
from m365_restrict.tenant.credentials import ReaderCredential, WriterCredential
from m365_restrict.tenant.exchange import ExchangeReader, ReadCmdlet, WriteCmdlet
from m365_restrict.tenant.graph import GraphOptions, GraphReader, GraphWriter
from m365_restrict.tenant.session import TenantReaders

async def attempt(
    readers: TenantReaders, exchange: ExchangeReader, graph: GraphReader, credential: ReaderCredential,
    options: GraphOptions,
) -> None:
    """


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mypy")


def _check(cache: Path, line: str) -> tuple[str, int]:
    (cache / "mypy.ini").write_text(_CONFIG)
    snippet = cache / "snippet.py"
    snippet.write_text(_PREAMBLE + line + "\n")
    arguments = ["--config-file", str(cache / "mypy.ini"), "--cache-dir", str(cache / "cache"), str(snippet)]
    said, complained, status = api.run(arguments)
    return said + complained, status


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("await exchange.invoke(WriteCmdlet.NEW)", "arg-type"),
        ('await exchange.invoke("Set-TransportRule")', "arg-type"),
        ("await readers.transport_rules.create({})", "attr-defined"),
        ('await readers.inbox_rules.delete("a@x.example", "1")', "attr-defined"),
        ('await readers.lists.patch_fields("1", {}, "")', "attr-defined"),
        ('await graph.patch("/x", {})', "attr-defined"),
        ('await graph.ask("/users", {})', "arg-type"),
        ("GraphWriter(options, credential, ca_file=None, in_flight=readers.in_flight)", "arg-type"),
    ],
)
def test_a_write_asked_of_a_reader_is_a_type_error(cache, line, reason):
    said, status = _check(cache, line)
    assert status == 1, said
    assert f"[{reason}]" in said
    assert "Found 1 error" in said


def test_reading_is_no_type_error(cache):
    said, status = _check(cache, "await exchange.invoke(ReadCmdlet.TRANSPORT_RULE)")
    assert status == 0, said
