"""Waves of orders that are picked together, the totes their goods lie in, and each walk to a location."""

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, PrimaryKeyConstraint, Table, text

from crossdock.db.schema.base import big, document, identity, metadata, moment, whole, words

wave = Table(
    "wave",
    metadata,
    identity(),
    big("account_id"),
    big("site_id"),
    words("method"),
    words("state", default="'live'"),
    document("wanted"),
    big("made_by", ForeignKey("staff.id"), null=True),
    moment("created_at"),
    moment("ended_at", null=True),
    PrimaryKeyConstraint("id"),
    ForeignKeyConstraint(["account_id", "site_id"], ["site.account_id", "site.id"], name="wave_site_fkey"),
    CheckConstraint("method IN ('single', 'batch', 'cluster')", name="method"),
    CheckConstraint("state IN ('live', 'done', 'cancelled')", name="state"),
    CheckConstraint("(state = 'live') = (ended_at IS NULL)", name="ended"),
    Index("wave_listed_idx", "account_id", "site_id", "id"),
    Index("wave_live_idx", "account_id", "site_id", "id", postgresql_where=text("state = 'live'")),
)

wave_order = Table(
    "wave_order",
    metadata,
    big("account_id"),
    big("wave_id", ForeignKey("wave.id")),
    big("order_id"),
    whole("place"),
    words("state", default="'open'"),
    PrimaryKeyConstraint("account_id", "wave_id", "order_id"),
    ForeignKeyConstraint(
        ["account_id", "order_id"], ["orders.account_id", "orders.id"], name="wave_order_order_fkey"
    ),
    CheckConstraint("state IN ('open', 'ready', 'short', 'left')", name="state"),
    Index(
        "wave_order_live_key",
        "account_id",
        "order_id",
        unique=True,
        postgresql_where=text("state IN ('open', 'ready')"),
    ),
)
"""`place`: its number on the cart or at the sorting wall. An order is in one live wave only."""

pick_task = Table(
    "pick_task",
    metadata,
    identity(),
    big("account_id"),
    big("wave_id", ForeignKey("wave.id")),
    big("order_id"),
    big("order_line_id"),
    big("stock_id"),
    big("location_id", null=True),
    big("quantity"),
    big("picked", default="0"),
    big("sorted", default="0"),
    words("state", default="'open'"),
    big("staff_id", ForeignKey("staff.id"), null=True),
    big("tote_id", null=True),
    words("reason", default="''"),
    moment("created_at"),
    moment("ended_at", null=True),
    PrimaryKeyConstraint("id"),
    ForeignKeyConstraint(
        ["account_id", "wave_id", "order_id"],
        ["wave_order.account_id", "wave_order.wave_id", "wave_order.order_id"],
        name="pick_task_order_fkey",
    ),
    ForeignKeyConstraint(["account_id", "stock_id"], ["stock.account_id", "stock.id"], name="pick_task_stock_fkey"),
    ForeignKeyConstraint(
        ["account_id", "location_id"], ["location.account_id", "location.id"], name="pick_task_location_fkey"
    ),
    ForeignKeyConstraint(
        ["account_id", "tote_id"], ["location.account_id", "location.id"], name="pick_task_tote_fkey"
    ),
    CheckConstraint("quantity > 0 AND picked BETWEEN 0 AND quantity AND sorted BETWEEN 0 AND picked", name="pieces"),
    CheckConstraint("state IN ('open', 'done', 'short', 'void')", name="state"),
    CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended"),
    Index(None, "account_id", "wave_id"),
    Index("pick_task_open_idx", "account_id", "stock_id", postgresql_where=text("state = 'open'")),
)
"""A line of an order, a bucket and a location (null: not put away). `tote_id`: where its picked pieces were laid."""

tote_use = Table(
    "tote_use",
    metadata,
    identity(),
    big("account_id"),
    big("tote_id"),
    big("wave_id", ForeignKey("wave.id")),
    big("order_id", null=True),
    moment("taken_at"),
    moment("freed_at", null=True),
    moment("emptied_at", null=True),
    PrimaryKeyConstraint("id"),
    ForeignKeyConstraint(
        ["account_id", "tote_id"], ["location.account_id", "location.id"], name="tote_use_tote_fkey"
    ),
    ForeignKeyConstraint(["account_id", "order_id"], ["orders.account_id", "orders.id"], name="tote_use_order_fkey"),
    Index("tote_use_live_key", "account_id", "tote_id", unique=True, postgresql_where=text("freed_at IS NULL")),
    Index("tote_use_order_idx", "account_id", "wave_id", "order_id", postgresql_where=text("freed_at IS NULL")),
    Index("tote_use_rest_idx", "account_id", "tote_id", postgresql_where=text("emptied_at IS NULL")),
)
"""Whose goods lie in a tote; those of a whole wave, still to be sorted, where `order_id` is null.

Goods that are in a parcel make their tote free, and lie in it by the books until they leave: `emptied_at`."""

count_request = Table(
    "count_request",
    metadata,
    big("account_id"),
    big("location_id"),
    big("stock_id"),
    words("reason"),
    big("asked_by", ForeignKey("staff.id"), null=True),
    moment("asked_at"),
    PrimaryKeyConstraint("account_id", "location_id", "stock_id"),
    ForeignKeyConstraint(
        ["account_id", "location_id"], ["location.account_id", "location.id"], name="count_request_location_fkey"
    ),
    ForeignKeyConstraint(
        ["account_id", "stock_id"], ["stock.account_id", "stock.id"], name="count_request_stock_fkey"
    ),
)
"""Somebody did not find there what the books say, last at `asked_at`. Until the location is counted, nobody is sent
there for it."""
