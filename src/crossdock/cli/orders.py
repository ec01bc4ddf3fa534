"""`crossdock orders`."""

from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from crossdock import orders
from crossdock.cli import terminal

app = typer.Typer(no_args_is_help=True, help="Money that came for an order, or was given back.")


@app.command("pay")
def pay_order(
    number: Annotated[str, typer.Argument(help="Of the order.", show_default=False)],
    reference: Annotated[str, typer.Option(help="Of the payment; the same one again changes nothing.")],
    amount: Annotated[str | None, typer.Option(help="What came, as 12.50; all that is open when not given.")] = None,
    account: Annotated[str | None, typer.Option(help="The account's code, where several have this number.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would do and write nothing.")] = False,
) -> None:
    """Money came for an order. Paid whole, it gets its pick-up code as soon as it is ready for its shop."""
    terminal.run(
        orders.pay(
            terminal.config(),
            number,
            account=account,
            amount=_amount(amount),
            reference=reference,
            dry_run=dry_run,
            out=terminal.out,
        )
    )


@app.command("refund")
def refund_order(
    number: Annotated[str, typer.Argument(help="Of the order.", show_default=False)],
    reference: Annotated[str, typer.Option(help="Of the refund; the same one again changes nothing.")],
    amount: Annotated[
        str | None, typer.Option(help="What is given back; the price of the pieces, or all, when not given.")
    ] = None,
    piece: Annotated[
        list[str] | None, typer.Option(help="LINE=N: so many pieces of a line go with it; may be repeated.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; stands in the history.")] = "",
    account: Annotated[str | None, typer.Option(help="The account's code, where several have this number.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would do and write nothing.")] = False,
) -> None:
    """Money is given back. In full, it cancels a code that nobody used; pieces are no longer handed over."""
    terminal.run(
        orders.refund(
            terminal.config(),
            number,
            account=account,
            amount=_amount(amount),
            pieces=_pieces(piece or []),
            reference=reference,
            reason=reason,
            dry_run=dry_run,
            out=terminal.out,
        )
    )


def _amount(text: str | None) -> Decimal | None:
    try:
        return None if text is None else Decimal(text)
    except InvalidOperation:
        raise typer.BadParameter(f"--amount: {text} is not an amount, as 12.50") from None


def _pieces(said: list[str]) -> dict[str, int]:
    """Line key -> pieces."""
    found: dict[str, int] = {}
    for text in said:
        line, _, count = text.rpartition("=")
        try:
            pieces = int(count)
        except ValueError:  # also of digits by the thousand
            pieces = 0
        if not line or pieces < 1 or line in found:
            raise typer.BadParameter(f"--piece: {text} is not LINE=N, once for each line")
        found[line] = pieces
    return found
