"""The tables of what becomes of a case after its decision: notices sent, endings proven, deletions."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "notices_sent",
        sa.Column("key", sa.String(255), primary_key=True, nullable=False),
        sa.Column("sent_on", sa.Date, nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
    )
    op.create_table(
        "case_lives",
        sa.Column("item_id", sa.String(64), primary_key=True, nullable=False),
        sa.Column("case_reference", sa.String(255), nullable=False),
        sa.Column("ends_on", sa.Date),
        sa.Column("ended_on", sa.Date),
        sa.Column("closed_on", sa.Date),
        sa.Column("closed_run", sa.String(64), nullable=False),
    )
    op.create_table(
        "deletions",
        sa.Column("item_id", sa.String(64), primary_key=True, nullable=False),
        sa.Column("case_reference", sa.String(255), nullable=False),
        sa.Column("deleted_on", sa.Date, nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("certificate", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """A ledger is evidence: it is never taken back."""
    raise NotImplementedError
