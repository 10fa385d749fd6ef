"""Version histories of list items that were read before."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "item_histories",
        sa.Column("list_id", sa.String(128), primary_key=True, nullable=False),
        sa.Column("item_id", sa.String(64), primary_key=True, nullable=False),
        sa.Column("seen", sa.String(64), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
    )
    op.create_table(
        "item_history_contents",
        sa.Column("content_hash", sa.String(64), primary_key=True, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """A ledger is evidence: it is never taken back."""
    raise NotImplementedError
