"""Reports brought to those whom the settings name: filed in the library, mailed, posted to Teams.

1. the page goes into the library; its link goes into what follows
2. each mailbox and each channel is told what is news to it, once
3. what became of it is kept; what failed is due again in the next run that delivers

Nothing here stops a run, and nothing is sent twice because somebody else's copy failed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeAlias, assert_never

from m365_restrict.errors import ExitCode, LedgerError, RestrictError, ServiceError
from m365_restrict.ledger.deliveries import (
    Addressee,
    Channel,
    Deliveries,
    Delivery,
    DeliveryState,
    Moment,
    PackKey,
)
from m365_restrict.notify.cards import card_message
from m365_restrict.notify.mail import Mail
from m365_restrict.notify.report_mails import Filing, report_mail
from m365_restrict.plan.beside import Unseen
from m365_restrict.report.edition import Edition, Period, ReportLanguage
from m365_restrict.report.model import Report
from m365_restrict.report.privacy import without_addresses
from m365_restrict.telling.delivery_options import DeliveryOptions, ReportRole, RoleDelivery
from m365_restrict.telling.mail_post import refusal_of
from m365_restrict.telling.news import NO_NEWS, Looked, News, Reader, news_for
from m365_restrict.telling.report_told import report_told
from m365_restrict.tenant.library import LARGEST_UPLOAD
from m365_restrict.tenant.session import TenantWriters
from m365_restrict.tenant.workflow import WorkflowPoster

_ForWhom: TypeAlias = "list[tuple[RoleDelivery, Addressee]]"

LIBRARY = Addressee(role="", channel=Channel.LIBRARY)
"""The library as an addressee: one for all roles."""

_STOPPED = "The run was asked to stop before this went out."
_TOO_LARGE = "It is larger than the library takes in one piece, also as a spreadsheet."
_HTML = "text/html; charset=utf-8"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, kw_only=True)
class Packs:
    """The reports to deliver, made already.

    `whole` has the findings that everybody's news are judged by. `now` is what was asked for, one report for
    each edition; `again` what did not arrive before. `edition` is that which alone was asked for, or None.
    `domains` are the council's own: no other address is written to. `unseen` are findings that the run could
    not look for, `latest` is the day of the last thing that one tells of, by its id.
    """

    whole: Report
    now: tuple[Report, ...]
    again: tuple[Report, ...] = ()
    edition: Edition | None = None
    domains: frozenset[str] = frozenset()
    unseen: frozenset[Unseen] = frozenset()
    latest: Mapping[str, date] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """What became of one report for one addressee. `to` is a role in words, or "the library".

    `is_due_again` says that the next run that delivers tries it again.
    """

    to: str
    channel: Channel
    period: Period
    state: DeliveryState
    reason: str = ""
    is_due_again: bool = False


@dataclass(frozen=True, kw_only=True)
class Courier:
    """What delivers. `writers` is the error that kept the writing application from being used, if any did.

    `page` makes the page that is filed, `sheet` the spreadsheet that takes its place where that is too large.
    Once `stopping` says so, whatever is left waits for the next run.
    """

    options: DeliveryOptions
    writers: TenantWriters | RestrictError
    workflow: WorkflowPoster
    page: Callable[[Report], bytes]
    sheet: Callable[[Report], bytes]
    ledger: Deliveries
    when: Moment
    stopping: Callable[[], bool] = lambda: False


async def deliver(packs: Packs, courier: Courier) -> tuple[Delivered, ...]:
    """Bring every report to everybody who is to have it, and say what became of it. LedgerError alone."""
    done: list[Delivered] = []
    for report in packs.now:
        done += await _Delivery(packs, report, courier, _for_whom(report, packs, courier)).carry_out()
    # Only now: a digest that waited is told by the next one, and nobody waits for it any more.
    for report in packs.again:
        done += await _Delivery(packs, report, courier, _lacking(report, courier)).carry_out()
    return tuple(done)


def pack_key(report: Report) -> PackKey:
    """What tells one report from another; that of a run is the same in every run."""
    period = report.period
    return PackKey(
        period=period.kind.value,
        first_day="" if period.kind is Period.RUN else period.first.isoformat(),
        edition=report.edition.value,
        language=report.language.value,
    )


def library_path(report: Report, ending: str = "html") -> str:
    """Where a report is filed below the library's folder: 2026/10/monthly-compliance-2026-10-01.html."""
    period, day = report.period, report.period.first
    tongue = "" if report.language is ReportLanguage.ENGLISH else f"-{report.language.value}"
    name = f"{period.kind.value}-{report.edition.value}{tongue}-{day.isoformat()}.{ending}"
    return f"m365-restrict/{day.year}/{day.month:02}/{name}"


