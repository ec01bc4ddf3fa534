"""The page envelope: which stretch of a list is asked for, and the links to its neighbours."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

from crossdock.dialects.heidian.asked import INTEGER_MAX, Asked, integer
from crossdock.dialects.heidian.errors import PageInvalid
from crossdock.dialects.heidian.wire import Page
from crossdock.edge.request import Request

PAGE_SIZE: Final = 10
PAGE_SIZE_MAX: Final = 100
_HOST: Final = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")

T = TypeVar("T")
Find = Callable[[int, int], Awaitable[tuple[int, list[T]]]]
"""`(start, limit)` -> how many rows there are, and that stretch of them."""


async def page_of(asked: Asked, find: Find[T], show: Callable[[T], Any]) -> Page:
    """Errors: PageInvalid."""
    size = page_size(asked.query.get("page_size"))
    number = asked.query.get("page", "1").strip()
    if number == "last":
        total, _ = await find(0, 1)
        page = pages(total, size)
    else:
        page = integer(number) or 0
    if page < 1 or page * size > INTEGER_MAX:
        raise PageInvalid()
    total, rows = await find((page - 1) * size, size)
    if page > 1 and not rows:
        raise PageInvalid()
    return Page(
        count=total,
        next=link(asked, page + 1) if page < pages(total, size) else None,
        previous=link(asked, page - 1) if page > 1 else None,
        results=[show(row) for row in rows],
    )


def pages(total: int, size: int) -> int:
    """An empty list still has its first page."""
    return max(1, -(-total // size))


def page_size(text: str | None) -> int:
    """What cannot be a size is the usual one, what is too large the largest."""
    try:
        size = int(text or "")
    except ValueError:
        size = 0
    return min(size, PAGE_SIZE_MAX) if size > 0 else PAGE_SIZE


def link(asked: Asked, page: int) -> str:
    """The same address for another page: parameters sorted by name, none for the first page."""
    kept = [(name, value) for name, value in asked.pairs if name != "page"]
    if page > 1:
        kept.append(("page", str(page)))
    query = urlencode(sorted(kept, key=lambda pair: pair[0]))
    address = origin(asked.request) + quote(asked.path)
    return f"{address}?{query}" if query else address


def origin(request: Request) -> str:
    """`https://host` as the client sees it: a proxy says by X-Forwarded-Proto what it was asked with."""
    forwarded = (request.header("x-forwarded-proto") or "").split(",", 1)[0].strip().lower()
    scheme = forwarded if forwarded in {"http", "https"} else request.scheme
    host = request.header("host") or ""
    return f"{scheme}://{host if _HOST.fullmatch(host) else 'localhost'}"
