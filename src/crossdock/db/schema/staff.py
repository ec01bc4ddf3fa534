"""People at the counters, the online shops whose parcels they hand over, and what they did."""

from sqlalchemy import (
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

from crossdock.db.schema.base import big, document, flag, identity, metadata, moment, texts, whole, words

online_shop = Table(
    "online_shop",
    metadata,
    identity(),
    big("account_id", ForeignKey("account.id")),
    words("name"),
    words("domain"),
    texts("domains"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("domain"),
)

staff = Table(
    "staff",
    metadata,
    identity(),
    big("account_id"),
    big("site_id"),
    words("username"),
    words("password_hash"),
    words("token_hash", null=True),
    Column("token_sealed", LargeBinary, nullable=True),
    flag("manager", "false"),
    flag("active", "true"),
    moment("last_login", null=True),
    moment("created_at"),
    moment("updated_at"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("username"),
    UniqueConstraint("token_hash"),
    ForeignKeyConstraint(["account_id", "site_id"], ["site.account_id", "site.id"], name="staff_site_fkey"),
    Index(None, "account_id", "site_id"),
)

staff_session = Table(
    "staff_session",
    metadata,
    identity(),
    big("account_id"),
    big("staff_id", ForeignKey("staff.id")),
    words("token_hash"),
    moment("created_at"),
    moment("ends_at"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("token_hash"),
    Index(None, "staff_id"),
)

login_try = Table(
    "login_try",
    metadata,
    words("name_hash"),
    whole("wrong"),
    moment("wrong_at"),
    PrimaryKeyConstraint("name_hash"),
)

staff_action = Table(
    "staff_action",
    metadata,
    identity(),
    big("account_id"),
    big("site_id"),
    big("staff_id", ForeignKey("staff.id"), null=True),
    words("action"),
    big("handover_id", null=True),
    words("reason", default="''"),
    moment("created_at"),
    document("before", null=True),
    document("after", null=True),
    words("operation_id", null=True),
    big("about_staff_id", ForeignKey("staff.id"), null=True),
    words("actor", default="''"),
    PrimaryKeyConstraint("id"),
    ForeignKeyConstraint(["account_id", "site_id"], ["site.account_id", "site.id"], name="staff_action_site_fkey"),
    Index("staff_action_site_idx", "account_id", "site_id", "id"),
    Index("staff_action_time_idx", "account_id", "site_id", "created_at", "id"),
    Index("staff_action_by_idx", "staff_id", "created_at", "id", postgresql_where=text("staff_id IS NOT NULL")),
    Index(
        "staff_action_about_idx",
        "about_staff_id",
        "created_at",
        "id",
        postgresql_where=text("about_staff_id IS NOT NULL"),
    ),
    Index("staff_action_actor_idx", "actor", "created_at", "id", postgresql_where=text("actor <> ''")),
    Index(
        "staff_action_operation_key",
        "account_id",
        "site_id",
        "operation_id",
        unique=True,
        postgresql_where=text("operation_id IS NOT NULL"),
    ),
    Index(
        "staff_action_handover_idx",
        "account_id",
        "handover_id",
        "id",
        postgresql_where=text("handover_id IS NOT NULL"),
    ),
)
