"""Who is told what after a run: approvers, case owners, and councillors about their own choices.

Called once the run is recorded, so that nobody is told of something that was not done.
"""

from m365_restrict.notify.links import ListPages
from m365_restrict.register.reference import reference_key
from m365_restrict.steps.found import Found
from m365_restrict.steps.run_context import Run
from m365_restrict.telling.about_cases import due_for_approvers, due_for_owners
from m365_restrict.telling.about_choices import due_for_holders
from m365_restrict.telling.mail_post import NoticePost, Post, Told
from m365_restrict.tenant.session import TenantReaders, TenantWriters


async def tell(run: Run, found: Found, readers: TenantReaders, writers: TenantWriters) -> tuple[Told, ...]:
    """Send every mail that is due, each once, and say what became of it.

    A mail that fails is kept as failed and due again in the next run. Raises LedgerError alone.
    """
    post = post_for(run, found, writers)
    told: list[Told] = []
    told += await post.send_all(await due_for_approvers(run, found, readers))
    told += await post.send_all(due_for_owners(run, found))
    told += await post.send_all(await due_for_holders(run, found, readers))
    return tuple(told)


def post_for(run: Run, found: Found, writers: TenantWriters) -> Post:
    """What sends this run's mails."""
    return Post(
        sender=writers.mail,
        from_mailbox=run.options.notify.sender,
        domains=found.people.domains,
        memory=run.ledger.told,
        run_id=run.run_id,
        now=run.now,
        stopping=lambda: run.is_stopping,
    )


def notice_post(run: Run, found: Found, writers: TenantWriters) -> NoticePost:
    """What sends the notices about the life of cases (`notify.notice.Notices`)."""
    pages = ListPages(site_url=run.options.notify.site_url, title=run.options.lists.register)
    items = {
        reference_key(str(item.fields.get("Title", ""))): item.item_id for item in found.register.cases.items
    }

    def link(case_ref: str) -> str:
        item_id = items.get(reference_key(case_ref)) if case_ref else None
        return pages.item(item_id) if item_id else pages.list_page

    return NoticePost(post_for(run, found, writers), link)
