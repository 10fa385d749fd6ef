"""The table of what people have been told by mail."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "told",
        sa.Column("kind", sa.String(32), primary_key=True, nullable=False),
        sa.Column("subject", sa.String(255), primary_key=True, nullable=False),
        sa.Column("recipient", sa.String(320), primary_key=True, nullable=False),
        sa.Column("state", sa.String(255), nullable=False),
        sa.Column("sent_state", sa.String(255), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
    )


def downgrade() -> None:
    """A ledger is evidence: it is never taken back."""
    raise NotImplementedError
