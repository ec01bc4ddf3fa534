"""Whoever listens is told how much of a product there is, each time that changes."""

from collections.abc import Collection

import msgspec

from crossdock.base.ids import AccountId, ProductId
from crossdock.core.catalog import queries as catalog
from crossdock.core.events import commands as events
from crossdock.core.events import kinds
from crossdock.core.events import queries as listeners
from crossdock.core.events.model import NewEvent
from crossdock.core.stock import queries as stock
from crossdock.db.tx import Tx


async def stocked(
    tx: Tx, *, account_id: AccountId, product_ids: Collection[ProductId], dialect: str, actor: str
) -> None:
    """After the ledger moved, in the same transaction."""
    if not product_ids or not await listeners.wanted(tx, account_id=account_id, kinds=[kinds.PRODUCT_STOCKED]):
        return
    products = await catalog.products(tx, account_id=account_id, ids=product_ids)
    on_hand = await stock.on_hand(tx, account_id=account_id, product_ids=sorted(products))
    await events.append_many(
        tx,
        [
            NewEvent(
                account_id=account_id,
                kind=kinds.PRODUCT_STOCKED,
                subject=f"product:{product_id}",
                dialect=dialect,
                actor=actor,
                facts={"product": msgspec.to_builtins(product), "on_hand": on_hand.get(product_id, 0)},
            )
            for product_id, product in sorted(products.items())
        ],
    )
