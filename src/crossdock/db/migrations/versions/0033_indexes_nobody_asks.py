"""Indexes that cost each event and each pick, and that no call reads by.

Events are read by order; only `crossdock verify` reads them by subject, and then those of hand-overs.
"""

from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.execute("DROP INDEX event_account_id_subject_idx")
    op.execute("CREATE INDEX event_handover_idx ON event (account_id, subject) WHERE subject LIKE 'handover:%'")
    op.execute("DROP INDEX location_move_stock_idx")
