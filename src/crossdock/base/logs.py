"""How the program speaks to who watches it: one line a fact, to standard error or to a file."""

import logging
import sys
from pathlib import Path
from typing import TextIO

import structlog

from crossdock.base.errors import PlaceNotWritable


def set_up(*, path: Path | None = None, level: int = logging.INFO) -> None:
    """Lines for people on a terminal, JSON everywhere else. Libraries are heard from warnings on."""
    out: TextIO = sys.stderr if path is None else path.open("a", buffering=1)
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=True, exception_formatter=structlog.dev.plain_traceback)
        if out.isatty()
        else structlog.processors.JSONRenderer()
    )
    shared: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(stream=out, level=logging.WARNING, force=True, format="%(levelname)s %(name)s %(message)s")
    for name in ("psycopg.pool", "procrastinate", "amqtt", "transitions"):
        logging.getLogger(name).setLevel(logging.ERROR)


def file_in(var: Path) -> Path:
    """Where a program with a terminal of its own writes its log. Errors: PlaceNotWritable."""
    try:
        var.mkdir(parents=True, exist_ok=True)
        path = var / "crossdock.log"
        path.open("a").close()
    except OSError as error:
        raise PlaceNotWritable(path=error.filename, cause=error.strerror) from error
    return path
