"""Waivers, cases opened by hand, and what each write found and left."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables. The rules that the ledger knows begin the journal of writes, each as it is known."""
    op.create_table(
        "waivers",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True, nullable=False),
        sa.Column("finding_key", sa.String(512), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("case_reference", sa.String(255), nullable=False),
        sa.Column("rule_name", sa.String(512), nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("observed", sa.JSON, nullable=False),
        sa.Column("desired", sa.JSON, nullable=False),
        sa.Column("told", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("made_by", sa.String(255), nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
        sa.Column("until", sa.Date, nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("ended_by", sa.String(255), nullable=False),
        sa.Column("ended_at", sa.DateTime),
    )
    op.create_table(
        "openings",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True, nullable=False),
        sa.Column("case_reference", sa.String(255), nullable=False),
        sa.Column("item_id", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("opened_by", sa.String(255), nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("ended_by", sa.String(255), nullable=False),
        sa.Column("ended_at", sa.DateTime),
        sa.Column("end_reason", sa.Text, nullable=False),
    )
    written = op.create_table(
        "written_changes",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True, nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False, index=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("tenant_id", sa.String(512), nullable=False),
        sa.Column("mailbox", sa.String(320), nullable=False),
        sa.Column("case_reference", sa.String(255), nullable=False),
        sa.Column("item_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(512), nullable=False),
        sa.Column("chosen_by_holder", sa.Boolean, nullable=False),
        sa.Column("form_before", sa.JSON(none_as_null=True)),
        sa.Column("form_after", sa.JSON(none_as_null=True)),
        sa.Column("result", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    _begin_with_what_is_known(written)


def _begin_with_what_is_known(written: sa.Table) -> None:
    names = ("run_id", "kind", "key", "tenant_id", "mailbox", "case_reference", "item_id", "name")
    applied = sa.table(
        "applied_rules",
        *(sa.column(name) for name in (*names, "applied_at", "chosen_by_holder", "properties")),
    )
    copied = [applied.c[name] for name in names]
    same = [applied.c.applied_at, applied.c.chosen_by_holder, applied.c.properties]
    fixed = [sa.literal("update"), sa.literal("known"), sa.literal("")]
    op.get_bind().execute(
        sa.insert(written).from_select(
            [*names, "at", "chosen_by_holder", "form_after", "action", "result", "reason"],
            sa.select(*copied, *same, *fixed).order_by(applied.c.applied_at, applied.c.key),
            include_defaults=False,
        )
    )


def downgrade() -> None:
    """A ledger is evidence: it is never taken back."""
    raise NotImplementedError