def waiting(ledger: Deliveries, options: DeliveryOptions) -> tuple[Delivery, ...]:
    """What did not arrive before and is still wanted. What no setting names any more is forgotten."""
    kept: list[Delivery] = []
    for one in ledger.failed():
        if _is_wanted(one, options):
            kept.append(one)
        else:
            ledger.forget(one)
    return tuple(kept)


def _is_wanted(one: Delivery, options: DeliveryOptions) -> bool:
    if one.to.channel is Channel.LIBRARY:
        return bool(options.library)
    role = options.role(one.to.role)
    return role is not None and one.pack.period in role.packs and one.to in set(_addressees(role))


def _addressees(role: RoleDelivery) -> Iterator[Addressee]:
    for address in role.to:
        yield Addressee(role=role.role.value, channel=Channel.MAIL, target=address)
    if role.workflow_url:
        yield Addressee(role=role.role.value, channel=Channel.TEAMS)


def _for_whom(report: Report, packs: Packs, courier: Courier) -> _ForWhom:
    """Those who get a report by the settings."""
    period = report.period.kind
    roles = courier.options.for_period(period, packs.edition)
    own = (role for role in roles if role.edition(period) is report.edition)
    return [(role, to) for role in own for to in _addressees(role)]


def _lacking(report: Report, courier: Courier) -> _ForWhom:
    """Those whom a report did not reach before."""
    lacking = {one.to for one in courier.ledger.failed() if one.pack == pack_key(report)}
    roles = courier.options.for_period(report.period.kind, None)
    return [(role, to) for role in roles for to in _addressees(role) if to in lacking]


@dataclass(frozen=True)
class _Due:
    """One message that is to go out."""

    to: Addressee
    role: RoleDelivery
    news: News


