"""Rules that were adopted or disowned, and rules that were imported into the register."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "ownership_claims",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True, nullable=False),
        sa.Column("guid", sa.String(64), nullable=False, index=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("case_reference", sa.String(255), nullable=False),
        sa.Column("rule_name", sa.String(512), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("made_by", sa.String(255), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
    )
    op.create_table(
        "imported_rules",
        sa.Column("guid", sa.String(64), primary_key=True, nullable=False),
        sa.Column("item_id", sa.String(64), nullable=False),
        sa.Column("imported_by", sa.String(255), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
    )


def downgrade() -> None:
    """A ledger is evidence: it is never taken back."""
    raise NotImplementedError
