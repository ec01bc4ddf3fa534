"""One hand-over to a person: at a locker by box, in a shop by counter."""

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

from crossdock.db.schema.base import big, document, flag, identity, metadata, moment, whole, words

handover = Table(
    "handover",
    metadata,
    identity(),
    big("account_id", ForeignKey("account.id")),
    big("site_id"),
    words("place"),
    big("order_id", null=True),
    words("order_number"),
    words("state"),
    words("box_size", null=True),
    big("cabinet_id", null=True),
    big("box_id", null=True),
    words("save_code", null=True),
    words("key"),
    words("claimed_by", null=True),
    words("full_name", default="''"),
    words("mobile", default="''"),
    big("shop_id", ForeignKey("online_shop.id"), null=True),
    moment("prepared_at", null=True),
    big("prepared_by", ForeignKey("staff.id"), null=True),
    moment("stored_at", null=True),
    moment("used_at", null=True),
    big("used_by", ForeignKey("staff.id"), null=True),
    moment("expires_at", null=True),
    moment("canceled_at", null=True),
    document("partner_fields"),
    moment("created_at"),
    moment("updated_at"),
    moment("reminded_at", null=True),
    whole("extensions", default="0"),
    moment("recalled_at", null=True),
    whole("rollbacks", default="0"),
    flag("shipped_here", "false"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("account_id", "id"),
    ForeignKeyConstraint(["account_id", "site_id"], ["site.account_id", "site.id"], name="handover_site_fkey"),
    ForeignKeyConstraint(
        ["account_id", "cabinet_id"], ["cabinet.account_id", "cabinet.id"], name="handover_cabinet_fkey"
    ),
    ForeignKeyConstraint(["account_id", "box_id"], ["box.account_id", "box.id"], name="handover_box_fkey"),
    CheckConstraint("place IN ('locker', 'shop')", name="place"),
    CheckConstraint(
        "(place = 'locker' AND state IN ('booked', 'stored', 'taken', 'deleted'))"
        " OR (place = 'shop' AND state IN ('unused', 'used', 'expired', 'canceled'))",
        name="state",
    ),
    CheckConstraint("state <> 'stored' OR box_id IS NOT NULL", name="stored_in_a_box"),
    CheckConstraint(
        "place <> 'locker' OR (cabinet_id IS NOT NULL AND save_code IS NOT NULL)", name="locker_has_codes"
    ),
    Index("handover_box_key", "box_id", unique=True, postgresql_where=text("state = 'stored'")),
    Index(
        "handover_live_key",
        "site_id",
        "key",
        unique=True,
        postgresql_where=text("state IN ('booked', 'stored', 'unused')"),
    ),
    Index(
        "handover_shop_live_key",
        "shop_id",
        "key",
        unique=True,
        postgresql_where=text("state = 'unused' AND shop_id IS NOT NULL"),
    ),
    Index(
        "handover_live_save_code_key",
        "cabinet_id",
        "save_code",
        unique=True,
        postgresql_where=text("state IN ('booked', 'stored')"),
    ),
    Index(
        "handover_locker_order_key",
        "account_id",
        "order_number",
        unique=True,
        postgresql_where=text("place = 'locker' AND state <> 'deleted'"),
    ),
    Index(
        "handover_shop_order_key",
        "account_id",
        "order_number",
        unique=True,
        postgresql_where=text("place = 'shop' AND state IN ('unused', 'used')"),
    ),
    Index(None, "account_id", "order_id"),
    Index("handover_stored_idx", "account_id", "stored_at", postgresql_where=text("state = 'stored'")),
    Index(
        "handover_cabinet_updated_idx", "cabinet_id", "updated_at", postgresql_where=text("cabinet_id IS NOT NULL")
    ),
    Index("handover_site_key_idx", "site_id", "key"),
    Index("handover_counter_idx", "site_id", "created_at", "id", postgresql_where=text("place = 'shop'")),
    Index(
        "handover_counter_used_idx",
        "site_id",
        "used_at",
        "id",
        postgresql_where=text("place = 'shop' AND used_at IS NOT NULL"),
    ),
    Index("handover_shop_key_idx", "shop_id", "key", postgresql_where=text("shop_id IS NOT NULL")),
    Index(
        "handover_cabinet_save_code_idx",
        "cabinet_id",
        "save_code",
        postgresql_where=text("cabinet_id IS NOT NULL"),
    ),
    Index(
        "handover_ready_idx",
        "prepared_at",
        postgresql_where=text("place = 'shop' AND state = 'unused' AND expires_at IS NULL"),
    ),
    Index(
        "handover_expiry_idx",
        "expires_at",
        postgresql_where=text("state = 'unused' AND expires_at IS NOT NULL"),
    ),
)
