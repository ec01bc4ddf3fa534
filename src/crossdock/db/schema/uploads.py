"""Rows that were uploaded to become orders later, and the tasks in the background that make them."""

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)

from crossdock.db.schema.base import big, document, identity, metadata, moment, whole, words

temp_consignment = Table(
    "temp_consignment",
    metadata,
    identity(),
    big("account_id", ForeignKey("account.id")),
    whole("company_id", ForeignKey("company.id")),
    words("dialect"),
    words("type"),
    words("row_key", null=True),
    document("fields"),
    words("actor"),
    big("order_id", null=True),
    moment("created_at"),
    moment("updated_at"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("account_id", "id"),
    ForeignKeyConstraint(
        ["account_id", "order_id"], ["orders.account_id", "orders.id"], name="temp_consignment_order_fkey"
    ),
    Index(
        "temp_consignment_open_idx",
        "account_id",
        "company_id",
        "type",
        "id",
        postgresql_where=text("order_id IS NULL"),
    ),
)

background_task = Table(
    "background_task",
    metadata,
    identity(),
    big("account_id", ForeignKey("account.id")),
    whole("company_id", ForeignKey("company.id")),
    words("dialect"),
    words("kind"),
    words("state", default="'queued'"),
    words("actor"),
    whole("total"),
    moment("created_at"),
    moment("started_at", null=True),
    moment("updated_at"),
    moment("finished_at", null=True),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("account_id", "id"),
    CheckConstraint("state IN ('queued', 'running', 'finished')", name="state"),
)

background_task_item = Table(
    "background_task_item",
    metadata,
    big("account_id"),
    big("task_id"),
    big("temp_consignment_id"),
    big("order_id", null=True),
    words("failure", null=True),
    moment("done_at", null=True),
    PrimaryKeyConstraint("task_id", "temp_consignment_id"),
    ForeignKeyConstraint(
        ["account_id", "task_id"],
        ["background_task.account_id", "background_task.id"],
        name="background_task_item_task_fkey",
    ),
    ForeignKeyConstraint(
        ["account_id", "temp_consignment_id"],
        ["temp_consignment.account_id", "temp_consignment.id"],
        name="background_task_item_temp_consignment_fkey",
    ),
    CheckConstraint("(done_at IS NOT NULL) = (order_id IS NOT NULL OR failure IS NOT NULL)", name="done"),
    Index(
        "background_task_item_open_idx", "task_id", "temp_consignment_id", postgresql_where=text("done_at IS NULL")
    ),
)
