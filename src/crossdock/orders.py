"""`crossdock orders`: money that came for an order, or was given back, where no partner's call says so."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rich.console import Console

from crossdock.base.config import Config
from crossdock.core.fulfilment import paying
from crossdock.core.handover import queries as pick_ups
from crossdock.core.orders import queries as orders
from crossdock.db.tx import Tx
from crossdock.opening import open_desk_of

ACTOR = "crossdock orders"


class _OnlyLooked(Exception):
    """Everything was done to see what it does; nothing of it stays."""


async def pay(
    config: Config,
    number: str,
    *,
    account: str | None,
    amount: Decimal | None,
    reference: str,
    dry_run: bool,
    out: Console,
) -> None:
    """Errors: those of paying.named and paying.pay."""
    await _move(config, number, account=account, dry_run=dry_run, out=out, amount=amount, reference=reference)


async def refund(
    config: Config,
    number: str,
    *,
    account: str | None,
    amount: Decimal | None,
    pieces: Mapping[str, int],
    reference: str,
    reason: str,
    dry_run: bool,
    out: Console,
) -> None:
    """Errors: those of paying.named and paying.refund."""
    await _move(
        config,
        number,
        account=account,
        dry_run=dry_run,
        out=out,
        amount=amount,
        reference=reference,
        refund={"pieces": pieces, "reason": reason},
    )


async def _move(
    config: Config,
    number: str,
    *,
    account: str | None,
    dry_run: bool,
    out: Console,
    refund: dict[str, Any] | None = None,
    **money: Any,
) -> None:
    async with open_desk_of(config) as desk:
        try:
            async with desk.database.transaction() as tx:
                account_id, order_id = await paying.named(tx, number=number, account=account)
                given: dict[str, Any] = {"account_id": account_id, "order_id": order_id, "actor": ACTOR, **money}
                before = await orders.order(tx, account_id=account_id, order_id=order_id)
                if refund is None:
                    after = await paying.pay(tx, **given)
                else:
                    after = await paying.refund(tx, **given, **refund)
                said = [
                    f"order {number}: payment {before.payment} -> {after.payment}",
                    f"state {before.state} -> {after.state}",
                    f"pieces {before.pieces} -> {after.pieces}",
                    await _code(tx, account_id, order_id),
                ]
                if dry_run:
                    raise _OnlyLooked
        except _OnlyLooked:
            said.append("nothing was written")
    out.print("; ".join(said) + ".", markup=False, soft_wrap=True)


async def _code(tx: Tx, account_id: Any, order_id: Any) -> str:
    """Its digits are the buyer's."""
    pick_up = await pick_ups.newest_of_order(tx, account_id=account_id, order_id=order_id)
    return "no pick-up code" if pick_up is None else f"pick-up code {pick_up.state}"
