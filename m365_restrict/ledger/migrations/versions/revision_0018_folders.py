"""Ids of mailbox folders that were asked for before."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "known_folders",
        sa.Column("place", sa.String(64), primary_key=True, nullable=False),
        sa.Column("folder_id", sa.Text, nullable=False),
        sa.Column("asked_at", sa.DateTime, nullable=False),
    )


def downgrade() -> None:
    """A ledger is evidence: it is never taken back."""
    raise NotImplementedError
