"""How many requests each run made."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "run_traffic",
        sa.Column("run_id", sa.String(64), primary_key=True, nullable=False),
        sa.Column("requests", sa.Integer, nullable=False),
        sa.Column("throttled", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """A ledger is evidence: it is never taken back."""
    raise NotImplementedError
