"""When a key was last used, and receivers that are sent nothing for a while."""

from alembic import op

revision = "0018"
down_revision = "0017"

STATEMENTS = (
    "ALTER TABLE credential ADD COLUMN last_used_at TIMESTAMP WITH TIME ZONE",
    "ALTER TABLE receiver ADD COLUMN frozen_at TIMESTAMP WITH TIME ZONE",
    "ALTER TABLE receiver ADD COLUMN frozen_why TEXT DEFAULT '' NOT NULL",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
