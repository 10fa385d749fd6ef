"""Whose change is sought and what was found, when was looked last, and what a second view differed in."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; questions that were asked before were about approvals."""
    op.add_column(
        "audit_queries", sa.Column("purpose", sa.String(16), nullable=False, server_default="approvals")
    )
    op.create_table(
        "sought_changes",
        sa.Column("finding_key", sa.String(512), primary_key=True, nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
        sa.Column("until", sa.DateTime, nullable=False),
        sa.Column("told", sa.Text, nullable=False),
        sa.Column("read_until", sa.DateTime, nullable=True),
    )
    op.create_table(
        "last_looks",
        sa.Column("what", sa.String(128), primary_key=True, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "second_views",
        sa.Column("tenant_id", sa.String(64), primary_key=True, nullable=False),
        sa.Column("taken_at", sa.DateTime, nullable=False),
        sa.Column("told", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """A ledger is evidence: it is never taken back."""
    raise NotImplementedError
