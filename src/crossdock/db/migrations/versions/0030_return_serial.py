"""The name of a piece that came back."""

from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.execute("ALTER TABLE return_piece ADD COLUMN serial TEXT DEFAULT '' NOT NULL")
    op.execute(
        "ALTER TABLE return_piece ADD CONSTRAINT return_piece_serial_check CHECK (serial = '' OR quantity = 1)"
    )
