"""What tills report: receipts, which lead to film, and what was taken in an hour or a day."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, PrimaryKeyConstraint, Table, text

from crossdock.db.schema.base import amount, big, document, identity, metadata, moment, words

receipt = Table(
    "receipt",
    metadata,
    identity(),
    big("account_id", ForeignKey("account.id")),
    big("enterprise_id", ForeignKey("enterprise.id")),
    big("department_id", ForeignKey("department.id")),
    words("number"),
    words("station"),
    moment("sold_at"),
    document("details"),
    words("dialect"),
    words("actor", default="''"),
    moment("reported_at"),
    moment("deleted_at", null=True),
    words("deleted_by", default="''"),
    PrimaryKeyConstraint("id"),
    Index(
        "receipt_number_key",
        "enterprise_id",
        "number",
        unique=True,
        postgresql_where=text("deleted_at IS NULL"),
    ),
    Index("receipt_enterprise_idx", "enterprise_id", "sold_at", "id", postgresql_where=text("deleted_at IS NULL")),
    Index("receipt_station_idx", "department_id", "station", "sold_at", postgresql_where=text("deleted_at IS NULL")),
)
"""A receipt that is taken back stays on record: who deletes sales is what the film is for."""

takings = Table(
    "takings",
    metadata,
    big("department_id", ForeignKey("department.id")),
    words("period"),
    moment("begins_at"),
    big("account_id", ForeignKey("account.id")),
    big("enterprise_id", ForeignKey("enterprise.id")),
    amount("deals"),
    amount("buyers"),
    amount("amount"),
    words("dialect"),
    words("actor", default="''"),
    moment("reported_at"),
    PrimaryKeyConstraint("department_id", "period", "begins_at"),
    CheckConstraint("period IN ('day', 'hour')", name="period"),
)
