"""Cameras, pieces of film by time, and orders whose film is held."""

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from crossdock.db.schema.base import big, flag, identity, metadata, moment, whole, words

camera = Table(
    "camera",
    metadata,
    identity(),
    big("account_id", ForeignKey("account.id")),
    big("department_id", ForeignKey("department.id")),
    words("station"),
    words("name"),
    words("source", default="''"),
    flag("enabled", "true"),
    big("offset_ms", null=True),
    moment("offset_at", null=True),
    moment("recorded_at", null=True),
    words("failure", null=True),
    moment("failed_at", null=True),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("department_id", "name"),
    UniqueConstraint("account_id", "id"),
    CheckConstraint(
        "failure IN ('unreachable', 'no_film', 'disk_full', 'storage', 'recorded_twice')", name="failure"
    ),
)

film_piece = Table(
    "film_piece",
    metadata,
    big("account_id"),
    big("camera_id"),
    moment("started_at"),
    moment("ended_at"),
    words("object_key"),
    big("bytes"),
    words("codec"),
    whole("width"),
    whole("height"),
    big("department_id"),
    words("station"),
    PrimaryKeyConstraint("account_id", "camera_id", "started_at"),
    UniqueConstraint("object_key"),
    ForeignKeyConstraint(
        ["account_id", "camera_id"], ["camera.account_id", "camera.id"], name="film_piece_camera_fkey"
    ),
    CheckConstraint("started_at < ended_at", name="forward"),
)
film_piece.append_constraint(
    ExcludeConstraint(
        (film_piece.c.camera_id, "="),
        (func.tstzrange(film_piece.c.started_at, film_piece.c.ended_at), "&&"),
        name="film_piece_overlap_excl",
        using="gist",
    )
)

legal_hold = Table(
    "legal_hold",
    metadata,
    identity(),
    big("account_id"),
    big("order_id"),
    words("reason"),
    words("held_by"),
    moment("held_at"),
    words("released_by", null=True),
    moment("released_at", null=True),
    PrimaryKeyConstraint("id"),
    ForeignKeyConstraint(
        ["account_id", "order_id"], ["orders.account_id", "orders.id"], name="legal_hold_order_fkey"
    ),
    CheckConstraint("(released_at IS NULL) = (released_by IS NULL)", name="released"),
    Index(None, "account_id", "order_id"),
    Index("legal_hold_live_key", "account_id", "order_id", unique=True, postgresql_where=text("released_at IS NULL")),
)
