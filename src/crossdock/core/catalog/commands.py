"""Changing products. Each change is on the product's timeline, whole, for whoever listens."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import UNSET, structs

from crossdock.base.ids import AccountId, ProductId
from crossdock.core.catalog import queries, sql
from crossdock.core.catalog.errors import CodeTaken, ProductDeleted, ProductInUse, ProductUnknown, SkuTaken
from crossdock.core.catalog.model import MEASURE_DIFFERS, VOLUME, Figures, NewProduct, Product, ProductChange
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
    added, dropped_codes = values.pop("codes"), values.pop("codes_dropped")
    kept = {name: value for name, value in values.pop("partner_fields").items() if value is not None}
    dropped = [name for name, value in change.partner_fields.items() if value is None]
    product = await _written(tx, before, values, kept, dropped)
    if product is None:
        raise ProductDeleted(id=product_id)
    if dropped_codes:
        await sql.drop_codes(tx, account_id=account_id, product_id=product.id, codes=dropped_codes)
    await _add_codes(tx, product, added)
    await _tell(tx, product, kind=kinds.PRODUCT_UPDATED, dialect=dialect, actor=actor)
    return product


async def put_product(
    tx: Tx, new: NewProduct, change: Callable[[Product], ProductChange], *, dialect: str, actor: str
) -> Product:
    """A product of this sku: made as `new`, or what `change` makes of the one there is laid over it.

    Errors: ProductDeleted, CodeTaken.
    """
    product = await sql.insert(tx, new)
    if product is None:
        found = await sql.hold(tx, account_id=new.account_id, sku=new.sku or "")
        return await update_product(
            tx, account_id=new.account_id, product_id=found.id, change=change(found), dialect=dialect, actor=actor
        )
    await _add_codes(tx, product, new.codes)
    await _tell(tx, product, kind=kinds.PRODUCT_CREATED, dialect=dialect, actor=actor)
    return product


async def put_figures(
    tx: Tx, *, account_id: AccountId, figures: Mapping[str, Figures], dialect: str, actor: str
) -> None:
    """What their owner says that products weigh and take up, by sku; None leaves what is on record.

    Errors: ProductUnknown naming all that are unknown, ProductDeleted.
    """
    found = {product.sku: product for product in await sql.by_skus(tx, account_id=account_id, skus=list(figures))}
    unknown = [sku for sku in figures if sku not in found]
    if unknown:
        raise ProductUnknown(sku=", ".join(unknown))
    for sku in sorted(figures, key=lambda sku: found[sku].id):
        change = _change(figures[sku])
        await update_product(
            tx, account_id=account_id, product_id=found[sku].id, change=change, dialect=dialect, actor=actor
        )


async def measure_product(
    tx: Tx, *, account_id: AccountId, product_id: ProductId, figures: Figures, dialect: str, actor: str
) -> bool:
    """One piece was measured; whether that was news: more than MEASURE_DIFFERS away from what was on record.

    Errors: ProductUnknown, ProductDeleted.
    """
    before = await queries.product(tx, account_id=account_id, product_id=product_id)
    known = before.figures
    if not (_differs(known.weight_g, figures.weight_g) or _differs(known.volume_cm3, figures.volume_cm3)):
        return False
    after = await update_product(
        tx, account_id=account_id, product_id=product_id, change=_change(figures), dialect=dialect, actor=actor
    )
    await events.append(
        tx,
        NewEvent(
            account_id=account_id,
            kind=kinds.PRODUCT_MEASURED,
            subject=after.subject,
            dialect=dialect,
            actor=actor,
            facts={
                "sku": after.sku,
                **msgspec.to_builtins(after.figures),
                "before": msgspec.to_builtins(known),
            },
        ),
    )
    return True


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


def _change(figures: Figures) -> ProductChange:
    return ProductChange(
        weight_g=UNSET if figures.weight_g is None else figures.weight_g,
        partner_fields={} if figures.volume_cm3 is None else {VOLUME: figures.volume_cm3},
    )


def _differs(known: Decimal | int | None, measured: Decimal | int | None) -> bool:
    if measured is None or known is None:
        return measured is not None
    return abs(Decimal(measured) - Decimal(known)) > known * MEASURE_DIFFERS


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
