"""What the console asks for: pieces and plates by their names alone, and the ledger of a bucket from its end."""

from alembic import op

revision = "0025"
down_revision = "0024"

STATEMENTS = (
    "CREATE INDEX unit_code_idx ON unit (account_id, code)",
    "CREATE INDEX plate_code_idx ON plate (account_id, code)",
    "CREATE INDEX stock_move_ledger_idx ON stock_move (account_id, stock_id, id)",
    "DROP INDEX stock_move_account_id_stock_id_idx",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
