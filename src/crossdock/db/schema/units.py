"""Pieces that have a name of their own, codes announced before they come, and licence plates."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)

from crossdock.db.schema.base import big, document, flag, identity, metadata, moment, words

unit = Table(
    "unit",
    metadata,
    identity(),
    big("account_id", ForeignKey("account.id")),
    big("product_id"),
    words("code"),
    words("sn", null=True),
    words("imei1", null=True),
    words("imei2", null=True),
    words("meid", null=True),
    words("vin", null=True),
    big("stock_id"),
    words("plate", default="''"),
    words("location", default="''"),
    words("state", default="'in_stock'"),
    big("received_order_id", null=True),
    moment("received_at"),
    big("shipped_order_id", null=True),
    moment("shipped_at", null=True),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("account_id", "product_id", "code"),
    ForeignKeyConstraint(
        ["account_id", "product_id"], ["product.account_id", "product.id"], name="unit_product_fkey"
    ),
    ForeignKeyConstraint(["account_id", "stock_id"], ["stock.account_id", "stock.id"], name="unit_stock_fkey"),
    CheckConstraint("code <> ''", name="code"),
    CheckConstraint("state IN ('in_stock', 'shipped')", name="state"),
    CheckConstraint("(state = 'shipped') = (shipped_at IS NOT NULL)", name="shipped"),
    Index("unit_code_idx", "account_id", "code"),
    Index("unit_here_idx", "account_id", "stock_id", postgresql_where=text("state = 'in_stock'")),
    Index(
        "unit_received_idx",
        "account_id",
        "received_order_id",
        postgresql_where=text("received_order_id IS NOT NULL"),
    ),
    Index(
        "unit_shipped_idx",
        "account_id",
        "shipped_order_id",
        postgresql_where=text("shipped_order_id IS NOT NULL"),
    ),
    Index("unit_vin_idx", "account_id", "vin", postgresql_where=text("vin IS NOT NULL")),
)
"""One piece. `code` is the name it is found by: VIN, serial number, IMEI or MEID, the first it has.
A piece that left and comes back is the same row again."""

serial_list = Table(
    "serial_list",
    metadata,
    big("account_id", ForeignKey("account.id")),
    words("order_number"),
    big("total"),
    words("transfer_type", default="''"),
    words("reference", default="''"),
    flag("ended", "false"),
    moment("created_at"),
    moment("updated_at"),
    PrimaryKeyConstraint("account_id", "order_number"),
    CheckConstraint("total > 0", name="total"),
)
"""Codes told in several messages under an order's number, which may come before the order itself.
`ended`: a message said that none would follow."""

announced_serial = Table(
    "announced_serial",
    metadata,
    big("account_id"),
    words("order_number"),
    words("sku"),
    words("code"),
    words("line_key", default="''"),
    moment("announced_at"),
    PrimaryKeyConstraint("account_id", "order_number", "sku", "code"),
    ForeignKeyConstraint(
        ["account_id", "order_number"],
        ["serial_list.account_id", "serial_list.order_number"],
        name="announced_serial_list_fkey",
    ),
    Index(None, "account_id", "code"),
)

plate_batch = Table(
    "plate_batch",
    metadata,
    big("account_id", ForeignKey("account.id")),
    words("source_number"),
    words("batch_key"),
    Column("content_hash", LargeBinary, nullable=False),
    moment("created_at"),
    moment("updated_at"),
    PrimaryKeyConstraint("account_id", "source_number", "batch_key"),
)

plate = Table(
    "plate",
    metadata,
    identity(),
    big("account_id"),
    words("source_number"),
    words("batch_key"),
    words("code"),
    words("parent_code", default="''"),
    words("kind", default="''"),
    words("sku"),
    big("quantity"),
    document("members"),
    big("order_id", null=True),
    moment("received_at", null=True),
    PrimaryKeyConstraint("id"),
    ForeignKeyConstraint(
        ["account_id", "source_number", "batch_key"],
        ["plate_batch.account_id", "plate_batch.source_number", "plate_batch.batch_key"],
        name="plate_batch_fkey",
        ondelete="CASCADE",
    ),
    ForeignKeyConstraint(["account_id", "order_id"], ["orders.account_id", "orders.id"], name="plate_order_fkey"),
    CheckConstraint("quantity > 0", name="quantity"),
    Index("plate_code_idx", "account_id", "code"),
    Index("plate_waiting_key", "account_id", "code", unique=True, postgresql_where=text("received_at IS NULL")),
    Index(None, "account_id", "source_number"),
    Index("plate_order_idx", "account_id", "order_id", postgresql_where=text("order_id IS NOT NULL")),
)
"""A pallet's or a carton's label, as its owner announced it; `members` are all it said, word for word."""

sscc_counter = Table(
    "sscc_counter",
    metadata,
    words("prefix"),
    big("used"),
    PrimaryKeyConstraint("prefix"),
    CheckConstraint("prefix ~ '^[0-9]{4,12}$'", name="prefix"),
    CheckConstraint("used BETWEEN 0 AND power(10::numeric, 17 - length(prefix))", name="used"),
)
"""How many SSCCs of a GS1 company prefix were handed out, to whichever account states it."""

sscc = Table(
    "sscc",
    metadata,
    words("code"),
    words("batch"),
    big("account_id"),
    big("site_id"),
    big("product_id", null=True),
    big("quantity", null=True),
    words("lot", default="''"),
    Column("expires_on", Date, nullable=True),
    moment("handed_out_at"),
    PrimaryKeyConstraint("code"),
    ForeignKeyConstraint(["account_id", "site_id"], ["site.account_id", "site.id"], name="sscc_site_fkey"),
    ForeignKeyConstraint(
        ["account_id", "product_id"], ["product.account_id", "product.id"], name="sscc_product_fkey"
    ),
    CheckConstraint("code ~ '^[0-9]{18}$'", name="code"),
    CheckConstraint("(product_id IS NULL) = (quantity IS NULL) AND quantity > 0", name="content"),
    Index(None, "account_id", "batch"),
)
"""Every SSCC that was handed out, and what it holds where that is one product. `batch`: the first of
those that were handed out together."""
