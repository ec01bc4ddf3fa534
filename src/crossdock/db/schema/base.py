"""Shorthand for columns, and names for every constraint: a constraint's name is how an error is told apart."""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Identity, Integer, MetaData, Numeric, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)


def identity(name: str = "id") -> Column[int]:
    return Column(name, BigInteger, Identity(), nullable=False)


def big(name: str, *rest: Any, null: bool = False, default: str | None = None) -> Column[int]:
    return Column(name, BigInteger, *rest, nullable=null, server_default=_default(default))


def whole(name: str, *rest: Any, null: bool = False, default: str | None = None) -> Column[int]:
    return Column(name, Integer, *rest, nullable=null, server_default=_default(default))


def words(name: str, *rest: Any, null: bool = False, default: str | None = None) -> Column[str]:
    return Column(name, Text, *rest, nullable=null, server_default=_default(default))


def flag(name: str, default: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=text(default))


def moment(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=null)


def day(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, Date, nullable=null)


def amount(name: str, *, null: bool = False, default: str | None = None) -> Column[Any]:
    return Column(name, Numeric, nullable=null, server_default=_default(default))


def document(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, JSONB, nullable=null, server_default=None if null else text("'{}'"))


def texts(name: str) -> Column[Any]:
    return Column(name, ARRAY(Text), nullable=False, server_default=text("'{}'"))


def _default(value: str | None) -> Any:
    return None if value is None else text(value)
