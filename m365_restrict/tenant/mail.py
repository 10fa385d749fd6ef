"""Mail that the program itself sends, over Graph (graph.md 7)."""

from m365_restrict.tenant.graph import GraphWriter, path_of

# Keeps absence notes and the like from answering the mailbox that sends (Graph takes x- headers only).
_NO_AUTOMATIC_ANSWERS = {"name": "X-Auto-Response-Suppress", "value": "All"}


class MailSender:
    """Sends one mail at a time; 202 says that it was taken, not that it has arrived (graph.md 7)."""

    def __init__(self, graph: GraphWriter) -> None:
        """`graph` is the writer application's, which needs Mail.Send for the sending mailbox alone."""
        self._graph = graph

    async def send(self, from_mailbox: str, *, to: str, subject: str, text: str, html: str = "") -> None:
        """Send to one address, as HTML where given, else as plain text. No copy is kept in Sent Items.

        Raises ServiceError. After a 5xx or a broken connection the mail may have gone out all the
        same: it is never sent again here, and the caller decides whether a later run may.
        """
        body = {"contentType": "html", "content": html} if html else {"contentType": "text", "content": text}
        message = {
            "subject": subject,
            "body": body,
            "toRecipients": [{"emailAddress": {"address": to}}],
            "internetMessageHeaders": [_NO_AUTOMATIC_ANSWERS],
        }
        await self._graph.post_for_nothing(
            path_of("users", from_mailbox, "sendMail"), {"message": message, "saveToSentItems": False}
        )
