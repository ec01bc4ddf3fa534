"""The tables as SQLAlchemy describes them: Alembic compares the database with this, statements are text."""

from crossdock.db.schema import (
    accounts,
    callbacks,
    catalog,
    events,
    film,
    handover,
    lockers,
    nonces,
    notices,
    orders,
    packing,
    payments,
    staff,
    stock,
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
    "film",
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
    "transport",
    "units",
    "uploads",
]
