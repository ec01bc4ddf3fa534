"""`crossdock bulk`."""

from pathlib import Path
from typing import Annotated

import typer

from crossdock import bulk
from crossdock.cli import terminal
from crossdock.core.bulk.model import KindName

app = typer.Typer(
    no_args_is_help=True, help="Many products, buckets of stock, orders or people from one file, and into one."
)
What = Annotated[KindName, typer.Argument(help="products, stock, orders or staff.", show_default=False)]
OfAccount = Annotated[str, typer.Option(help="The account's code.", show_default=False)]
OfSite = Annotated[str | None, typer.Option(help="Code of the place that is meant where a row names none.")]
RunId = Annotated[int, typer.Argument(min=1, metavar="ID")]


@app.command("import")
def import_(
    what: What,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV or XLSX.", show_default=False)],
    account: OfAccount,
    site: OfSite = None,
    all_: Annotated[bool, typer.Option("--all-or-none", help="One row refused, and nothing is done.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Try every row, and write nothing.")] = False,
    result: Annotated[
        Path | None, typer.Option(help="The file again, with status and reason behind each row.")
    ] = None,
) -> None:
    """Try each row of a file, then import them; exit code 1 when some were refused."""
    went_well = terminal.run(
        bulk.load(
            terminal.config(),
            what,
            file,
            account=account,
            site=site,
            mode="all" if all_ else "rows",
            dry_run=dry_run,
            result=result,
            out=terminal.out,
        )
    )
    raise typer.Exit(0 if went_well else terminal.FAILED)


@app.command("export")
def export(
    what: What,
    file: Annotated[Path, typer.Argument(dir_okay=False, help="CSV, or XLSX by its name.", show_default=False)],
    account: OfAccount,
    site: OfSite = None,
) -> None:
    """All there is, with the columns that an import takes."""
    terminal.run(bulk.export(terminal.config(), what, file, account=account, site=site, out=terminal.out))


@app.command("list")
def list_(
    account: Annotated[str | None, typer.Option(help="Only those of the account with this code.")] = None,
) -> None:
    """The newest imports, and how each went."""
    terminal.run(bulk.list_(terminal.config(), account=account, out=terminal.out))


@app.command("result")
def result(run_id: RunId, file: Annotated[Path, typer.Argument(dir_okay=False, show_default=False)]) -> None:
    """The file of an import again, with status and reason behind each row."""
    terminal.run(bulk.result(terminal.config(), run_id, file, out=terminal.out))


@app.command("undo")
def undo(run_id: RunId) -> None:
    """Take back all that an import did; exit code 1 when some of it stays, and why."""
    raise typer.Exit(0 if terminal.run(bulk.undo(terminal.config(), run_id, out=terminal.out)) else terminal.FAILED)
