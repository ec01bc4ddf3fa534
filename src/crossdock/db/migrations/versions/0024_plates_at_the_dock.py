"""What came in on a plate is found by it."""

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.execute("CREATE INDEX receipt_scan_plate_idx ON receipt_scan (account_id, site_id, plate) WHERE plate <> ''")
