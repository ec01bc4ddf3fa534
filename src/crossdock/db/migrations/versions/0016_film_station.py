"""Film knows at which station it was taken, and a camera's clock may be wrong by decades."""

from alembic import op

revision = "0016"
down_revision = "0015"

STATEMENTS = (
    "ALTER TABLE camera ALTER COLUMN offset_ms TYPE BIGINT",
    "ALTER TABLE film_piece ADD COLUMN department_id BIGINT, ADD COLUMN station TEXT",
    # Where older film was taken nobody noted: it counts for where its camera is now, as it did.
    """
UPDATE film_piece f SET department_id = c.department_id, station = c.station
  FROM camera c
 WHERE c.id = f.camera_id
""",
    "ALTER TABLE film_piece ALTER COLUMN department_id SET NOT NULL, ALTER COLUMN station SET NOT NULL",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
