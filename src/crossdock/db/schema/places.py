"""Locations in a warehouse, what lies in them, how it came there, and what people scan before it is booked."""

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

from crossdock.db.schema.base import big, day, document, flag, identity, metadata, moment, texts, whole, words

location = Table(
    "location",
    metadata,
    identity(),
    big("account_id"),
    big("site_id"),
    words("code"),
    words("kind"),
    whole("walk_order", default="0"),
    flag("active", "true"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("account_id", "id"),
    UniqueConstraint("account_id", "site_id", "code", name="location_code_key"),
    ForeignKeyConstraint(["account_id", "site_id"], ["site.account_id", "site.id"], name="location_site_fkey"),
    CheckConstraint("kind IN ('dock', 'shelf', 'reserve', 'quarantine', 'tote', 'lane')", name="kind"),
    CheckConstraint("walk_order >= 0", name="walk_order"),
    Index("location_walk_idx", "account_id", "site_id", "kind", "walk_order", "code"),
)

located = Table(
    "located",
    metadata,
    big("account_id"),
    big("stock_id"),
    big("location_id"),
    big("quantity"),
    PrimaryKeyConstraint("account_id", "stock_id", "location_id"),
    ForeignKeyConstraint(["account_id", "stock_id"], ["stock.account_id", "stock.id"], name="located_stock_fkey"),
    ForeignKeyConstraint(
        ["account_id", "location_id"], ["location.account_id", "location.id"], name="located_location_fkey"
    ),
    CheckConstraint("quantity > 0", name="quantity"),
    Index("located_location_idx", "account_id", "location_id"),
)
"""How much of a bucket lies where. What lies in no location is not put away; all of it is never more than on hand.
It changes only while the bucket is locked."""

location_move = Table(
    "location_move",
    metadata,
    identity(),
    big("account_id"),
    big("stock_id"),
    big("from_location_id", null=True),
    big("to_location_id", null=True),
    big("quantity"),
    words("cause"),
    big("staff_id", ForeignKey("staff.id"), null=True),
    big("order_id", null=True),
    moment("moved_at"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("account_id", "cause", "stock_id", name="location_move_cause_key"),
    ForeignKeyConstraint(
        ["account_id", "stock_id"], ["stock.account_id", "stock.id"], name="location_move_stock_fkey"
    ),
    ForeignKeyConstraint(
        ["account_id", "from_location_id"], ["location.account_id", "location.id"], name="location_move_from_fkey"
    ),
    ForeignKeyConstraint(
        ["account_id", "to_location_id"], ["location.account_id", "location.id"], name="location_move_to_fkey"
    ),
    ForeignKeyConstraint(
        ["account_id", "order_id"], ["orders.account_id", "orders.id"], name="location_move_order_fkey"
    ),
    CheckConstraint("quantity > 0", name="quantity"),
    CheckConstraint("from_location_id IS DISTINCT FROM to_location_id", name="goes_somewhere"),
    Index(
        "location_move_order_idx",
        "account_id",
        "order_id",
        "stock_id",
        postgresql_where=text("order_id IS NOT NULL"),
    ),
)

receipt_scan = Table(
    "receipt_scan",
    metadata,
    identity(),
    big("account_id"),
    big("site_id"),
    big("order_id"),
    big("order_line_id"),
    big("staff_id", ForeignKey("staff.id")),
    big("quantity"),
    words("lot", default="''"),
    day("expires_on", null=True),
    words("condition", default="'good'"),
    texts("serials"),
    words("plate", default="''"),
    words("operation_id"),
    whole("part"),
    moment("scanned_at"),
    moment("ended_at", null=True),
    words("ended", null=True),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("account_id", "site_id", "operation_id", "part", name="receipt_scan_operation_key"),
    ForeignKeyConstraint(["account_id", "site_id"], ["site.account_id", "site.id"], name="receipt_scan_site_fkey"),
    ForeignKeyConstraint(
        ["account_id", "order_id"], ["orders.account_id", "orders.id"], name="receipt_scan_order_fkey"
    ),
    CheckConstraint("quantity > 0", name="quantity"),
    CheckConstraint("condition IN ('good', 'defective')", name="condition"),
    CheckConstraint("ended IN ('booked', 'taken_back')", name="ended"),
    CheckConstraint("(ended IS NULL) = (ended_at IS NULL)", name="ended_at"),
    Index("receipt_scan_open_idx", "account_id", "order_id", "id", postgresql_where=text("ended IS NULL")),
    Index("receipt_scan_plate_idx", "account_id", "site_id", "plate", postgresql_where=text("plate <> ''")),
)
"""What somebody scanned of an inbound order before it is booked; what was booked, or taken back, stays on record."""

location_count = Table(
    "location_count",
    metadata,
    identity(),
    big("account_id"),
    big("site_id"),
    big("location_id"),
    big("staff_id", ForeignKey("staff.id")),
    whole("round", default="1"),
    words("state", default="'open'"),
    document("found", null=True),
    moment("started_at"),
    moment("ended_at", null=True),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("account_id", "id"),
    ForeignKeyConstraint(["account_id", "site_id"], ["site.account_id", "site.id"], name="location_count_site_fkey"),
    ForeignKeyConstraint(
        ["account_id", "location_id"], ["location.account_id", "location.id"], name="location_count_location_fkey"
    ),
    CheckConstraint("state IN ('open', 'done', 'dropped')", name="state"),
    CheckConstraint("round BETWEEN 1 AND 9", name="round"),
    CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended"),
    Index(
        "location_count_open_key", "account_id", "location_id", unique=True, postgresql_where=text("state = 'open'")
    ),
    Index("location_count_site_idx", "account_id", "site_id", "id"),
)
"""Somebody counts what lies in a location, without being told; `found` is what came of it."""

count_scan = Table(
    "count_scan",
    metadata,
    identity(),
    big("account_id"),
    big("count_id"),
    whole("round"),
    big("product_id"),
    words("lot", default="''"),
    words("condition", default="'good'"),
    big("quantity"),
    big("staff_id", ForeignKey("staff.id")),
    words("operation_id"),
    moment("scanned_at"),
    moment("taken_back_at", null=True),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("account_id", "count_id", "operation_id", name="count_scan_operation_key"),
    ForeignKeyConstraint(
        ["account_id", "count_id"], ["location_count.account_id", "location_count.id"], name="count_scan_count_fkey"
    ),
    ForeignKeyConstraint(
        ["account_id", "product_id"], ["product.account_id", "product.id"], name="count_scan_product_fkey"
    ),
    CheckConstraint("quantity > 0", name="quantity"),
    CheckConstraint("condition IN ('good', 'defective')", name="condition"),
)
