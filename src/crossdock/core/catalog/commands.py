"""Changing products. Each change is on the product's timeline, whole, for whoever listens."""

from typing import Any

import msgspec
from msgspec import UNSET, structs

from crossdock.base.ids import AccountId
from crossdock.core.catalog import queries, sql
from crossdock.core.catalog.errors import CodeTaken, ProductDeleted, ProductInUse, SkuTaken
from crossdock.core.catalog.model import NewProduct, Product, ProductChange
from crossdock.core.events import commands as events
from crossdock.core.events import kinds
from crossdock.core.events.model import NewEvent
from crossdock.core.stock import queries as stock
from crossdock.db.errors import ConstraintBroken
from crossdock.db.tx import Tx

SKU_KEY = "product_account_id_sku_key"


async def create_product(tx: Tx, new: NewProduct, *, dialect: str, actor: str) -> Product:
    """Errors: SkuTaken, CodeTaken."""
    product = await sql.insert(tx, new)
    if product is None:
        raise SkuTaken(sku=new.sku)
    await _add_codes(tx, product, new.codes)
    await _tell(tx, product, kind=kinds.PRODUCT_CREATED, dialect=dialect, actor=actor)
    return product


async def update_product(
    tx: Tx, *, account_id: AccountId, product_id: int, change: ProductChange, dialect: str, actor: str
) -> Product:
    """Errors: ProductUnknown, ProductDeleted, SkuTaken, CodeTaken."""
    before = await queries.product(tx, account_id=account_id, product_id=product_id)
    values = {name: value for name, value in structs.asdict(change).items() if value is not UNSET}
    values.pop("codes")
    kept = {name: value for name, value in values.pop("partner_fields").items() if value is not None}
    dropped = [name for name, value in change.partner_fields.items() if value is None]
    product = await _written(tx, before, values, kept, dropped)
    if product is None:
        raise ProductDeleted(id=product_id)
    await _add_codes(tx, product, change.codes)
    await _tell(tx, product, kind=kinds.PRODUCT_UPDATED, dialect=dialect, actor=actor)
    return product


async def delete_product(tx: Tx, *, account_id: AccountId, product_id: int, dialect: str, actor: str) -> Product:
    """Take it out of use for good, its row stays; a deleted one is left as it is.

    Errors: ProductUnknown, ProductInUse while a piece is on a shelf or an open order names it.
    """
    # Held against new lines first: what is looked at next has seen every line that got in before.
    await sql.lock(tx, account_id=account_id, product_id=product_id)
    product = await sql.delete(tx, account_id=account_id, product_id=product_id)
    if product is None:
        found = await queries.product(tx, account_id=account_id, product_id=product_id)
        if found.deleted_at is not None:
            return found
        raise ProductInUse(id=product_id)
    await _tell(tx, product, kind=kinds.PRODUCT_DELETED, dialect=dialect, actor=actor)
    return product


async def _written(
    tx: Tx, before: Product, values: dict[str, Any], kept: dict[str, Any], dropped: list[str]
) -> Product | None:
    try:
        async with tx.savepoint():
            return await sql.update(
                tx, account_id=before.account_id, product_id=before.id, values=values, kept=kept, dropped=dropped
            )
    except ConstraintBroken as error:
        if error.constraint != SKU_KEY:
            raise
        raise SkuTaken(sku=values.get("sku")) from error


async def _add_codes(tx: Tx, product: Product, codes: tuple[str, ...]) -> None:
    if not codes:
        return
    owners = await sql.put_codes(tx, account_id=product.account_id, product_id=product.id, codes=codes)
    taken = sorted(code for code, owner in owners.items() if owner != product.id)
    if taken:
        raise CodeTaken(code=", ".join(taken))


async def _tell(tx: Tx, product: Product, *, kind: str, dialect: str, actor: str) -> None:
    on_hand = await stock.on_hand(tx, account_id=product.account_id, product_ids=[product.id])
    await events.append(
        tx,
        NewEvent(
            account_id=product.account_id,
            kind=kind,
            subject=product.subject,
            dialect=dialect,
            actor=actor,
            facts={"product": msgspec.to_builtins(product), "on_hand": on_hand.get(product.id, 0)},
        ),
    )
