"""What is sold: products and the codes that name them."""

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from crossdock.db.schema.base import amount, big, document, flag, identity, metadata, moment, words

product = Table(
    "product",
    metadata,
    identity(),
    big("account_id", ForeignKey("account.id")),
    words("sku"),
    words("name"),
    words("name_customs", default="''"),
    big("weight_g", default="0"),
    big("length_mm", default="0"),
    big("width_mm", default="0"),
    big("height_mm", default="0"),
    amount("price", default="0"),
    flag("lot_tracked", "false"),
    flag("serial_tracked", "false"),
    flag("active", "true"),
    document("partner_fields"),
    moment("created_at"),
    moment("updated_at"),
    moment("deleted_at", null=True),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("account_id", "sku"),
    UniqueConstraint("account_id", "id"),
    CheckConstraint("weight_g >= 0 AND length_mm >= 0 AND width_mm >= 0 AND height_mm >= 0", name="sizes"),
    CheckConstraint("deleted_at IS NULL OR NOT active", name="deleted_is_not_active"),
)

product_code = Table(
    "product_code",
    metadata,
    big("account_id"),
    words("code"),
    big("product_id"),
    PrimaryKeyConstraint("account_id", "code"),
    ForeignKeyConstraint(
        ["account_id", "product_id"], ["product.account_id", "product.id"], name="product_code_product_fkey"
    ),
)
