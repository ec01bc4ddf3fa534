"""What lies in a tote by the books after its goods went into a parcel."""

from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.execute("ALTER TABLE tote_use ADD COLUMN emptied_at TIMESTAMP WITH TIME ZONE")
    op.execute(
        """
UPDATE tote_use u SET emptied_at = u.freed_at
 WHERE u.freed_at IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM located l WHERE l.account_id = u.account_id AND l.location_id = u.tote_id)
"""
    )
    op.execute("CREATE INDEX tote_use_rest_idx ON tote_use (account_id, tote_id) WHERE emptied_at IS NULL")
