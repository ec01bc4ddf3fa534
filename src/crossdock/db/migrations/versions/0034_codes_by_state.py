"""The codes of a shop in some states are listed without all that were ever used there."""

from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.execute("CREATE INDEX handover_listed_idx ON handover (account_id, site_id, state, id) WHERE place = 'shop'")
