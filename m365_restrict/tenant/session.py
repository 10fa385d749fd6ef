"""Everything a run reads with and writes with, opened and closed together."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from m365_restrict.register.item_history import HistoryMemory
from m365_restrict.tenant.audit_changes import RuleAuditReader
from m365_restrict.tenant.audit_log import AuditLogReader
from m365_restrict.tenant.block_lists import BlockListReader
from m365_restrict.tenant.configuration_snapshot import ConfigurationSnapshotReader
from m365_restrict.tenant.contact_mailboxes import ContactMailboxReader
from m365_restrict.tenant.credentials import CredentialOptions, ReaderCredential, WriterCredential
from m365_restrict.tenant.directory import DirectoryReader
from m365_restrict.tenant.examination import ExaminationReader
from m365_restrict.tenant.exchange import ExchangeOptions, ExchangeReader, ExchangeWriter
from m365_restrict.tenant.graph import GraphOptions, GraphReader, GraphWriter
from m365_restrict.tenant.in_flight import InFlight
from m365_restrict.tenant.inbox_rules import InboxRuleReader, InboxRuleWriter
from m365_restrict.tenant.library import LibraryWriter
from m365_restrict.tenant.list_items import ListItemWriter
from m365_restrict.tenant.lists import ListOptions, ListReader, ListWriter
from m365_restrict.tenant.mail import MailSender
from m365_restrict.tenant.mail_seen import MailSeenReader
from m365_restrict.tenant.shared_wait import SharedWait
from m365_restrict.tenant.trace import MessageTraceReader
from m365_restrict.tenant.transport_rules import TransportRuleReader, TransportRuleWriter


@dataclass(frozen=True, kw_only=True)
class TenantOptions:
    """Where the tenant is and who asks. Built from the settings by `settings.tenant_options`.

    `deadline_seconds` counts from the opening of the readers: no later does a wait for a service end.
    `beside_seconds` is all that a run waits for what it reads beside the rules.
    """

    graph: GraphOptions
    exchange: ExchangeOptions
    lists: ListOptions
    reader: CredentialOptions
    writer: CredentialOptions
    ca_file: Path | None = None
    deadline_seconds: float = 3600.0
    beside_seconds: float = 15.0


@dataclass(frozen=True)
class TenantReaders:
    """All that reads, with the reader application's credential. Nothing here has a method that writes.

    `in_flight` holds the run's limits on requests and waits; hand it to `open_writers`.
    """

    lists: ListReader
    directory: DirectoryReader
    transport_rules: TransportRuleReader
    inbox_rules: InboxRuleReader
    traces: MessageTraceReader
    block_lists: BlockListReader
    examination: ExaminationReader
    audit_log: AuditLogReader
    rule_audit: RuleAuditReader
    configuration: ConfigurationSnapshotReader
    mail_seen: MailSeenReader
    contact_mailboxes: ContactMailboxReader
    in_flight: InFlight


@dataclass(frozen=True)
class TenantWriters:
    """All that writes, with the writer application's credential. Nothing here reads."""

    lists: ListWriter
    list_items: ListItemWriter
    transport_rules: TransportRuleWriter
    inbox_rules: InboxRuleWriter
    mail: MailSender
    library: LibraryWriter


@asynccontextmanager
async def open_readers(
    options: TenantOptions, *, histories: HistoryMemory | None = None
) -> AsyncIterator[TenantReaders]:
    """Open the readers; no request is made yet. ConfigurationError or SignInError if they cannot sign in.

    With `histories` the version histories of unchanged list items are not read again.
    """
    in_flight = InFlight(options.graph.max_in_flight, seconds=options.deadline_seconds)
    wait = SharedWait(options.beside_seconds)
    async with AsyncExitStack() as stack:
        credential = ReaderCredential(options.reader)
        stack.push_async_callback(credential.close)
        graph = GraphReader(options.graph, credential, ca_file=options.ca_file, in_flight=in_flight)
        stack.push_async_callback(graph.close)
        exchange = ExchangeReader(options.exchange, credential, ca_file=options.ca_file, in_flight=in_flight)
        stack.push_async_callback(exchange.close)
        directory = DirectoryReader(graph, exchange)
        yield TenantReaders(
            lists=ListReader(graph, options.lists, histories),
            directory=directory,
            transport_rules=TransportRuleReader(exchange),
            inbox_rules=InboxRuleReader(graph),
            traces=MessageTraceReader(graph),
            block_lists=BlockListReader(exchange),
            examination=ExaminationReader(graph, exchange),
            audit_log=AuditLogReader(graph),
            rule_audit=RuleAuditReader(graph, wait),
            configuration=ConfigurationSnapshotReader(graph, wait),
            mail_seen=MailSeenReader(graph, directory, wait),
            contact_mailboxes=ContactMailboxReader(graph, wait),
            in_flight=in_flight,
        )


@asynccontextmanager
async def open_writers(options: TenantOptions, in_flight: InFlight) -> AsyncIterator[TenantWriters]:
    """Open the writers beside readers that are open; no request is made yet."""
    async with AsyncExitStack() as stack:
        credential = WriterCredential(options.writer)
        stack.push_async_callback(credential.close)
        graph = GraphWriter(options.graph, credential, ca_file=options.ca_file, in_flight=in_flight)
        stack.push_async_callback(graph.close)
        exchange = ExchangeWriter(options.exchange, credential, ca_file=options.ca_file, in_flight=in_flight)
        stack.push_async_callback(exchange.close)
        yield TenantWriters(
            lists=ListWriter(graph, options.lists),
            list_items=ListItemWriter(graph),
            transport_rules=TransportRuleWriter(exchange),
            inbox_rules=InboxRuleWriter(graph),
            mail=MailSender(graph),
            library=LibraryWriter(graph),
        )
