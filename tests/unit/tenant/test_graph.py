import asyncio

import pytest

from m365_restrict.errors import ErrorCode, ServiceError, SignInError
from m365_restrict.tenant.graph import path_of


async def _pages(tenant, path="/things"):
    async with tenant.graph() as (reader, _):
        return [entry async for entry in reader.get_pages(path)]


def _run(coroutine):
    return asyncio.run(coroutine)


def test_path_segments_are_escaped():
    assert path_of("users", "a/b c@x.example", "100%") == "/users/a%2Fb%20c@x.example/100%25"


def test_empty_page_with_a_next_link_continues(tenant, answer):
    tenant.script = [
        answer({"value": [1], "@odata.nextLink": f"{tenant.base}/v1.0/p2"}),
        answer({"value": [], "@odata.nextLink": f"{tenant.base}/v1.0/p3"}),
        answer({"value": [2]}),
    ]
    assert _run(_pages(tenant)) == [1, 2]


def test_next_link_is_followed_verbatim(tenant, answer):
    link = f"{tenant.base}/v1.0/things?$skiptoken=a%20b%2Bc"
    tenant.script = [answer({"value": [], "@odata.nextLink": link}), answer({"value": []})]
    _run(_pages(tenant))
    assert tenant.received[1].path == "/v1.0/things?$skiptoken=a%20b%2Bc"


def test_repeated_next_link_fails(tenant, answer):
    tenant.script = [answer({"value": [1], "@odata.nextLink": f"{tenant.base}/v1.0/again"})]
    with pytest.raises(ServiceError, match="same next page twice"):
        _run(_pages(tenant))


def test_next_link_to_another_host_gets_no_token(tenant, answer):
    tenant.script = [answer({"value": [], "@odata.nextLink": "https://elsewhere.example/v1.0/p2"})]
    with pytest.raises(ServiceError, match=r"elsewhere\.example"):
        _run(_pages(tenant))


def test_page_without_values_fails(tenant, answer):
    tenant.script = [answer({"error": None})]
    with pytest.raises(ServiceError, match="without a list"):
        _run(_pages(tenant))


def test_url_has_no_double_slash_and_carries_the_token(tenant, answer):
    tenant.script = [answer({"value": []})]
    _run(_pages(tenant))
    assert tenant.received[0].path == "/v1.0/things"
    assert tenant.received[0].headers["authorization"] == "Bearer opaque"


def test_failure_carries_status_and_code_but_no_address(tenant, answer):
    tenant.script = [answer({"error": {"code": "ErrorAccessDenied", "message": "No."}}, status=403)]
    with pytest.raises(ServiceError) as failure:
        _run(_pages(tenant, "/users/cllr.b@ashbourne.example/mailFolders"))
    assert (failure.value.status, failure.value.service_code) == (403, "ErrorAccessDenied")
    assert failure.value.code is ErrorCode.PERMISSION_MISSING
    assert "cllr" not in failure.value.message


def test_html_error_is_a_service_error(tenant, answer):
    tenant.script = [answer(b"<html>gateway</html>", status=403, headers=(("X-Kind", "html"),))]
    with pytest.raises(ServiceError) as failure:
        _run(_pages(tenant))
    assert failure.value.status == 403


def test_throttled_read_waits_as_told_and_is_tried_again(tenant, answer):
    refusal = {"error": {"code": "ApplicationThrottled", "message": "x"}}
    tenant.script = [answer(refusal, status=429, headers=(("Retry-After", "1"),)), answer({"value": [7]})]
    assert _run(_pages(tenant)) == [7]


@pytest.mark.parametrize("first", [{"status": 502}, {"drop": True}])
def test_broken_read_is_tried_again(tenant, answer, first):
    tenant.script = [answer({"error": {"code": "x", "message": "x"}}, **first), answer({"value": [7]})]
    assert _run(_pages(tenant)) == [7]


async def _write(tenant, act):
    async with tenant.graph(retries=3) as (_, writer):
        return await act(writer)


@pytest.mark.parametrize("failure", [{"status": 503}, {"status": 504}, {"status": 500}, {"drop": True}])
def test_post_that_may_have_been_carried_out_is_not_repeated(tenant, answer, failure):
    tenant.script = [answer({"error": {"code": "x", "message": "x"}}, **failure), answer({"id": "r1"})]
    with pytest.raises(ServiceError):
        _run(_write(tenant, lambda writer: writer.post("/rules", {"displayName": "x"})))
    assert len(tenant.received) == 1


def test_throttled_post_is_repeated(tenant, answer):
    refusal = answer({"error": {"code": "x", "message": "x"}}, status=429, headers=(("Retry-After", "0"),))
    tenant.script = [refusal, answer({"id": "r1"}, status=201)]
    assert _run(_write(tenant, lambda writer: writer.post("/rules", {"a": 1}))) == {"id": "r1"}


def test_patch_names_the_version_it_saw(tenant, answer):
    tenant.script = [answer({})]
    _run(_write(tenant, lambda writer: writer.patch("/items/1/fields", {"A": "b"}, etag='"g,3"')))
    assert tenant.received[0].headers["if-match"] == '"g,3"'
    assert tenant.received[0].body == {"A": "b"}


def test_deleting_what_is_gone_succeeds(tenant, answer):
    tenant.script = [answer({"error": {"code": "ErrorItemNotFound", "message": "x"}}, status=404)]
    _run(_write(tenant, lambda writer: writer.delete("/rules/1")))
    assert tenant.received[0].method == "DELETE"


def test_refused_sign_in_names_the_application(tenant, answer):
    tenant.token_status = 401
    tenant.script = [answer({"value": []})]
    with pytest.raises(SignInError, match="app-reader"):
        _run(_pages(tenant))
