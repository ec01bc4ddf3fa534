"""Imports: files of rows, what they would do, and what they did."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from crossdock.db.schema.base import big, document, flag, identity, metadata, moment, whole, words

bulk_run = Table(
    "bulk_run",
    metadata,
    identity(),
    big("account_id"),
    big("site_id", null=True),
    words("kind"),
    words("mode"),
    words("state", default="'checking'"),
    words("file_name"),
    Column("headings", ARRAY(Text), nullable=False),
    whole("rows"),
    whole("looked_at", default="0"),
    whole("wrong", default="0"),
    whole("worked", default="0"),
    whole("failed", default="0"),
    whole("undone", default="0"),
    whole("kept", default="0"),
    words("actor"),
    words("operation_id", null=True),
    moment("created_at"),
    moment("started_at", null=True),
    moment("finished_at", null=True),
    moment("undone_at", null=True),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("account_id", "id"),
    ForeignKeyConstraint(["account_id"], ["account.id"], name="bulk_run_account_id_fkey"),
    ForeignKeyConstraint(["account_id", "site_id"], ["site.account_id", "site.id"], name="bulk_run_site_fkey"),
    CheckConstraint("kind IN ('products', 'stock', 'orders', 'staff')", name="kind"),
    CheckConstraint("mode IN ('rows', 'all')", name="mode"),
    CheckConstraint(
        "state IN ('checking', 'checked', 'running', 'done', 'refused', 'undoing', 'undone', 'dropped')",
        name="state",
    ),
    Index(
        "bulk_run_operation_key",
        "account_id",
        "operation_id",
        unique=True,
        postgresql_where=text("operation_id IS NOT NULL"),
    ),
)

bulk_row = Table(
    "bulk_row",
    metadata,
    big("account_id"),
    big("run_id"),
    whole("row_no"),
    whole("unit"),
    document("given"),
    words("hidden", null=True),
    words("would", null=True),
    words("wrong", null=True),
    flag("unusable", "false"),
    words("status", default="'waiting'"),
    words("deed", null=True),
    words("reason", null=True),
    big("target", null=True),
    document("before", null=True),
    document("after", null=True),
    PrimaryKeyConstraint("account_id", "run_id", "row_no"),
    ForeignKeyConstraint(["account_id", "run_id"], ["bulk_run.account_id", "bulk_run.id"], name="bulk_row_run_fkey"),
    CheckConstraint("status IN ('waiting', 'done', 'failed', 'undone')", name="status"),
    Index("bulk_row_unit_idx", "account_id", "run_id", "unit"),
    Index(
        "bulk_row_unchecked_idx",
        "account_id",
        "run_id",
        "unit",
        postgresql_where=text("would IS NULL AND wrong IS NULL"),
    ),
    Index("bulk_row_waiting_idx", "account_id", "run_id", "unit", postgresql_where=text("status = 'waiting'")),
)
"""`unit`: the first row of those that belong together. `hidden`: the hash of a password, until the row is done."""
