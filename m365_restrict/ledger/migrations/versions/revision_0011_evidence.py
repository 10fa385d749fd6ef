"""The evidence of runs: bodies by their own hash, the chain over runs, and its head."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "evidence_bodies",
        sa.Column("hash", sa.String(64), primary_key=True, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=True),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.Column("removed_by", sa.Integer, nullable=False),
    )
    op.create_table(
        "evidence_chain",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False, index=True),
        sa.Column("verb", sa.String(32), nullable=False),
        sa.Column("started_at", sa.String(40), nullable=False),
        sa.Column("finished_at", sa.String(40), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_table(
        "evidence_head",
        sa.Column("name", sa.String(16), primary_key=True, nullable=False),
        sa.Column("entries", sa.Integer, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )


def downgrade() -> None:
    """A ledger is evidence: it is never taken back."""
    raise NotImplementedError
