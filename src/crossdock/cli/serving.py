"""Starting the whole, playing it once, and looking at how it is."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from crossdock import server
from crossdock.app import check_settings
from crossdock.base import logs
from crossdock.cli import terminal

app = typer.Typer()


@app.command()
def serve(
    workers: Annotated[int, typer.Option(min=1, help="Web processes on the port.")] = 1,
    work: Annotated[bool, typer.Option(help="Also deliver callbacks, speak to cabinets and run jobs.")] = True,
) -> None:
    """Answer the partner APIs, until Ctrl-C."""
    config = terminal.config(check=check_settings)
    logs.set_up()
    if workers > 1:
        raise typer.Exit(0 if terminal.say_why(lambda: server.serve_many(config, workers)) else terminal.FAILED)
    terminal.run(server.serve(config) if work else server.serve_web(config))


@app.command()
def worker() -> None:
    """Deliver callbacks and notices, speak to cabinets and run jobs, until Ctrl-C."""
    config = terminal.config(check=check_settings)
    logs.set_up()
    terminal.run(server.work(config))


@app.command()
def journey(
    once: Annotated[bool, typer.Option("--once", help="Stop after it; exit code 1 when a step fails.")] = False,
    examples: Annotated[Path, typer.Option(help="Folder with demo.toml and journey.toml.")] = Path("examples"),
    picture: Annotated[Path | None, typer.Option(help="Also draw what is printed, as SVG.")] = None,
) -> None:
    """Take orders from the shelf to the hand through all five APIs, then go on serving.

    A server that answers on the port already is used; otherwise everything is started here.
    """
    from crossdock.journey import play  # noqa: PLC0415  # an HTTP client that a server has no use for

    config = terminal.config(check=check_settings)
    terminal.say_why(lambda: logs.set_up(path=logs.file_in(config.var)))
    shown = terminal.out if picture is None else Console(highlight=False, record=True, width=terminal.PAPER_WIDTH)
    went_well = terminal.run(play.journey(config, examples, out=shown, once=once))
    if picture is not None:
        shown.save_svg(str(picture), title="crossdock journey")
    raise typer.Exit(0 if went_well else terminal.FAILED)


@app.command(name="doctor")
def doctor_command() -> None:
    """Look at database, migrations, clock, disk, broker, e-mail, SMS and port, and say what to do."""
    from crossdock import doctor  # noqa: PLC0415  # it loads what is needed to look at a database that is behind

    raise typer.Exit(
        0 if terminal.run(doctor.look(terminal.config(check=None), out=terminal.out)) else terminal.FAILED
    )
