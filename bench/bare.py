"""A handler that runs the very statements the house runs, and answers what the house answered: nothing lies between.

    python -m bench.bare --url postgresql://... --var DIRECTORY --requests FILE --recorded FILE [--core C ...]

Each request of the first FILE (MessagePack, a list of bytes) is put to a house in this process, which is then closed;
what it sent to PostgreSQL stands as JSON in the second. From then on a request is answered by sending the same
statements with the same values, over as many connections from a pool as the house has, behind the same uvicorn. The
port is printed when it answers.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, Final, NamedTuple
from unittest import mock

import msgspec
import psycopg
import typer
import uvloop
from msgspec import Struct
from psycopg_pool import AsyncConnectionPool

from bench.machine import pin
from bench.serve import answer, demo_house
from crossdock.base import logs
from crossdock.base.config import Config
from crossdock.db.database import Database, configure
from crossdock.db.tx import Tx
from crossdock.edge.asgi import App

TRIES: Final = 5
"""A request that found the house's memory of its caller run out is put again."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class Asked(NamedTuple):
    path: bytes
    query: bytes
    body: bytes


class Block(Struct):
    """What the house sends over one connection before it gives it back."""

    writes: bool
    """Between BEGIN and COMMIT."""
    statements: list[tuple[str, dict[str, Any]]] = []

    @property
    def texts(self) -> list[str]:
        texts = [text.strip() for text, _ in self.statements]
        return ["BEGIN", *texts, "COMMIT"] if self.writes else texts


class Recorded(Struct):
    blocks: list[Block]
    body: bytes
    headers: list[tuple[bytes, bytes]]

    @property
    def texts(self) -> list[str]:
        return [text for block in self.blocks for text in block.texts]


class Differing(Exception):
    """Two requests of one call are not answered by the same statements."""


class Bare:
    """An ASGI app."""

    def __init__(self, pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]], known: dict[Asked, Recorded]) -> None:
        self._pool = pool
        self._known = known

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        recorded = self._known[Asked(scope["raw_path"], scope["query_string"], body)]
        for block in recorded.blocks:
            async with self._pool.connection() as conn:
                if block.writes:
                    async with conn.transaction():
                        await _send(conn, block)
                else:
                    await _send(conn, block)
        await send({"type": "http.response.start", "status": 200, "headers": recorded.headers})
        await send({"type": "http.response.body", "body": recorded.body})


async def _send(conn: psycopg.AsyncConnection[Any], block: Block) -> None:
    for text, params in block.statements:
        cursor = await conn.execute(text.encode(), params)
        await cursor.fetchall()


@contextmanager
def listening() -> Iterator[list[Block]]:
    """What this process sends to PostgreSQL through a Database, one call at a time."""
    sent: list[Block] = []
    transaction, execute = Database.transaction, psycopg.AsyncCursor.execute

    @asynccontextmanager
    async def begun(database: Database, *, readonly: bool = False) -> AsyncIterator[Tx]:
        sent.append(Block(writes=not readonly))
        async with transaction(database, readonly=readonly) as tx:
            yield tx

    async def noted(cursor: Any, query: Any, params: Any = None, **rest: Any) -> Any:
        text = query if isinstance(query, str) else query.as_string(cursor)
        sent[-1].statements.append((text, dict(params or {})))
        return await execute(cursor, query, params, **rest)

    with (
        mock.patch.object(Database, "transaction", begun),
        mock.patch.object(psycopg.AsyncCursor, "execute", noted),
    ):
        yield sent


async def record(house: App, requests: Sequence[bytes]) -> dict[Asked, Recorded]:
    """Each when its caller is known from a moment ago. Errors: Differing."""
    known: dict[Asked, Recorded] = {}
    for _ in range(TRIES):
        wanted = [one for one in requests if _read(one)[1] not in known]
        with listening() as sent:
            for request in wanted:
                method, asked, headers = _read(request)
                for _ in range(2):
                    sent.clear()
                    status, known[asked] = await _ask(house, method, asked, headers)
                    known[asked].blocks = list(sent)
                    if status != 200:
                        raise Differing(known[asked].body.decode())
        ways = Counter(tuple(one.texts) for one in known.values())
        usual, _ = ways.most_common(1)[0]
        known = {asked: one for asked, one in known.items() if tuple(one.texts) == usual}
        if len(ways) == 1:
            return known
    raise Differing("\n\n".join("\n".join(way) for way in ways))


async def _ask(house: App, method: str, asked: Asked, headers: Any) -> tuple[int, Recorded]:
    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": asked.body}

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    path = asked.path.decode()
    scope = {"type": "http", "method": method, "path": path, "raw_path": asked.path, "query_string": asked.query}
    await house(scope | {"headers": headers}, receive, send)
    start, body = said
    return start["status"], Recorded(blocks=[], body=body["body"], headers=start["headers"])


def _read(request: bytes) -> tuple[str, Asked, list[tuple[bytes, bytes]]]:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    method, target, _ = first.split(b" ")
    path, _, query = target.partition(b"?")
    pairs = (line.split(b": ", 1) for line in lines)
    return method.decode(), Asked(path, query, body), [(name.lower(), value) for name, value in pairs]


@app.command()
def main(
    url: Annotated[str, typer.Option()],
    var: Annotated[Path, typer.Option()],
    requests: Annotated[Path, typer.Option()],
    recorded: Annotated[Path, typer.Option()],
    core: Annotated[list[int] | None, typer.Option()] = None,
) -> None:
    logs.set_up()
    pin([0], tuple(core or ()))

    async def run() -> None:
        async with demo_house(url, var) as house:
            known = await record(house.app, msgspec.msgpack.decode(requests.read_bytes(), type=list[bytes]))
        connections = Config(database_url=url, var=var).pool_connections
        recorded.write_bytes(msgspec.json.encode(next(iter(known.values())).texts))
        async with AsyncConnectionPool(
            url,
            min_size=connections,
            max_size=connections,
            max_waiting=0,
            kwargs={"autocommit": True, "options": "-c timezone=UTC"},
            configure=configure,
            open=False,
        ) as pool:
            await answer(SimpleNamespace(app=Bare(pool, known)))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


if __name__ == "__main__":
    app()
