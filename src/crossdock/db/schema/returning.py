"""What came back: what was seen of it before it is booked, and what nobody announced."""

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

from crossdock.db.schema.base import big, day, identity, metadata, moment, words

return_piece = Table(
    "return_piece",
    metadata,
    identity(),
    big("account_id"),
    big("site_id"),
    big("order_id"),
    big("order_line_id"),
    big("quantity"),
    words("verdict"),
    words("lot", default="''"),
    day("expires_on", null=True),
    big("location_id", null=True),
    words("note", default="''"),
    big("staff_id", ForeignKey("staff.id")),
    words("operation_id"),
    moment("inspected_at"),
    words("ended", null=True),
    moment("ended_at", null=True),
    words("serial", default="''"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("account_id", "site_id", "operation_id", name="return_piece_operation_key"),
    ForeignKeyConstraint(["account_id", "site_id"], ["site.account_id", "site.id"], name="return_piece_site_fkey"),
    ForeignKeyConstraint(
        ["account_id", "order_id"], ["orders.account_id", "orders.id"], name="return_piece_order_fkey"
    ),
    ForeignKeyConstraint(
        ["account_id", "location_id"], ["location.account_id", "location.id"], name="return_piece_location_fkey"
    ),
    CheckConstraint("quantity > 0", name="quantity"),
    CheckConstraint("serial = '' OR quantity = 1", name="serial"),
    CheckConstraint("verdict IN ('restock', 'quarantine', 'reject')", name="verdict"),
    CheckConstraint("ended IN ('booked', 'taken_back')", name="ended"),
    CheckConstraint("(ended IS NULL) = (ended_at IS NULL)", name="ended_at"),
    Index("return_piece_order_idx", "account_id", "order_id", "id"),
)
"""Pieces of a return that somebody looked at, and what becomes of them; booked when the return is finished."""

stray_goods = Table(
    "stray_goods",
    metadata,
    identity(),
    big("account_id"),
    big("site_id"),
    words("code"),
    words("what"),
    big("order_id", null=True),
    big("staff_id", ForeignKey("staff.id")),
    words("operation_id"),
    moment("found_at"),
    big("settled_by", ForeignKey("staff.id"), null=True),
    moment("settled_at", null=True),
    words("settlement", default="''"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("account_id", "site_id", "operation_id", name="stray_goods_operation_key"),
    ForeignKeyConstraint(["account_id", "site_id"], ["site.account_id", "site.id"], name="stray_goods_site_fkey"),
    ForeignKeyConstraint(
        ["account_id", "order_id"], ["orders.account_id", "orders.id"], name="stray_goods_order_fkey"
    ),
    CheckConstraint("what <> ''", name="what"),
    CheckConstraint("(settled_at IS NULL) = (settlement = '')", name="settled"),
    Index("stray_goods_open_idx", "account_id", "site_id", "id", postgresql_where=text("settled_at IS NULL")),
)
"""Goods that came back without a return: what they are, the order they may be of, and what was done with them."""
