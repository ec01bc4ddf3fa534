"""`crossdock simulate`."""

from typing import Annotated

import typer

from crossdock import simulate
from crossdock.cli import terminal

app = typer.Typer(no_args_is_help=True, help="Play what is not there, for trials and tests.")


@app.command("cabinet")
def simulate_cabinet(
    numbers: Annotated[
        list[str] | None, typer.Argument(metavar="[NUMBER]...", help="Cabinets on record; all when none is named.")
    ] = None,
    jam: Annotated[list[str] | None, typer.Option(help="A lock that takes its current and stays shut.")] = None,
    mislead: Annotated[list[str] | None, typer.Option(help="A lock whose sensor says closed for open.")] = None,
    refuse: Annotated[str | None, typer.Option(help="Refuse every command in these words.")] = None,
    late: Annotated[float, typer.Option(min=0, help="Seconds before each report is said.")] = 0,
    drift: Annotated[float, typer.Option(help="Seconds by which the clock is wrong.")] = 0,
    close_after: Annotated[float, typer.Option(min=0, help="Seconds until a door falls shut; 0: never.")] = 3,
    offline_every: Annotated[float, typer.Option(min=0, help="Seconds between losses of the line.")] = 0,
    offline_for: Annotated[float, typer.Option(min=0, help="Seconds that each lasts.")] = 30,
    power_loss_every: Annotated[float, typer.Option(min=0, help="Seconds between power cuts.")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print no reports.")] = False,
) -> None:
    """Be the cabinets on record, until Ctrl-C: well ones, or with the troubles that are named."""
    plan = simulate.Plan(
        close_after_s=close_after,
        jammed=jam or [],
        misleading=mislead or [],
        refusal=refuse,
        late_s=late,
        drift_s=drift,
        offline_every_s=offline_every,
        offline_for_s=offline_for,
        power_loss_every_s=power_loss_every,
    )
    terminal.run(simulate.simulate(terminal.config(), numbers or [], plan, out=terminal.out, quiet=quiet))


@app.command("camera")
def simulate_camera(
    rtsp_port: Annotated[int, typer.Option(min=0, max=65_535, help="Of loopback; 0 takes a free one.")] = 8554,
    http_port: Annotated[int, typer.Option(min=0, max=65_535, help="Of loopback; 0 takes a free one.")] = 8555,
    lie: Annotated[float, typer.Option(help="Seconds by which its own clock is wrong.")] = 0,
    drop_every: Annotated[float, typer.Option(min=0, help="Seconds between losses of the line.")] = 0,
    jump_every: Annotated[float, typer.Option(min=0, help="Seconds between jumps of its time stamps.")] = 0,
    jump: Annotated[float, typer.Option(help="Seconds by which they jump.")] = 3_600,
) -> None:
    """Be a camera, until Ctrl-C: a test picture with the time in it, over RTSP and HTTP."""
    plan = simulate.CameraPlan(
        rtsp_port=rtsp_port,
        http_port=http_port,
        lie_s=lie,
        drop_every_s=drop_every,
        jump_every_s=jump_every,
        jump_s=jump,
    )
    terminal.run(simulate.film(plan, out=terminal.out))
