"""The timeline: facts, appended in the transaction that made them true."""

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint, Table, text

from crossdock.db.schema.base import big, document, identity, metadata, moment, words

event = Table(
    "event",
    metadata,
    identity(),
    big("account_id", ForeignKey("account.id")),
    words("kind"),
    words("subject"),
    big("order_id", null=True),
    words("dialect"),
    words("actor"),
    document("facts"),
    moment("happened_at"),
    moment("learned_at"),
    PrimaryKeyConstraint("id"),
    Index(None, "account_id", "order_id"),
    Index("event_handover_idx", "account_id", "subject", postgresql_where=text("subject LIKE 'handover:%'")),
)
