"""A handler that reads each request and answers what the house once answered to such a one: what HTTP alone costs.

    python -m bench.echo --answers FILE [--core C ...]

FILE holds a JSON object, "METHOD /path" -> body. The port is printed when it answers; it runs on the very server that
the house has.
"""

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import typer
import uvloop

from bench.machine import pin
from bench.serve import Bare, answer
from crossdock.base import logs

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class Echo:
    """An ASGI app: one Bare for each call."""

    def __init__(self, answers: dict[str, str]) -> None:
        self._bare = {call: Bare(body.encode()) for call, body in answers.items()}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._bare[f"{scope['method']} {scope['path']}"](scope, receive, send)


@app.command()
def main(
    answers: Annotated[Path, typer.Option()],
    core: Annotated[list[int] | None, typer.Option()] = None,
) -> None:
    logs.set_up()
    pin([0], tuple(core or ()))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(answer(SimpleNamespace(app=Echo(json.loads(answers.read_text(encoding="utf-8"))))))


if __name__ == "__main__":
    app()
