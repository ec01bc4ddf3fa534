"""What buyers are told, and every try to tell them."""

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

from crossdock.db.schema.base import big, identity, metadata, moment, whole, words

notice = Table(
    "notice",
    metadata,
    identity(),
    big("account_id"),
    big("handover_id"),
    words("kind"),
    moment("occasion"),
    words("channel"),
    words("recipient"),
    words("language"),
    words("state", default="'waiting'"),
    whole("attempts", default="0"),
    whole("resends", default="0"),
    moment("due_at"),
    moment("claimed_until", null=True),
    moment("created_at"),
    moment("done_at", null=True),
    words("refusal", null=True),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("account_id", "handover_id", "kind", "occasion", "channel"),
    ForeignKeyConstraint(
        ["account_id", "handover_id"], ["handover.account_id", "handover.id"], name="notice_handover_fkey"
    ),
    CheckConstraint("kind IN ('ready', 'reminder')", name="kind"),
    CheckConstraint("channel IN ('email', 'sms', 'log')", name="channel"),
    CheckConstraint("state IN ('waiting', 'sent', 'parked', 'skipped')", name="state"),
    Index("notice_due_idx", "channel", "due_at", "id", postgresql_where=text("state = 'waiting'")),
)

notice_channel = Table("notice_channel", metadata, words("channel"), PrimaryKeyConstraint("channel"))

notice_attempt = Table(
    "notice_attempt",
    metadata,
    identity(),
    big("notice_id", ForeignKey("notice.id")),
    whole("number"),
    moment("started_at"),
    moment("ended_at"),
    words("failure", null=True),
    words("answer", default="''"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("notice_id", "number"),
)
