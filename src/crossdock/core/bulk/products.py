"""Products from a sheet. An empty cell leaves what is on record; bar codes are added to those there are."""

from collections.abc import Sequence
from typing import Any, Final

from crossdock.base.ids import OrderId, ProductId
from crossdock.core.bulk import cells, sql
from crossdock.core.bulk.cells import Column, Values
from crossdock.core.bulk.errors import CellsInvalid, ChangedSince
from crossdock.core.bulk.model import Ground, Kind, Outcome, Row
from crossdock.core.catalog import commands, queries
from crossdock.core.catalog.model import NewProduct, ProductChange
from crossdock.core.events.model import HOUSE
from crossdock.db.tx import Tx

COLUMNS: Final = (
    Column(name="sku", read=cells.words, required=True, sample="00131031"),
    Column(name="name", read=cells.words, sample="Running shoe, blue, 42"),
    Column(name="name_customs", read=cells.words, sample="Shoes"),
    Column(name="weight_g", read=cells.whole, sample="500"),
    Column(name="length_mm", read=cells.whole, sample="320"),
    Column(name="width_mm", read=cells.whole, sample="200"),
    Column(name="height_mm", read=cells.whole, sample="120"),
    Column(name="price", read=cells.price, sample="99.80"),
    Column(name="codes", read=cells.several, sample="4006381333931 9780201379624"),
    Column(name="lot_tracked", read=cells.yes_or_no, sample="false"),
    Column(name="serial_tracked", read=cells.yes_or_no, sample="false"),
    Column(name="active", read=cells.yes_or_no, sample="true"),
)
PLAIN: Final = tuple(column.name for column in COLUMNS if column.name not in ("sku", "codes"))


async def apply(tx: Tx, ground: Ground, rows: Sequence[tuple[int, Values]], order_id: OrderId) -> Outcome:
    """Errors: CellsInvalid, CodeTaken, ProductDeleted."""
    values = rows[0][1]
    account_id = ground.account.id
    found = await queries.products_by_sku(tx, account_id=account_id, skus=[values["sku"]])
    product = found.get(values["sku"])
    if product is None:
        if "name" not in values:
            raise CellsInvalid(name="is empty, and there is no product of this sku yet")
        new = NewProduct(account_id=account_id, **{"active": True, **values})
        made = await commands.create_product(tx, new, dialect=HOUSE, actor=ground.actor)
        return Outcome(deed="created", target=made.id, after=_shown(values))
    codes = await sql.codes_of(tx, account_id=account_id, product_id=product.id)
    wanted = {name: values[name] for name in PLAIN if name in values and values[name] != getattr(product, name)}
    more = tuple(code for code in values.get("codes", ()) if code not in codes)
    if not wanted and not more:
        return Outcome(deed="unchanged", target=product.id)
    await commands.update_product(
        tx,
        account_id=account_id,
        product_id=product.id,
        change=ProductChange(**wanted, codes=more),
        dialect=HOUSE,
        actor=ground.actor,
    )
    before = {name: getattr(product, name) for name in wanted}
    after = wanted | ({"codes": more} if more else {})
    return Outcome(deed="changed", target=product.id, before=_shown(before), after=_shown(after))


async def undo(tx: Tx, ground: Ground, row: Row) -> None:
    """Errors: ChangedSince, ProductInUse for a new one that is in use by now."""
    account_id, product_id = ground.account.id, ProductId(row.target or 0)
    after, before = row.after or {}, row.before or {}
    if row.deed == "created":
        await commands.delete_product(
            tx, account_id=account_id, product_id=product_id, dialect=HOUSE, actor=ground.actor
        )
        return
    product = await queries.product(tx, account_id=account_id, product_id=product_id)
    other = [name for name in before if _text(getattr(product, name)) != after[name]]
    if other:
        raise ChangedSince(what=", ".join(other))
    read = {column.name: column.read for column in COLUMNS}
    old: dict[str, Any] = {name: read[name](text) if text else "" for name, text in before.items()}
    change = ProductChange(**old, codes_dropped=tuple(after.get("codes", "").split()))
    await commands.update_product(
        tx, account_id=account_id, product_id=product_id, change=change, dialect=HOUSE, actor=ground.actor
    )


async def page(tx: Tx, ground: Ground, after: int) -> tuple[list[dict[str, str]], int]:
    found = await sql.products_after(tx, account_id=ground.account.id, after=after)
    rows = [
        {name: _text(getattr(product, name)) for name in (*PLAIN, "sku", "state")}
        | {"codes": " ".join(product.codes), "id": str(product.id)}
        for product in found
    ]
    return rows, found[-1].id if found else 0


def _shown(values: Values) -> dict[str, str]:
    """As an import keeps it, in the words of its file."""
    return {name: _text(value) for name, value in values.items()}


def _text(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case tuple():
            return " ".join(value)
        case _:
            return str(value)


KIND: Final = Kind(
    name="products",
    columns=COLUMNS,
    key=("sku",),
    apply=apply,
    undo=undo,
    exported=(*(column.name for column in COLUMNS), "state", "id"),
    page=page,
)
