"""The tables as SQLAlchemy describes them: Alembic compares the database with this, statements are text."""

from crossdock.db.schema import (
    accounts,
    callbacks,
    catalog,
    events,
    handover,
    lockers,
    nonces,
    notices,
    orders,
    packing,
    payments,
    staff,
    stock,
    tills,
    transport,
    units,
    uploads,
)
from crossdock.db.schema.base import metadata

__all__ = [
    "accounts",
    "callbacks",
    "catalog",
    "events",
    "handover",
    "lockers",
    "metadata",
    "nonces",
    "notices",
    "orders",
    "packing",
    "payments",
    "staff",
    "stock",
    "tills",
    "transport",
    "units",
    "uploads",
]
