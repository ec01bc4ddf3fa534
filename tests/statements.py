"""Which statements a block sends to PostgreSQL; BEGIN and COMMIT are not among them."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from psycopg import AsyncCursor


@contextmanager
def listed() -> Iterator[list[str]]:
    """The first line of each statement, in the order they were sent."""
    sent: list[str] = []
    execute = AsyncCursor.execute

    async def noted(cursor, query, params=None, **rest):
        text = query if isinstance(query, str) else query.as_string(cursor)
        sent.append(text.strip().splitlines()[0])
        return await execute(cursor, query, params, **rest)

    with mock.patch.object(AsyncCursor, "execute", noted):
        yield sent
