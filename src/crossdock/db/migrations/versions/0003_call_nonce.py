"""Nonces of signed calls, known to all processes."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute(
        """
CREATE TABLE call_nonce (
    dialect TEXT NOT NULL,
    key TEXT NOT NULL,
    nonce_hash BYTEA NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT call_nonce_pkey PRIMARY KEY (dialect, key, nonce_hash)
)
"""
    )
    op.execute("CREATE INDEX call_nonce_used_at_idx ON call_nonce (used_at)")
