"""Orders of every kind, their lines, and the counter their 16-digit ids come from."""

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
from sqlalchemy import Date as DateType

from crossdock.db.schema.base import big, document, identity, metadata, moment, whole, words

order_counter = Table(
    "order_counter",
    metadata,
    whole("company_id", ForeignKey("company.id")),
    Column("day", DateType, nullable=False),
    whole("last"),
    PrimaryKeyConstraint("company_id", "day"),
    CheckConstraint("last BETWEEN 0 AND 9999999", name="seven_digits"),
)

orders = Table(
    "orders",
    metadata,
    big("id"),
    big("account_id", ForeignKey("account.id")),
    whole("company_id", ForeignKey("company.id")),
    words("kind"),
    words("number"),
    words("dialect"),
    words("type"),
    words("state"),
    big("site_id", null=True),
    big("sub_inventory_id", null=True),
    big("service_id", ForeignKey("delivery_service.id"), null=True),
    words("reference", null=True),
    document("recipient"),
    document("partner_fields"),
    Column("content_hash", LargeBinary, nullable=True),
    words("payment", default="'paid'"),
    words("token"),
    big("pieces", default="0"),
    words("tracking_number", null=True),
    whole("batches", default="0"),
    moment("created_at"),
    moment("updated_at"),
    moment("finished_at", null=True),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("account_id", "kind", "number"),
    UniqueConstraint("account_id", "id"),
    UniqueConstraint("token"),
    ForeignKeyConstraint(["account_id", "site_id"], ["site.account_id", "site.id"], name="orders_site_fkey"),
    ForeignKeyConstraint(
        ["account_id", "sub_inventory_id"],
        ["sub_inventory.account_id", "sub_inventory.id"],
        name="orders_sub_inventory_fkey",
    ),
    CheckConstraint("kind IN ('outbound', 'inbound', 'return', 'transfer', 'transport')", name="kind"),
    CheckConstraint(
        "payment IN ('pending', 'partially_paid', 'paid', 'partially_refunded', 'refunded')", name="payment"
    ),
    CheckConstraint("pieces >= 0", name="pieces"),
    Index("orders_account_company_state_idx", "account_id", "company_id", "state", "id"),
    Index("orders_pending_idx", "id", postgresql_where=text("state = 'pending'")),
    Index("orders_account_updated_idx", "account_id", "updated_at", "id"),
    Index(
        "orders_account_reference_idx",
        "account_id",
        "reference",
        postgresql_where=text("reference IS NOT NULL"),
    ),
)

order_line = Table(
    "order_line",
    metadata,
    identity(),
    big("account_id"),
    big("order_id"),
    whole("line_no"),
    words("line_key"),
    big("product_id"),
    words("sku"),
    big("sub_inventory_id", null=True),
    words("lot", default="''"),
    words("condition", default="'good'"),
    big("quantity"),
    big("done", default="0"),
    document("partner_fields"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("account_id", "order_id", "line_no"),
    UniqueConstraint("account_id", "order_id", "line_key"),
    ForeignKeyConstraint(
        ["account_id", "order_id"],
        ["orders.account_id", "orders.id"],
        name="order_line_order_fkey",
        ondelete="CASCADE",
    ),
    ForeignKeyConstraint(
        ["account_id", "product_id"], ["product.account_id", "product.id"], name="order_line_product_fkey"
    ),
    CheckConstraint("quantity >= 0", name="quantity"),
    CheckConstraint("done >= 0", name="done"),
    CheckConstraint("condition IN ('good', 'defective')", name="condition"),
)

order_reference = Table(
    "order_reference",
    metadata,
    big("account_id"),
    whole("company_id"),
    words("type"),
    words("reference"),
    big("order_id"),
    moment("claimed_at"),
    PrimaryKeyConstraint("account_id", "company_id", "type", "reference"),
)
