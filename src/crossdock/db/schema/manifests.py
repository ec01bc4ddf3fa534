"""What leaves a warehouse together, and who took it."""

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

from crossdock.db.schema.base import big, identity, metadata, moment, texts, whole, words

manifest = Table(
    "manifest",
    metadata,
    identity(),
    big("account_id"),
    big("site_id"),
    big("service_id", ForeignKey("delivery_service.id"), null=True),
    big("to_site_id", null=True),
    words("state", default="'open'"),
    whole("parcels", default="0"),
    words("driver", default="''"),
    words("vehicle", default="''"),
    big("opened_by", ForeignKey("staff.id"), null=True),
    moment("opened_at"),
    big("closed_by", ForeignKey("staff.id"), null=True),
    moment("closed_at", null=True),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("account_id", "id"),
    ForeignKeyConstraint(["account_id", "site_id"], ["site.account_id", "site.id"], name="manifest_site_fkey"),
    ForeignKeyConstraint(["account_id", "to_site_id"], ["site.account_id", "site.id"], name="manifest_to_site_fkey"),
    CheckConstraint("state IN ('open', 'closing', 'closed')", name="state"),
    CheckConstraint("parcels >= 0", name="parcels"),
    CheckConstraint("num_nonnulls(service_id, to_site_id) <= 1", name="one_destination"),
    CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed"),
    Index(
        "manifest_open_key",
        "account_id",
        "site_id",
        "service_id",
        "to_site_id",
        unique=True,
        postgresql_where=text("state = 'open'"),
        postgresql_nulls_not_distinct=True,
    ),
    Index("manifest_listed_idx", "account_id", "site_id", "id"),
)
"""`to_site_id` is the station or the shop it goes to; else it goes with a service, or nobody said with whom."""

manifest_parcel = Table(
    "manifest_parcel",
    metadata,
    identity(),
    big("account_id"),
    big("manifest_id"),
    big("order_id"),
    texts("scanned"),
    words("state", default="'on'"),
    words("reason", default="''"),
    big("staff_id", ForeignKey("staff.id"), null=True),
    moment("scanned_at"),
    moment("ended_at", null=True),
    PrimaryKeyConstraint("id"),
    ForeignKeyConstraint(
        ["account_id", "manifest_id"], ["manifest.account_id", "manifest.id"], name="manifest_parcel_manifest_fkey"
    ),
    ForeignKeyConstraint(
        ["account_id", "order_id"], ["orders.account_id", "orders.id"], name="manifest_parcel_order_fkey"
    ),
    CheckConstraint("state IN ('on', 'off', 'shipped', 'left')", name="state"),
    CheckConstraint("(state = 'on') = (ended_at IS NULL)", name="ended"),
    Index("manifest_parcel_live_key", "account_id", "order_id", unique=True, postgresql_where=text("state = 'on'")),
    Index("manifest_parcel_listed_idx", "account_id", "manifest_id", "id"),
)
"""An order on a manifest: its parcels. `scanned`: carriers' numbers, where it has several."""
