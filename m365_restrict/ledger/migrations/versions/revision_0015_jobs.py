"""Which slot of which job was run by whom and how it ended, and what somebody asked to be run now."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "job_runs",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True, nullable=False),
        sa.Column("job", sa.String(32), nullable=False),
        sa.Column("due_at", sa.DateTime, nullable=False),
        sa.Column("began_at", sa.DateTime, nullable=False),
        sa.Column("ended_at", sa.DateTime, nullable=True),
        sa.Column("exit_code", sa.Integer, nullable=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.UniqueConstraint("job", "due_at", name="uq_job_runs_slot"),
    )
    op.create_index("ix_job_runs_job_began_at", "job_runs", ["job", "began_at"])
    op.create_index("ix_job_runs_job_status", "job_runs", ["job", "status"])
    op.create_table(
        "job_requests",
        sa.Column("job", sa.String(32), primary_key=True, nullable=False),
        sa.Column("asked_at", sa.DateTime, nullable=False),
    )


def downgrade() -> None:
    """A ledger is evidence: it is never taken back."""
    raise NotImplementedError
