"""What people did is read by time: of a place, of a person, of all."""

from alembic import op

revision = "0028"
down_revision = "0027"

STATEMENTS = (
    "CREATE INDEX staff_action_time_idx ON staff_action (account_id, site_id, created_at, id)",
    "CREATE INDEX staff_action_by_idx ON staff_action (staff_id, created_at, id) WHERE staff_id IS NOT NULL",
    "CREATE INDEX staff_action_about_idx ON staff_action (about_staff_id, created_at, id)"
    " WHERE about_staff_id IS NOT NULL",
    "CREATE INDEX staff_action_actor_idx ON staff_action (actor, created_at, id) WHERE actor <> ''",
    "CREATE INDEX operator_action_time_idx ON operator_action (created_at, id)",
    "CREATE INDEX operator_action_by_idx ON operator_action (operator_id, created_at, id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
