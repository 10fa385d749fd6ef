"""Uploads through the real SDK and HTTPS into the sandbox."""

import asyncio
from base64 import b64decode

import pytest

from m365_restrict.errors import ServiceError
from m365_restrict.tenant.library import LARGEST_UPLOAD, LibraryWriter, Uploaded
from m365_restrict.tenant.session import open_readers, open_writers
from settings import load_settings
from settings.tenant_options import tenant_options

SITE = "localhost:/sites/democracy"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.fixture
def upload(sandbox):
    """Upload with the writer; several contents are uploaded to the same place one after another."""
    ours = {name: value for name, value in sandbox.env.items() if name.startswith("M365_RESTRICT_")}
    more = {
        "POLICY__APPROVERS": "director@ash.example",
        "POLICY__COUNCILLORS_GROUP": "councillors@ash.example",
    }
    settings = load_settings(ours | {f"M365_RESTRICT_{key}": value for key, value in more.items()}, None)
    options = tenant_options(settings)

    async def run(site, library, path, contents, content_type):
        async with open_readers(options) as readers, open_writers(options, readers.in_flight) as writers:
            library_writer: LibraryWriter = writers.library
            return [
                await library_writer.upload(site, library, path, content, content_type=content_type)
                for content in contents
            ]

    def call(*contents, site=SITE, library="Letters", path="RC 1/decision.docx", content_type=WORD):
        return asyncio.run(run(site, library, path, contents, content_type))

    return call


def _files(sandbox):
    return sandbox.control("GET", "library").json()["files"]


def test_the_bytes_arrive_as_they_are(sandbox, upload):
    content = bytes(range(256)) * 3
    (made,) = upload(content)
    (stored,) = _files(sandbox)
    assert b64decode(stored["content"]) == content
    assert (stored["path"], stored["contentType"]) == ("Letters/RC 1/decision.docx", WORD)
    assert made == Uploaded(stored["id"], stored["webUrl"])
    assert made.web_url.startswith("https://localhost/sites/democracy/")


def test_the_same_name_is_a_new_version_of_the_same_document(sandbox, upload):
    first, second = upload(b"one", b"two")
    (stored,) = _files(sandbox)
    assert first.id == second.id
    assert (stored["versions"], b64decode(stored["content"])) == (2, b"two")


def test_another_library_is_named_by_its_drive(sandbox, upload):
    drive = sandbox.graph("GET", f"sites/{SITE}:/drives").json()["value"][0]["id"]
    upload(b"x", library=f"{drive}:Reports/2026")
    assert _files(sandbox)[0]["path"] == "Reports/2026/RC 1/decision.docx"


def test_a_site_may_be_named_by_its_id(sandbox, upload):
    site = sandbox.graph("GET", f"sites/{SITE}").json()["id"]
    upload(b"x", site=site)
    assert len(_files(sandbox)) == 1


def test_a_document_that_is_too_large_is_refused_before_it_is_sent(sandbox, upload):
    sandbox.requests()
    with pytest.raises(ServiceError, match="4 MB"):
        upload(b"x" * (LARGEST_UPLOAD + 1))
    assert sandbox.requests() == []


def test_a_site_that_is_not_there_is_an_error(upload):
    with pytest.raises(ServiceError) as caught:
        upload(b"x", site="localhost:/sites/elsewhere")
    assert caught.value.status == 404


def test_the_reader_may_not_upload(sandbox):
    refused = sandbox.graph("PUT", f"sites/{SITE}:/drive/root:/a.txt:/content", json={"a": 1}, role="reader")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "accessDenied")
