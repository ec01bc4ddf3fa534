"""What partners sign, and playing one of them."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from crossdock import receiver, signing
from crossdock.cli import terminal

app = typer.Typer()


@app.command()
def sign(
    dialect: Annotated[str, typer.Argument(help="birdsystem, hongxun, ovopark, bestwond or heidian.")],
    secret: Annotated[str, typer.Option(envvar="CROSSDOCK_SIGN_SECRET", help="The key's secret.")] = "",
    query: Annotated[str, typer.Option(help="The query of the address, without the question mark.")] = "",
    header: Annotated[list[str] | None, typer.Option(help="A header, as 'name: value'; may be repeated.")] = None,
    signature: Annotated[str, typer.Option(help="A signature to compare with.")] = "",
    file: Annotated[Path | None, typer.Option(help="The body; standard input when not given.")] = None,
    only: Annotated[bool, typer.Option("--only", help="Print the signature and nothing else, for scripts.")] = False,
) -> None:
    """Print what is signed of a request, its signature, and where a given one differs."""

    def run() -> bool:
        raw = sys.stdin.buffer.read() if file is None else file.read_bytes()
        signed = signing.explain(dialect, raw, query=query, headers=header or [], secret=secret)
        if only:
            typer.echo(signed.signature)
            return True
        return signing.show(signed, given=signature, out=terminal.out)

    raise typer.Exit(0 if terminal.say_why(run) else terminal.FAILED)


@app.command(name="receiver")
def receiver_command(
    dialect: Annotated[str, typer.Argument(help="Whose callbacks: hongxun or bestwond.")],
    secret: Annotated[str, typer.Option(envvar="CROSSDOCK_RECEIVER_SECRET", help="What they are signed with.")] = "",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Of loopback; 0 takes a free one.")] = 8090,
    answer: Annotated[receiver.Answer, typer.Option(help="What is answered to a good callback.")] = "ok",
    first: Annotated[
        int | None, typer.Option(min=1, help="Only so many are answered like this, the others well.")
    ] = None,
    wait: Annotated[float, typer.Option(min=0, max=3_600, help="Seconds before each answer.")] = 0.0,
    bodies: Annotated[bool, typer.Option("--bodies", help="Print what arrives, whole.")] = False,
) -> None:
    """Play a partner: check what arrives, print it, and fail, wait or talk nonsense when told to."""
    behaviour = receiver.Behaviour(answer=answer, first=first, wait_s=wait)

    async def play_partner() -> None:
        partner = receiver.Receiver(dialect, secret=secret, behaviour=behaviour, out=terminal.out, bodies=bodies)
        await receiver.listen(partner, port=port, out=terminal.out)

    terminal.run(play_partner())
