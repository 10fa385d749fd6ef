"""The tables of the ledger, in types that every database SQLAlchemy knows can hold."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

HEAD_REVISION = "0018"
"""The newest migration. `open_ledger` brings every older ledger to it."""

metadata = MetaData()


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept as UTC: SQLite has no time zones of its own and would drop them."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - fixed by SQLAlchemy
        """Store UTC without a zone."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - fixed by SQLAlchemy
        """Give the zone back."""
        return None if value is None else value.replace(tzinfo=UTC)


runs = Table(
    "runs",
    metadata,
    Column("run_id", String(64), primary_key=True),
    Column("verb", String(32), nullable=False),
    Column("started_at", Instant, nullable=False, index=True),
    Column("finished_at", Instant),
    Column("status", String(16), nullable=False),
    Column("exit_code", Integer),
    Column("source_version", String(255), nullable=False),
    Column("plan_id", String(128), nullable=False),
    Column("document", Text, nullable=False),
    Column("host", String(255), nullable=False),
    Column("pid", Integer, nullable=False),
)

applied_rules = Table(
    "applied_rules",
    metadata,
    Column("key", String(255), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("tenant_id", String(512), nullable=False),
    Column("mailbox", String(320), nullable=False),
    Column("case_reference", String(255), nullable=False),
    Column("name", String(512), nullable=False),
    Column("properties", JSON, nullable=False),
    Column("chosen_by_holder", Boolean, nullable=False),
    Column("saved", String(128), nullable=False),
    Column("holder_ended", Boolean, nullable=False),
    Column("item_id", String(64), nullable=False, server_default=""),
    Column("applied_at", Instant, nullable=False),
    Column("run_id", String(64), nullable=False),
)

approval_evidence = Table(
    "approval_evidence",
    metadata,
    Column("item_id", String(64), primary_key=True),
    Column("version", String(64), primary_key=True),
    Column("saver_object_id", String(64), nullable=False),
    Column("saver_address", String(320), nullable=False),
    Column("saved_at", Instant, nullable=False),
    Column("fields_hash", String(128), nullable=False),
    Column("values_json", Text, nullable=False),
    Column("verdict", String(64), nullable=False),
    Column("seen_on", Date, nullable=False),
)

live_cases = Table(
    "live_cases",
    metadata,
    Column("item_id", String(64), primary_key=True),
    Column("case_reference", String(255), nullable=False),
    Column("measure", String(64), nullable=False),
    Column("ends_on", Date, nullable=False),
    Column("run_id", String(64), nullable=False),
)

vanished_items = Table(
    "vanished_items",
    metadata,
    Column("item_id", String(64), primary_key=True),
    Column("first_run", String(64), nullable=False),
    Column("last_run", String(64), nullable=False),
    Column("runs_seen", Integer, nullable=False),
)

opaque_mailboxes = Table(
    "opaque_mailboxes",
    metadata,
    Column("mailbox", String(320), primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
)

findings_since = Table(
    "findings_since",
    metadata,
    Column("finding_key", String(512), primary_key=True),
    Column("first_seen", Instant, nullable=False),
    Column("last_seen", Instant, nullable=False),
)

lease = Table(
    "lease",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("host", String(255), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("acquired_at", Instant, nullable=False),
    Column("renewed_at", Instant, nullable=False),
)

freezes = Table(
    "freezes",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("set_by", String(255), nullable=False),
    Column("since", Instant, nullable=False),
)

told = Table(
    "told",
    metadata,
    Column("kind", String(32), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("recipient", String(320), primary_key=True),
    Column("state", String(255), nullable=False),
    Column("sent_state", String(255), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("run_id", String(64), nullable=False),
)

notices_sent = Table(
    "notices_sent",
    metadata,
    Column("key", String(255), primary_key=True),
    Column("sent_on", Date, nullable=False),
    Column("run_id", String(64), nullable=False),
)

case_lives = Table(
    "case_lives",
    metadata,
    Column("item_id", String(64), primary_key=True),
    Column("case_reference", String(255), nullable=False),
    Column("ends_on", Date),
    Column("ended_on", Date),
    Column("closed_on", Date),
    Column("closed_run", String(64), nullable=False),
)

deletions = Table(
    "deletions",
    metadata,
    Column("item_id", String(64), primary_key=True),
    Column("case_reference", String(255), nullable=False),
    Column("deleted_on", Date, nullable=False),
    Column("run_id", String(64), nullable=False),
    Column("certificate", Text, nullable=False),
)

drafted_letters = Table(
    "drafted_letters",
    metadata,
    Column("key", String(255), primary_key=True),
    Column("item_id", String(64), nullable=False),
    Column("case_reference", String(255), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("language", String(16), nullable=False),
    Column("drafted_on", Date, nullable=False),
    Column("document_url", Text, nullable=False),
    Column("page_url", Text, nullable=False),
    Column("run_id", String(64), nullable=False),
)

guard_overrides = Table(
    "guard_overrides",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("code", String(64), nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("most_cases", Integer),
    Column("set_by", String(255), nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("ended_by", String(255), nullable=False),
    Column("ended_at", Instant),
)

waivers = Table(
    "waivers",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("finding_key", String(512), nullable=False),
    Column("code", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("key", String(255), nullable=False),
    Column("case_reference", String(255), nullable=False),
    Column("rule_name", String(512), nullable=False),
    Column("fields", JSON, nullable=False),
    Column("observed", JSON, nullable=False),
    Column("desired", JSON, nullable=False),
    Column("told", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("owner", String(255), nullable=False),
    Column("made_by", String(255), nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Date, nullable=False),
    Column("run_id", String(64), nullable=False),
    Column("ended_by", String(255), nullable=False),
    Column("ended_at", Instant),
)

openings = Table(
    "openings",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("case_reference", String(255), nullable=False),
    Column("item_id", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("opened_by", String(255), nullable=False),
    Column("since", Instant, nullable=False),
    Column("run_id", String(64), nullable=False),
    Column("ended_by", String(255), nullable=False),
    Column("ended_at", Instant),
    Column("end_reason", Text, nullable=False),
)

written_changes = Table(
    "written_changes",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("run_id", String(64), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("action", String(16), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("key", String(255), nullable=False),
    Column("tenant_id", String(512), nullable=False),
    Column("mailbox", String(320), nullable=False),
    Column("case_reference", String(255), nullable=False),
    Column("item_id", String(64), nullable=False),
    Column("name", String(512), nullable=False),
    Column("chosen_by_holder", Boolean, nullable=False),
    Column("form_before", JSON(none_as_null=True)),
    Column("form_after", JSON(none_as_null=True)),
    Column("result", String(16), nullable=False),
    Column("reason", Text, nullable=False),
)

ownership_claims = Table(
    "ownership_claims",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("guid", String(64), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("key", String(255), nullable=False),
    Column("case_reference", String(255), nullable=False),
    Column("rule_name", String(512), nullable=False),
    Column("reason", Text, nullable=False),
    Column("made_by", String(255), nullable=False),
    Column("at", Instant, nullable=False),
    Column("run_id", String(64), nullable=False),
)

imported_rules = Table(
    "imported_rules",
    metadata,
    Column("guid", String(64), primary_key=True),
    Column("item_id", String(64), nullable=False),
    Column("imported_by", String(255), nullable=False),
    Column("at", Instant, nullable=False),
    Column("run_id", String(64), nullable=False),
)

tenant_answers = Table(
    "tenant_answers",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("tenant_id", String(64), nullable=False, index=True),
    Column("question", String(64), nullable=False),
    Column("value", Text, nullable=False),
    Column("source", String(16), nullable=False),
    Column("at", Instant, nullable=False),
    Column("run_id", String(64), nullable=False),
)

canaries = Table(
    "canaries",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("tenant_id", String(64), nullable=False, index=True),
    Column("token", String(32), nullable=False),
    Column("form", String(64), nullable=False),
    Column("about", String(64), nullable=False),
    Column("rules", JSON, nullable=False),
    Column("answers", JSON, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("passed", Boolean, nullable=False),
    Column("run_id", String(64), nullable=False),
)

audit_queries = Table(
    "audit_queries",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("tenant_id", String(64), nullable=False, index=True),
    Column("query_id", String(128), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("purpose", String(16), nullable=False, server_default="approvals"),
)

sought_changes = Table(
    "sought_changes",
    metadata,
    Column("finding_key", String(512), primary_key=True),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("told", Text, nullable=False),
    Column("read_until", Instant),
)

last_looks = Table(
    "last_looks",
    metadata,
    Column("what", String(128), primary_key=True),
    Column("at", Instant, nullable=False),
)

second_views = Table(
    "second_views",
    metadata,
    Column("tenant_id", String(64), primary_key=True),
    Column("taken_at", Instant, nullable=False),
    Column("told", Text, nullable=False),
)

audit_opinions = Table(
    "audit_opinions",
    metadata,
    Column("item_id", String(64), primary_key=True),
    Column("version", String(64), primary_key=True),
    Column("verdict", String(16), nullable=False),
    Column("actor", String(320), nullable=False),
    Column("until", Instant, nullable=False),
)

mail_seen = Table(
    "mail_seen",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("tenant_id", String(64), nullable=False, index=True),
    Column("item_id", String(64), nullable=False, index=True),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("day", Date, nullable=False, index=True),
    Column("seen", Integer, nullable=False),
    Column("redirected", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("filed", Integer, nullable=False),
    Column("leaked", Integer, nullable=False),
    Column("unsure", Integer, nullable=False),
)

mail_told = Table(
    "mail_told",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("tenant_id", String(64), nullable=False, index=True),
    Column("item_id", String(64), nullable=False, index=True),
    Column("until", Instant, nullable=False),
    Column("day", Date, nullable=False),
    Column("leaked", Integer, nullable=False),
)

evidence_bodies = Table(
    "evidence_bodies",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("content", LargeBinary),
    Column("seal", String(64), nullable=False),
    Column("removed_by", Integer, nullable=False),
)

evidence_chain = Table(
    "evidence_chain",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("run_id", String(64), nullable=False, index=True),
    Column("verb", String(32), nullable=False),
    Column("started_at", String(40), nullable=False),
    Column("finished_at", String(40), nullable=False),
    Column("content", Text, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

evidence_head = Table(
    "evidence_head",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("entries", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("role", String(32), primary_key=True),
    Column("channel", String(16), primary_key=True),
    Column("target", String(320), primary_key=True),
    Column("period", String(16), primary_key=True),
    Column("first_day", String(10), primary_key=True),
    Column("edition", String(16), primary_key=True),
    Column("language", String(8), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("run_id", String(64), nullable=False),
)

told_findings = Table(
    "told_findings",
    metadata,
    Column("role", String(32), primary_key=True),
    Column("channel", String(16), primary_key=True),
    Column("target", String(320), primary_key=True),
    Column("finding_id", String(128), primary_key=True),
    Column("code", String(64), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("case_reference", String(255), nullable=False),
    Column("latest_on", Date, nullable=True),
    Column("at", Instant, nullable=False),
    Column("run_id", String(64), nullable=False),
)

job_runs = Table(
    "job_runs",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("job", String(32), nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("exit_code", Integer),
    Column("status", String(16), nullable=False),
    Column("host", String(255), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("run_id", String(64), nullable=False),
    UniqueConstraint("job", "due_at", name="uq_job_runs_slot"),
    Index("ix_job_runs_job_began_at", "job", "began_at"),
    Index("ix_job_runs_job_status", "job", "status"),
)

job_requests = Table(
    "job_requests",
    metadata,
    Column("job", String(32), primary_key=True),
    Column("asked_at", Instant, nullable=False),
)

run_traffic = Table(
    "run_traffic",
    metadata,
    Column("run_id", String(64), primary_key=True),
    Column("requests", Integer, nullable=False),
    Column("throttled", Integer, nullable=False),
)

item_histories = Table(
    "item_histories",
    metadata,
    Column("list_id", String(128), primary_key=True),
    Column("item_id", String(64), primary_key=True),
    Column("seen", String(64), nullable=False),
    Column("content_hash", String(64), nullable=False),
)

item_history_contents = Table(
    "item_history_contents",
    metadata,
    Column("content_hash", String(64), primary_key=True),
    Column("content", Text, nullable=False),
)

known_folders = Table(
    "known_folders",
    metadata,
    Column("place", String(64), primary_key=True),
    Column("folder_id", Text, nullable=False),
    Column("asked_at", Instant, nullable=False),
)
