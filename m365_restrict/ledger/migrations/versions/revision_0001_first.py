"""The first tables. Columns are written out: a migration must not change when the schema module does."""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _text(name: str, length: int = 64, *, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), primary_key=primary_key, nullable=False)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=nullable)


def _when(*names: str) -> Iterator[sa.Column[object]]:
    for name in names:
        yield sa.Column(name, sa.DateTime, nullable=False)


def upgrade() -> None:
    """Make every table of the first version."""
    _make_runs()
    _make_applied_rules()
    _make_register_memory()
    op.create_table(
        "opaque_mailboxes",
        _text("mailbox", 320, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False, unique=True),
    )
    op.create_table(
        "findings_since", _text("finding_key", 512, primary_key=True), *_when("first_seen", "last_seen")
    )
    op.create_table(
        "freezes",
        _text("name", primary_key=True),
        sa.Column("reason", sa.Text, nullable=False),
        _text("set_by", 255),
        *_when("since"),
    )
    op.create_table(
        "lease",
        _text("name", primary_key=True),
        _text("holder"),
        _text("host", 255),
        _number("pid"),
        *_when("acquired_at", "renewed_at"),
    )


def _make_runs() -> None:
    op.create_table(
        "runs",
        _text("run_id", primary_key=True),
        _text("verb", 32),
        *_when("started_at"),
        sa.Column("finished_at", sa.DateTime),
        _text("status", 16),
        _number("exit_code", nullable=True),
        _text("source_version", 255),
        _text("plan_id", 128),
        sa.Column("document", sa.Text, nullable=False),
        _text("host", 255),
        _number("pid"),
    )
    op.create_index("ix_runs_started_at", "runs", ["started_at"])


def _make_applied_rules() -> None:
    op.create_table(
        "applied_rules",
        _text("key", 255, primary_key=True),
        _text("kind", 32),
        _text("tenant_id", 512),
        _text("mailbox", 320),
        _text("case_reference", 255),
        _text("name", 512),
        sa.Column("properties", sa.JSON, nullable=False),
        sa.Column("chosen_by_holder", sa.Boolean, nullable=False),
        _text("saved", 128),
        sa.Column("holder_ended", sa.Boolean, nullable=False),
        *_when("applied_at"),
        _text("run_id"),
    )


def _make_register_memory() -> None:
    op.create_table(
        "approval_evidence",
        _text("item_id", primary_key=True),
        _text("version", primary_key=True),
        _text("saver_object_id"),
        _text("saver_address", 320),
        *_when("saved_at"),
        _text("fields_hash", 128),
        sa.Column("values_json", sa.Text, nullable=False),
        _text("verdict"),
        sa.Column("seen_on", sa.Date, nullable=False),
    )
    op.create_table(
        "live_cases",
        _text("item_id", primary_key=True),
        _text("case_reference", 255),
        _text("measure"),
        sa.Column("ends_on", sa.Date, nullable=False),
        _text("run_id"),
    )
    op.create_table(
        "vanished_items",
        _text("item_id", primary_key=True),
        _text("first_run"),
        _text("last_run"),
        _number("runs_seen"),
    )


def downgrade() -> None:
    """A ledger is evidence: it is never taken back."""
    raise NotImplementedError
