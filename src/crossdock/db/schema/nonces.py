"""Marks that callers put on their requests, so that a request that is sent again is known for what it is."""

from sqlalchemy import Column, Index, LargeBinary, PrimaryKeyConstraint, Table

from crossdock.db.schema.base import metadata, moment, words

call_nonce = Table(
    "call_nonce",
    metadata,
    words("dialect"),
    words("key"),
    Column("nonce_hash", LargeBinary, nullable=False),
    moment("used_at"),
    PrimaryKeyConstraint("dialect", "key", "nonce_hash"),
    Index(None, "used_at"),
)
