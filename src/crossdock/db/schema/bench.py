"""Orders that are packed at a bench, and each scan of it."""

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

from crossdock.db.schema.base import amount, big, document, identity, metadata, moment, words

bench_packing = Table(
    "bench_packing",
    metadata,
    identity(),
    big("account_id"),
    big("site_id"),
    big("order_id"),
    words("bench"),
    big("department_id", ForeignKey("department.id"), null=True),
    words("station"),
    big("staff_id", ForeignKey("staff.id")),
    words("operation_id"),
    words("state", default="'open'"),
    document("block", null=True),
    words("reason", default="''"),
    amount("weight_g", null=True),
    words("box", default="''"),
    big("packing_id", ForeignKey("packing.id"), null=True),
    moment("opened_at"),
    moment("ended_at", null=True),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("account_id", "id"),
    UniqueConstraint("account_id", "site_id", "operation_id", name="bench_packing_operation_key"),
    ForeignKeyConstraint(["account_id", "site_id"], ["site.account_id", "site.id"], name="bench_packing_site_fkey"),
    ForeignKeyConstraint(
        ["account_id", "order_id"], ["orders.account_id", "orders.id"], name="bench_packing_order_fkey"
    ),
    CheckConstraint("state IN ('open', 'packed', 'put_aside', 'stopped')", name="state"),
    CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended"),
    CheckConstraint("weight_g > 0", name="weight"),
    Index("bench_packing_of_order_idx", "account_id", "order_id", "id"),
    Index("bench_packing_order_key", "account_id", "order_id", unique=True, postgresql_where=text("state = 'open'")),
    Index(
        "bench_packing_bench_key",
        "account_id",
        "site_id",
        "bench",
        unique=True,
        postgresql_where=text("state = 'open'"),
    ),
)
"""One order is open at one bench, and one bench has one open. `block`: the wrong scan that nobody has noticed yet."""

bench_scan = Table(
    "bench_scan",
    metadata,
    identity(),
    big("account_id"),
    big("bench_packing_id"),
    big("order_line_id", ForeignKey("order_line.id")),
    big("quantity"),
    words("code"),
    words("lot", default="''"),
    words("serial", default="''"),
    words("operation_id"),
    moment("scanned_at"),
    moment("taken_back_at", null=True),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("account_id", "bench_packing_id", "operation_id", name="bench_scan_operation_key"),
    ForeignKeyConstraint(
        ["account_id", "bench_packing_id"],
        ["bench_packing.account_id", "bench_packing.id"],
        name="bench_scan_packing_fkey",
    ),
    CheckConstraint("quantity > 0", name="quantity"),
)
