"""What came or left with an order is found by the order; a piece is not kept for one by name."""

from alembic import op

revision = "0008"
down_revision = "0007"

STATEMENTS = (
    "ALTER TABLE unit DROP COLUMN reserved_order_id",
    "CREATE INDEX unit_received_idx ON unit (account_id, received_order_id) WHERE received_order_id IS NOT NULL",
    "CREATE INDEX unit_shipped_idx ON unit (account_id, shipped_order_id) WHERE shipped_order_id IS NOT NULL",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
