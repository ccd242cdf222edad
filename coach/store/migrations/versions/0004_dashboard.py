"""What managers note on a call, and the figures of a call as they went."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "measurements",
        sa.Column("session_id", sa.String(64), sa.ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("at", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("figures", sa.JSON, nullable=False),
    )
    op.create_table(
        "notes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("session_id", sa.String(64), sa.ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
        sa.Column("author", sa.String(256), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("offset", sa.Integer),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_notes_session_id", "notes", ["session_id"])
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in ("measurements", "notes"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    # No policy for notes: they are the managers', and a team's sellers may read the rest of its rows.
    mine = "EXISTS (SELECT FROM sessions WHERE sessions.id = measurements.session_id)"
    op.execute(f"CREATE POLICY own_team ON measurements FOR SELECT USING ({mine})")


def downgrade() -> None:
    for table in ("notes", "measurements"):
        op.drop_table(table)
