"""A key for feedback: what is written again after a commit of unknown outcome is there once."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feedback", sa.Column("key", sa.String(32)))
    op.create_index("feedback_by_key", "feedback", ["key"], unique=True)


def downgrade() -> None:
    op.drop_index("feedback_by_key", "feedback")
    op.drop_column("feedback", "key")