@dataclass(frozen=True)
class _Delivery:
    """One report on its way."""

    packs: Packs
    report: Report
    courier: Courier
    for_whom: _ForWhom

    @property
    def _pack(self) -> PackKey:
        return pack_key(self.report)

    @property
    def _period(self) -> Period:
        return self.report.period.kind

    async def carry_out(self) -> list[Delivered]:
        """File it, then tell everybody who is to know."""
        due = [one for one in map(self._due, self.for_whom) if one is not None]
        filing, filed = await self._file(is_read=bool(due))
        return [*filed, *[await self._tell(one, filing) for one in due]]

    def _due(self, whom: tuple[RoleDelivery, Addressee]) -> _Due | None:
        """The message to one addressee; None where they know all of it.

        A run's goes out for news alone. Any other goes out once, and again where there is news.
        """
        role, to = whom
        news, ledger = self._news(role, to), self.courier.ledger
        before = ledger.of(to, self._pack)
        if self._period is Period.RUN and not news.is_any:
            if before is not None and before.state is DeliveryState.FAILED:
                ledger.forget(before)
            return None
        if before is not None and before.state is DeliveryState.SENT and not news.is_any:
            return None
        return _Due(to, role, news)

    def _news(self, role: RoleDelivery, to: Addressee) -> News:
        if self.report.edition is Edition.PUBLIC:
            return NO_NEWS
        at_once = self._period is Period.RUN
        reader = Reader(least=role.severity, known=self.courier.ledger.known(to), at_once=at_once)
        packs = self.packs
        looked = Looked(is_whole=self._is_whole, unseen=packs.unseen, latest=packs.latest)
        return news_for(reader, packs.whole.findings, looked)

    @property
    def _is_whole(self) -> bool:
        """Whether what was not found is known not to stand."""
        head = self.packs.whole.head
        return head.error is None and not head.unknown and head.exit_code is not ExitCode.PARTIAL

    async def _file(self, *, is_read: bool) -> tuple[Filing, list[Delivered]]:
        """Where it is in the library, and what became of it; nothing where no library is set.

        That of a run is filed where somebody is told of it, any other in any case.
        """
        courier, pack = self.courier, self._pack
        if not courier.options.library:
            return Filing(), []
        before = courier.ledger.of(LIBRARY, pack)
        is_new = before is None and self._period is not Period.RUN
        if not (is_read or is_new or (before is not None and before.state is DeliveryState.FAILED)):
            return Filing(is_wanted=True), []
        try:
            filing = await self._upload()
        except LedgerError:
            raise
        except RestrictError as error:
            return Filing(is_wanted=True), [self._lost(LIBRARY, error.message)]
        if filing.link:
            return filing, [self._arrived(LIBRARY)]
        # No later run could file it either, so nothing waits for it.
        courier.ledger.forget(Delivery(to=LIBRARY, pack=pack, state=DeliveryState.FAILED))
        return filing, [self._became(LIBRARY, DeliveryState.FAILED, _TOO_LARGE)]

    async def _upload(self) -> Filing:
        """Without a link where the library takes neither the page nor the spreadsheet for their size."""
        courier = self.courier
        if courier.stopping():
            raise ServiceError(_STOPPED)
        writers, options = self._writers, courier.options
        content, kind, path = courier.page(self.report), _HTML, library_path(self.report)
        is_too_large = len(content) > LARGEST_UPLOAD
        if is_too_large:
            content, kind, path = courier.sheet(self.report), _XLSX, library_path(self.report, "xlsx")
            if len(content) > LARGEST_UPLOAD:
                return Filing(is_wanted=True, is_too_large=True)
        filed = await writers.library.upload(options.site, options.library, path, content, content_type=kind)
        return Filing(link=filed.web_url, is_wanted=True, is_too_large=is_too_large)

    async def _tell(self, due: _Due, filing: Filing) -> Delivered:
        told = report_told(self.report, self.packs.whole, due.news, is_whole=self._is_whole)
        try:
            await self._send(due, report_mail(told, title=due.role.role.in_words, filing=filing))
        except LedgerError:
            raise
        except RestrictError as error:
            return self._lost(due.to, error.message)
        return self._arrived(due.to, due.news)

    async def _send(self, due: _Due, mail: Mail) -> None:
        courier, address = self.courier, due.to.target
        if courier.stopping():
            raise ServiceError(_STOPPED)
        match due.to.channel:
            case Channel.MAIL:
                sender = courier.options.sender
                refused = refusal_of(address, from_mailbox=sender, domains=self.packs.domains)
                if refused:
                    raise ServiceError(refused)
                await self._writers.mail.send(
                    sender, to=address, subject=mail.subject, text=mail.text, html=mail.html
                )
            case Channel.TEAMS:
                await courier.workflow.post(due.role.workflow_url, card_message(mail))
            case Channel.LIBRARY:
                raise AssertionError("the library is no reader")
            case _ as never:
                assert_never(never)

    @property
    def _writers(self) -> TenantWriters:
        writers = self.courier.writers
        if isinstance(writers, RestrictError):
            raise writers
        return writers

    def _arrived(self, to: Addressee, news: News = NO_NEWS) -> Delivered:
        self.courier.ledger.record_sent(to, self._pack, news.told, when=self.courier.when)
        return self._became(to, DeliveryState.SENT)

    def _lost(self, to: Addressee, reason: str) -> Delivered:
        told = without_addresses(reason)
        self.courier.ledger.record_failed(to, self._pack, told, when=self.courier.when)
        return replace(self._became(to, DeliveryState.FAILED, told), is_due_again=True)

    def _became(self, to: Addressee, state: DeliveryState, reason: str = "") -> Delivered:
        title = ReportRole(to.role).in_words if to.role else "the library"
        return Delivered(to=title, channel=to.channel, period=self._period, state=state, reason=reason)
