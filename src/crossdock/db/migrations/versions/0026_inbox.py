"""Who looks after an exception and until when, and how many orders there were at the end of each hour."""

from alembic import op

revision = "0026"
down_revision = "0025"

STATEMENTS = (
    """
CREATE TABLE exception_care (
    account_id BIGINT NOT NULL,
    key TEXT NOT NULL,
    owner TEXT,
    due_at TIMESTAMP WITH TIME ZONE,
    done_at TIMESTAMP WITH TIME ZONE,
    done_by TEXT,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT exception_care_pkey PRIMARY KEY (account_id, key),
    CONSTRAINT exception_care_account_id_fkey FOREIGN KEY(account_id) REFERENCES account (id),
    CONSTRAINT exception_care_done_check CHECK ((done_at IS NULL) = (done_by IS NULL))
)
""",
    """
CREATE TABLE order_hour (
    account_id BIGINT NOT NULL,
    hour TIMESTAMP WITH TIME ZONE NOT NULL,
    placed BIGINT NOT NULL,
    shipped BIGINT NOT NULL,
    CONSTRAINT order_hour_pkey PRIMARY KEY (account_id, hour),
    CONSTRAINT order_hour_account_id_fkey FOREIGN KEY(account_id) REFERENCES account (id)
)
""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
