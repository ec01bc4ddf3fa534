"""Filters of lists: what is asked in a query, as the core's conditions.

An empty value asks for nothing; a value that cannot be valid lets no row through, which is an empty tuple here.
A list's items are separated by commas and trimmed: the vendor's own examples have blanks after the commas.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, TypeVar

from crossdock.core.handover.model import PickUpFilter
from crossdock.core.staff.model import ACTIONS, ActionFilter, StaffFilter
from crossdock.dialects.heidian.asked import integer
from crossdock.dialects.heidian.words import KEY_STATES, STOCK_WORDS, code, read_moment

T = TypeVar("T")
Query = Mapping[str, str]

PICK_UP_ORDERS: Final = frozenset({"id", "created_at", "updated_at", "used_at", "prepared_at"})
STAFF_ORDERS: Final = frozenset({"id", "username", "created_at", "updated_at"})
ACTION_ORDERS: Final = frozenset({"id", "created_at"})
BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}


def pick_ups(query: Query) -> PickUpFilter:
    """Filters of GET /api/orders/pick_up_code/. `key_in` is the vendor's spelling, `key__in` the regular one."""
    return PickUpFilter(
        ids=both(exact(query, "id", integer), any_of(query, "id__in", integer)),
        prepared=both(
            exact(query, "stock_status", STOCK_WORDS.get), any_of(query, "stock_status__in", STOCK_WORDS.get)
        ),
        order_ids=both(exact(query, "heyshop_order_id", integer), any_of(query, "heyshop_order_id__in", integer)),
        keys=both(exact(query, "key", code), both(any_of(query, "key_in", code), any_of(query, "key__in", code))),
        states=both(
            exact(query, "key_status", _among(KEY_STATES)),
            any_of(query, "key_status__in", _among(KEY_STATES)),
        ),
    )


def staff(query: Query) -> StaffFilter | None:
    """Filters of GET /api/shops/staff/; None when no row can fit."""
    names = exact(query, "username", _storable)
    active = exact(query, "is_active", lambda text: BOOLEANS.get(text.lower()))
    if names == () or active == ():
        return None
    return StaffFilter(
        ids=both(exact(query, "id", integer), any_of(query, "id__in", integer)),
        username=names[0] if names else None,
        active=active[0] if active else None,
    )


def actions(query: Query) -> ActionFilter | None:
    """Filters of GET /api/shops/action_history/; None when no row can fit."""
    since = exact(query, "created_at__gte", read_moment)
    until = exact(query, "created_at__lte", read_moment)
    if since == () or until == ():
        return None
    return ActionFilter(
        ids=both(exact(query, "id", integer), any_of(query, "id__in", integer)),
        actions=both(exact(query, "action", _among(ACTIONS)), any_of(query, "action__in", _among(ACTIONS))),
        staff_ids=both(exact(query, "staff", integer), any_of(query, "staff__in", integer)),
        handover_ids=exact(query, "pick_up_code", integer),
        order_ids=exact(query, "heyshop_order_id", integer),
        keys=exact(query, "key", code),
        since=_first(since),
        until=_first(until),
    )


def order_by(query: Query, allowed: frozenset[str], default: str) -> str:
    """`name` or `-name`; an order that is not offered is the default one."""
    asked = query.get("order_by", "").strip()
    return asked if asked.removeprefix("-") in allowed else default


def exact(query: Query, name: str, read: Callable[[str], T | None]) -> tuple[T, ...] | None:
    text = query.get(name, "").strip()
    if not text:
        return None
    value = read(text)
    return () if value is None else (value,)


def any_of(query: Query, name: str, read: Callable[[str], T | None]) -> tuple[T, ...] | None:
    """One item that cannot be valid spoils the list, as in the framework's own filters."""
    items = [item for item in (part.strip() for part in query.get(name, "").split(",")) if item]
    if not items:
        return None
    values = [value for value in map(read, items) if value is not None]
    return tuple(values) if len(values) == len(items) else ()


def both(one: tuple[T, ...] | None, other: tuple[T, ...] | None) -> tuple[T, ...] | None:
    """What both conditions let through."""
    if one is None or other is None:
        return other if one is None else one
    return tuple(value for value in one if value in other)


def impossible(wanted: PickUpFilter | ActionFilter | StaffFilter) -> bool:
    """Whether a condition lets nothing through, so that the database need not be asked."""
    return any(getattr(wanted, name) == () for name in wanted.__struct_fields__)


def _among(words: frozenset[str]) -> Callable[[str], str | None]:
    return lambda text: text if text in words else None


def _storable(text: str) -> str | None:
    return None if "\0" in text else text


def _first(moments: tuple[datetime, ...] | None) -> datetime | None:
    return moments[0] if moments else None
