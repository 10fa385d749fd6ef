"""The list item of each applied rule's case, by which a renamed case is known again."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. Older rows have no item id; the next run finds it by the case reference."""
    op.add_column("applied_rules", sa.Column("item_id", sa.String(64), nullable=False, server_default=""))


def downgrade() -> None:
    """A ledger is evidence: it is never taken back."""
    raise NotImplementedError
