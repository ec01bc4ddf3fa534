"""Packing reports: which station packed which order between which moments, and what was scanned."""

from sqlalchemy import (
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from crossdock.db.schema.base import amount, big, document, identity, metadata, moment, whole, words

packing = Table(
    "packing",
    metadata,
    identity(),
    big("account_id", ForeignKey("account.id")),
    big("enterprise_id", ForeignKey("enterprise.id")),
    big("department_id", ForeignKey("department.id")),
    words("order_number"),
    big("order_id", null=True),
    words("station"),
    words("operator", default="''"),
    words("order_type", default="''"),
    moment("filmed_from"),
    moment("filmed_to"),
    moment("ordered_at"),
    moment("reported_at"),
    document("warnings"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("enterprise_id", "order_number"),
    Index(None, "account_id", "order_id"),
    Index("packing_station_idx", "department_id", "station", "filmed_from"),
    Index("packing_enterprise_idx", "enterprise_id", "filmed_from", "id"),
)

packing_item = Table(
    "packing_item",
    metadata,
    big("packing_id"),
    whole("line_no"),
    words("goods_code"),
    words("goods_name"),
    amount("price"),
    amount("quantity"),
    words("box_number", default="''"),
    words("batch_number", default="''"),
    moment("scanned_at", null=True),
    document("attributes"),
    PrimaryKeyConstraint("packing_id", "line_no"),
    ForeignKeyConstraint(["packing_id"], ["packing.id"], name="packing_item_packing_fkey", ondelete="CASCADE"),
)
