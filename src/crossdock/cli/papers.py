"""`crossdock papers`."""

from pathlib import Path
from typing import Annotated

import typer

from crossdock import papers
from crossdock.cli import terminal
from crossdock.core.papers.zpl import DOTS_PER_MM

app = typer.Typer(
    no_args_is_help=True, help="Labels, packing slips and delivery notes, as PDF or for label printers."
)

Number = Annotated[str, typer.Argument(help="Of the order.", show_default=False)]
Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="FILE", help="Ends in .pdf, that of a label also in .zpl.")
]
Dpi = Annotated[int, typer.Option(help="Of the label printer, for ZPL: 203 or 300.")]
AccountOf = Annotated[str | None, typer.Option(help="The account's code, where several have this number.")]


@app.command("label")
def print_label(number: Number, output: Output, dpi: Dpi = 203, account: AccountOf = None) -> None:
    """The labels of an order's parcels."""
    if dpi not in DOTS_PER_MM:
        raise typer.BadParameter("--dpi is 203 or 300")
    _write("label", number, output, account, dpi)


@app.command("slip")
def print_slip(number: Number, output: Output, account: AccountOf = None) -> None:
    """What lies in the parcel, to be laid in it."""
    _write("slip", number, output, account)


@app.command("note")
def print_note(number: Number, output: Output, account: AccountOf = None) -> None:
    """What is handed over, to be signed."""
    _write("note", number, output, account)


def _write(paper: str, number: str, path: Path, account: str | None, dpi: int = 203) -> None:
    form = papers.form_of(path, dpi)
    if form is None or (form != "pdf" and paper != "label"):
        raise typer.BadParameter(f"--output must end in .pdf{' or .zpl' if paper == 'label' else ''}")
    terminal.run(papers.write(terminal.config(), paper, number, path, account=account, form=form, out=terminal.out))
