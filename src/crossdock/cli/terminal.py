"""What all commands share: the terminal, the settings, and how they end."""

import os
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from crossdock import running
from crossdock.base.config import Config
from crossdock.base.errors import CrossdockError
from crossdock.opening import check_settings

PAPER_WIDTH = 132
"""Of tables that go into a file."""
FAILED = 1
STOPPED = 128
"""And the number of the signal, as a shell says it: 130 after Ctrl-C."""

out = Console(highlight=False, width=None if sys.stdout.isatty() else PAPER_WIDTH)
err = Console(stderr=True, highlight=False)
T = TypeVar("T")
Username = Annotated[str, typer.Argument(metavar="NAME", help="One over all shops and accounts.", show_default=False)]


def config(*, check: Callable[[Config], None] | None = check_settings) -> Config:
    """As the environment says, refused where one that the command uses would not work."""

    def read() -> Config:
        read = Config.from_environment(os.environ)
        if check is not None:
            check(read)
        return read

    return say_why(read)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    return say_why(lambda: running.run(coroutine))


def say_why(run: Callable[[], T]) -> T:
    """What cannot be done is said in a sentence, not in a stack trace."""
    try:
        return run()
    except CrossdockError as error:
        err.print(f"crossdock: {error.sentence}", markup=False, soft_wrap=True)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        err.print(f"crossdock: {error.strerror or error}{where}", markup=False, soft_wrap=True)
    except KeyboardInterrupt:
        raise typer.Exit(STOPPED + signal.SIGINT) from None
    except running.Interrupted as interrupted:
        raise typer.Exit(STOPPED + interrupted.number) from None
    raise typer.Exit(FAILED)
