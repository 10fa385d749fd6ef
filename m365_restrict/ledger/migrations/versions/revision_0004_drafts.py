"""The table of letters that were drafted to a library."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "drafted_letters",
        sa.Column("key", sa.String(255), primary_key=True, nullable=False),
        sa.Column("item_id", sa.String(64), nullable=False),
        sa.Column("case_reference", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("drafted_on", sa.Date, nullable=False),
        sa.Column("document_url", sa.Text, nullable=False),
        sa.Column("page_url", sa.Text, nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
    )


def downgrade() -> None:
    """A ledger is evidence: it is never taken back."""
    raise NotImplementedError
