"""The platform's operators and its support, who is logged in, and what they did."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)

from crossdock.db.schema.base import big, document, flag, identity, metadata, moment, texts, words

operator = Table(
    "operator",
    metadata,
    identity(),
    words("username"),
    words("role"),
    big("account_id", ForeignKey("account.id"), null=True),
    words("password_hash"),
    Column("totp_sealed", LargeBinary, nullable=True),
    big("totp_step", default="0"),
    moment("totp_confirmed_at", null=True),
    texts("recovery_hashes"),
    flag("active", "true"),
    moment("last_login", null=True),
    moment("created_at"),
    moment("updated_at"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("username"),
    CheckConstraint("role IN ('operator', 'support')", name="role"),
    CheckConstraint("totp_confirmed_at IS NULL OR totp_sealed IS NOT NULL", name="totp"),
)
"""`account_id` null: all accounts. `totp_step`: the last one whose code was used; earlier ones are spent."""

operator_session = Table(
    "operator_session",
    metadata,
    identity(),
    big("operator_id", ForeignKey("operator.id")),
    words("token_hash"),
    flag("whole", "false"),
    moment("created_at"),
    moment("ends_at"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("token_hash"),
    Index(None, "operator_id"),
)
"""`whole`: every factor that its person needs was given."""

operator_action = Table(
    "operator_action",
    metadata,
    identity(),
    big("operator_id", ForeignKey("operator.id"), null=True),
    words("actor", default="''"),
    words("action"),
    big("account_id", ForeignKey("account.id"), null=True),
    words("subject", default="''"),
    big("order_id", null=True),
    big("about_operator_id", ForeignKey("operator.id"), null=True),
    words("reason", default="''"),
    document("before", null=True),
    document("after", null=True),
    words("operation_id", null=True),
    moment("created_at"),
    PrimaryKeyConstraint("id"),
    Index(None, "account_id", "id"),
    Index("operator_action_time_idx", "created_at", "id"),
    Index("operator_action_by_idx", "operator_id", "created_at", "id"),
    Index(
        "operator_action_operation_key",
        "operator_id",
        "operation_id",
        unique=True,
        postgresql_where=text("operation_id IS NOT NULL"),
    ),
    Index("operator_action_order_idx", "account_id", "order_id", "id", postgresql_where=text("order_id IS NOT NULL")),
)
"""Append-only. `operator_id` null: the command line, which `actor` names."""
