"""What we owe partners: receivers, one callback row per event and receiver, and every try."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, PrimaryKeyConstraint, Table, UniqueConstraint, text

from crossdock.db.schema.base import big, document, flag, identity, metadata, moment, texts, whole, words

receiver = Table(
    "receiver",
    metadata,
    identity(),
    big("account_id", ForeignKey("account.id")),
    words("dialect"),
    words("name"),
    words("url"),
    texts("kinds"),
    words("subject", null=True),
    words("order_dialect", null=True),
    big("credential_id", ForeignKey("credential.id"), null=True),
    document("settings"),
    flag("active", "true"),
    moment("frozen_at", null=True),
    words("frozen_why", default="''"),
    moment("heard_at", null=True),
    moment("failed_at", null=True),
    words("failed_why", default="''"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("account_id", "dialect", "name"),
)
"""A frozen one is sent nothing: what it is owed gathers. When it last heard, and last did not, is to some seconds."""

callback = Table(
    "callback",
    metadata,
    identity(),
    big("account_id", ForeignKey("account.id")),
    big("receiver_id", ForeignKey("receiver.id")),
    big("event_id", ForeignKey("event.id")),
    words("mailbox"),
    words("state", default="'waiting'"),
    whole("attempts", default="0"),
    moment("due_at"),
    moment("claimed_until", null=True),
    moment("created_at"),
    moment("done_at", null=True),
    words("refusal", null=True),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("receiver_id", "event_id"),
    CheckConstraint("state IN ('waiting', 'delivered', 'parked', 'skipped')", name="state"),
    Index(
        "callback_open_idx",
        "receiver_id",
        "mailbox",
        "id",
        postgresql_where=text("state IN ('waiting', 'parked')"),
    ),
    Index("callback_due_idx", "receiver_id", "due_at", "id", postgresql_where=text("state = 'waiting'")),
    Index("callback_event_idx", "event_id"),
    Index("callback_parked_idx", "receiver_id", "id", postgresql_where=text("state = 'parked'")),
)

callback_attempt = Table(
    "callback_attempt",
    metadata,
    identity(),
    big("callback_id", ForeignKey("callback.id")),
    whole("number"),
    moment("started_at"),
    moment("ended_at"),
    whole("status", null=True),
    words("answer", default="''"),
    words("failure", null=True),
    words("body", default="''"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("callback_id", "number"),
)

resend_run = Table(
    "resend_run",
    metadata,
    identity(),
    big("account_id", ForeignKey("account.id")),
    big("receiver_id", ForeignKey("receiver.id")),
    texts("states"),
    moment("since", null=True),
    moment("until", null=True),
    big("first_id", null=True),
    big("last_id"),
    big("found"),
    big("done", default="0"),
    big("at_id", default="0"),
    words("state", default="'running'"),
    words("actor"),
    words("reason"),
    words("operation_id", null=True),
    moment("created_at"),
    moment("finished_at", null=True),
    PrimaryKeyConstraint("id"),
    CheckConstraint("state IN ('running', 'done', 'stopped')", name="state"),
    Index("resend_run_receiver_id_idx", "receiver_id", "id"),
    Index(
        "resend_run_operation_key",
        "account_id",
        "operation_id",
        unique=True,
        postgresql_where=text("operation_id IS NOT NULL"),
    ),
)
"""A range of a receiver's callbacks that goes again, step by step: `at_id` is the last one that went."""
