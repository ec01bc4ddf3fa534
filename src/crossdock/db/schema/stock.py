"""The ledger: buckets, and the append-only moves that every bucket is the sum of."""

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from crossdock.db.schema.base import big, day, identity, metadata, moment, words

stock = Table(
    "stock",
    metadata,
    identity(),
    big("account_id"),
    big("site_id"),
    big("sub_inventory_id"),
    big("product_id"),
    words("lot", default="''"),
    words("condition", default="'good'"),
    big("on_hand", default="0"),
    big("allocated", default="0"),
    day("expires_on", null=True),
    PrimaryKeyConstraint("id"),
    UniqueConstraint(
        "account_id", "product_id", "site_id", "sub_inventory_id", "lot", "condition", name="stock_bucket_key"
    ),
    UniqueConstraint("account_id", "id"),
    ForeignKeyConstraint(["account_id", "site_id"], ["site.account_id", "site.id"], name="stock_site_fkey"),
    ForeignKeyConstraint(
        ["account_id", "sub_inventory_id"],
        ["sub_inventory.account_id", "sub_inventory.id"],
        name="stock_sub_inventory_fkey",
    ),
    ForeignKeyConstraint(
        ["account_id", "product_id"], ["product.account_id", "product.id"], name="stock_product_fkey"
    ),
    CheckConstraint("allocated >= 0 AND allocated <= on_hand", name="allocated_within_on_hand"),
    CheckConstraint("condition IN ('good', 'defective')", name="condition"),
)

stock_move = Table(
    "stock_move",
    metadata,
    identity(),
    big("account_id"),
    big("stock_id"),
    words("cause"),
    big("quantity"),
    big("allocated"),
    big("order_id", null=True),
    big("order_line_id", null=True),
    moment("moved_at"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("account_id", "cause", "stock_id"),
    ForeignKeyConstraint(["account_id", "stock_id"], ["stock.account_id", "stock.id"], name="stock_move_stock_fkey"),
    CheckConstraint("quantity <> 0 OR allocated <> 0", name="moves_something"),
    Index("stock_move_ledger_idx", "account_id", "stock_id", "id"),
    Index(None, "account_id", "order_id"),
)
