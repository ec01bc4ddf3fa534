"""Money that was paid for orders and given back; rows are never changed."""

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, PrimaryKeyConstraint, Table, UniqueConstraint

from crossdock.db.schema.base import amount, big, document, identity, metadata, moment, words

payment = Table(
    "payment",
    metadata,
    identity(),
    big("account_id"),
    big("order_id"),
    words("kind"),
    words("reference"),
    amount("amount"),
    words("channel", default="''"),
    document("pieces"),
    words("reason", default="''"),
    words("dialect"),
    words("actor"),
    moment("created_at"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("account_id", "order_id", "reference"),
    ForeignKeyConstraint(["account_id", "order_id"], ["orders.account_id", "orders.id"], name="payment_order_fkey"),
    CheckConstraint("kind IN ('sale', 'refund')", name="kind"),
    CheckConstraint("amount >= 0", name="amount"),
)
