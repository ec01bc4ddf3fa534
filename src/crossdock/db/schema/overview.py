"""What the console keeps of its own: who looks after an exception, and how many orders there were hour by hour."""

from sqlalchemy import CheckConstraint, ForeignKey, PrimaryKeyConstraint, Table

from crossdock.db.schema.base import big, metadata, moment, words

exception_care = Table(
    "exception_care",
    metadata,
    big("account_id", ForeignKey("account.id")),
    words("key"),
    words("owner", null=True),
    moment("due_at", null=True),
    moment("done_at", null=True),
    words("done_by", null=True),
    moment("updated_at"),
    PrimaryKeyConstraint("account_id", "key"),
    CheckConstraint("(done_at IS NULL) = (done_by IS NULL)", name="done"),
)
"""An exception itself stands where it arose; `key` names it. One that was done and arises again is open again."""

order_hour = Table(
    "order_hour",
    metadata,
    big("account_id", ForeignKey("account.id")),
    moment("hour"),
    big("placed"),
    big("shipped"),
    PrimaryKeyConstraint("account_id", "hour"),
)
"""How many outbound orders an account had, and how many of them had left, when `hour` was over, or now."""
