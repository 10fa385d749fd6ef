"""What became of each report that was to be delivered, and which findings each recipient knows."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "deliveries",
        sa.Column("role", sa.String(32), primary_key=True, nullable=False),
        sa.Column("channel", sa.String(16), primary_key=True, nullable=False),
        sa.Column("target", sa.String(320), primary_key=True, nullable=False),
        sa.Column("period", sa.String(16), primary_key=True, nullable=False),
        sa.Column("first_day", sa.String(10), primary_key=True, nullable=False),
        sa.Column("edition", sa.String(16), primary_key=True, nullable=False),
        sa.Column("language", sa.String(8), primary_key=True, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
    )
    op.create_table(
        "told_findings",
        sa.Column("role", sa.String(32), primary_key=True, nullable=False),
        sa.Column("channel", sa.String(16), primary_key=True, nullable=False),
        sa.Column("target", sa.String(320), primary_key=True, nullable=False),
        sa.Column("finding_id", sa.String(128), primary_key=True, nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("case_reference", sa.String(255), nullable=False),
        sa.Column("latest_on", sa.Date, nullable=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
    )


def downgrade() -> None:
    """A ledger is evidence: it is never taken back."""
    raise NotImplementedError
