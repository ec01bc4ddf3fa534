"""Parcels under way: carriers' numbers, where they were seen, who signed, the pictures, and what the scale read."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)

from crossdock.db.schema.base import amount, big, flag, identity, metadata, moment, whole, words

waybill = Table(
    "waybill",
    metadata,
    identity(),
    big("account_id", ForeignKey("account.id")),
    big("order_id"),
    big("leg_id", null=True),
    words("mailno"),
    whole("batch", null=True),
    words("box_no", default="''"),
    words("carrier", default="''"),
    words("vehicle", default="''"),
    moment("planned_at", null=True),
    amount("weight_g", null=True),
    amount("length_mm", null=True),
    amount("width_mm", null=True),
    amount("height_mm", null=True),
    amount("volume_cm3", null=True),
    moment("measured_at", null=True),
    words("sign_type", null=True),
    words("signer", null=True),
    moment("signed_at", null=True),
    moment("created_at"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("account_id", "id"),
    UniqueConstraint("account_id", "mailno", "order_id"),
    ForeignKeyConstraint(["account_id", "order_id"], ["orders.account_id", "orders.id"], name="waybill_order_fkey"),
    ForeignKeyConstraint(["account_id", "leg_id"], ["orders.account_id", "orders.id"], name="waybill_leg_fkey"),
    CheckConstraint("mailno <> ''", name="mailno"),
    CheckConstraint("sign_type IN ('normal', 'exceptional')", name="sign_type"),
    CheckConstraint("(signed_at IS NULL) = (sign_type IS NULL)", name="signed"),
    Index(None, "account_id", "order_id"),
    Index("waybill_leg_idx", "account_id", "leg_id", postgresql_where=text("leg_id IS NOT NULL")),
)
"""One carrier's number of one order. `leg_id` is the transport order that moves an outbound order's goods."""

waybill_line = Table(
    "waybill_line",
    metadata,
    big("account_id"),
    big("waybill_id"),
    big("order_line_id", ForeignKey("order_line.id")),
    big("pieces"),
    PrimaryKeyConstraint("waybill_id", "order_line_id"),
    ForeignKeyConstraint(
        ["account_id", "waybill_id"], ["waybill.account_id", "waybill.id"], name="waybill_line_waybill_fkey"
    ),
    CheckConstraint("pieces > 0", name="pieces"),
)

route_node = Table(
    "route_node",
    metadata,
    identity(),
    big("account_id"),
    big("waybill_id"),
    words("code"),
    moment("happened_at"),
    words("vin", default="''"),
    words("operator", default="''"),
    words("place", default="''"),
    words("memo", default="''"),
    moment("planned_at", null=True),
    words("longitude", default="''"),
    words("latitude", default="''"),
    words("actor", default="''"),
    moment("noted_at"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("account_id", "waybill_id", "code", "happened_at", "vin", name="route_node_once_key"),
    ForeignKeyConstraint(
        ["account_id", "waybill_id"], ["waybill.account_id", "waybill.id"], name="route_node_waybill_fkey"
    ),
    CheckConstraint("code <> ''", name="code"),
)

proof_picture = Table(
    "proof_picture",
    metadata,
    identity(),
    big("account_id"),
    big("waybill_id"),
    Column("digest", LargeBinary, nullable=False),
    words("object_key", null=True),
    words("url", null=True),
    words("name", default="''"),
    words("content_type", default="''"),
    whole("size_bytes", default="0"),
    words("remark", default="''"),
    moment("signed_at", null=True),
    moment("created_at"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("account_id", "waybill_id", "digest"),
    ForeignKeyConstraint(
        ["account_id", "waybill_id"], ["waybill.account_id", "waybill.id"], name="proof_picture_waybill_fkey"
    ),
    CheckConstraint("(object_key IS NULL) <> (url IS NULL)", name="kept_or_linked"),
)
"""`digest` is the sha256 of the picture, or of its address where only that was given."""

scale_reading = Table(
    "scale_reading",
    metadata,
    identity(),
    big("account_id", ForeignKey("account.id")),
    big("site_id"),
    words("mailno"),
    big("waybill_id", null=True),
    words("device", default="''"),
    amount("weight_g"),
    amount("length_mm"),
    amount("width_mm"),
    amount("height_mm"),
    amount("volume_cm3"),
    flag("volume_differs", "false"),
    words("remark", default="''"),
    moment("measured_at"),
    moment("received_at"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("account_id", "device", "mailno", "measured_at", name="scale_reading_once_key"),
    ForeignKeyConstraint(["account_id", "site_id"], ["site.account_id", "site.id"], name="scale_reading_site_fkey"),
    ForeignKeyConstraint(
        ["account_id", "waybill_id"], ["waybill.account_id", "waybill.id"], name="scale_reading_waybill_fkey"
    ),
    CheckConstraint(
        "weight_g > 0 AND length_mm > 0 AND width_mm > 0 AND height_mm > 0 AND volume_cm3 > 0", name="sizes"
    ),
    Index("scale_reading_waiting_idx", "account_id", "mailno", postgresql_where=text("waybill_id IS NULL")),
    Index("scale_reading_kept_idx", "received_at", postgresql_where=text("waybill_id IS NULL")),
    Index(
        "scale_reading_waybill_idx",
        "account_id",
        "waybill_id",
        postgresql_where=text("waybill_id IS NOT NULL"),
    ),
)
"""What a weighing machine saw; one without a waybill waits for the number to appear."""
