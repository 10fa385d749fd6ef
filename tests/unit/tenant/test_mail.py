import asyncio

import pytest

from m365_restrict.errors import ServiceError
from m365_restrict.tenant.mail import MailSender


def _send(tenant, *, html=""):
    async def run():
        async with tenant.graph() as (_, writer):
            await MailSender(writer).send(
                "restrictions@ash.example", to="owner@ash.example", subject="Due", text="Words", html=html
            )

    asyncio.run(run())


@pytest.mark.parametrize(
    ("html", "kind", "content"), [("", "text", "Words"), ("<p>Words</p>", "html", "<p>Words</p>")]
)
def test_one_recipient_no_copy_in_sent_items_and_no_automatic_answers(tenant, answer, html, kind, content):
    tenant.script = [answer(b"", status=202)]
    _send(tenant, html=html)
    assert tenant.received[0].path == "/v1.0/users/restrictions@ash.example/sendMail"
    assert tenant.received[0].body == {
        "message": {
            "subject": "Due",
            "body": {"contentType": kind, "content": content},
            "toRecipients": [{"emailAddress": {"address": "owner@ash.example"}}],
            "internetMessageHeaders": [{"name": "X-Auto-Response-Suppress", "value": "All"}],
        },
        "saveToSentItems": False,
    }


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_mail_that_may_have_gone_out_is_not_sent_again(tenant, answer, status):
    tenant.script = [answer({"error": {"code": "x", "message": "y"}}, status=status)]
    with pytest.raises(ServiceError):
        _send(tenant)
    assert len(tenant.received) == 1


def test_a_broken_connection_is_not_a_reason_to_send_again(tenant, answer):
    tenant.script = [answer(drop=True)]
    with pytest.raises(ServiceError, match="did not answer"):
        _send(tenant)
    assert len(tenant.received) == 1


def test_a_mail_that_was_throttled_is_sent_again(tenant, answer):
    throttled = answer({"error": {"code": "x", "message": "y"}}, status=429, headers=(("Retry-After", "0"),))
    tenant.script = [throttled, answer(b"", status=202)]
    _send(tenant)
    assert len(tenant.received) == 2
