"""A counter's lists are read from their newest row on."""

from alembic import op

revision = "0013"
down_revision = "0012"

STATEMENTS = (
    "CREATE INDEX handover_counter_idx ON handover (site_id, created_at, id) WHERE place = 'shop'",
    "CREATE INDEX handover_counter_used_idx ON handover (site_id, used_at, id)"
    " WHERE place = 'shop' AND used_at IS NOT NULL",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
