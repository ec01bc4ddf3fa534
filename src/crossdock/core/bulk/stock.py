"""Stock from a sheet: each row says how many pieces of something there are, and the ledger follows."""

from collections.abc import Sequence
from typing import Final

from crossdock.base.ids import OrderId, ProductId, StockId
from crossdock.core.accounts import sql as accounts
from crossdock.core.bulk import cells, sql
from crossdock.core.bulk.cells import Column, Values
from crossdock.core.bulk.errors import NameUnknown
from crossdock.core.bulk.model import Ground, Kind, Outcome, Row
from crossdock.core.catalog import queries as catalog
from crossdock.core.events.model import HOUSE
from crossdock.core.leaving import notices
from crossdock.core.places import commands as places
from crossdock.core.stock import sql as stock_sql
from crossdock.core.stock.model import Arrival
from crossdock.db.tx import Tx

COLUMNS: Final = (
    Column(name="sku", read=cells.words, required=True, sample="00131031"),
    Column(name="quantity", read=cells.whole, required=True, sample="120"),
    Column(name="site", read=cells.words, sample="WH-1"),
    Column(name="owner", read=cells.words, sample="OWN-A"),
    Column(name="lot", read=cells.words, sample="2027-03"),
    Column(name="condition", read=cells.one_of("good", "defective"), sample="good"),
)
READ_ONLY: Final = ("allocated", "name", "id")


async def apply(tx: Tx, ground: Ground, rows: Sequence[tuple[int, Values]], order_id: OrderId) -> Outcome:
    """What lies in locations is counted there: only pieces in none of them are taken off.

    Errors: NameUnknown, SetAside, NotThere.
    """
    row_no, values = rows[0]
    account_id = ground.account.id
    found = await _found(tx, ground, values)
    [bucket] = await stock_sql.ensure_buckets(tx, account_id=account_id, arrivals=[found])
    if bucket.on_hand == found.quantity:
        return Outcome(deed="unchanged", target=bucket.id)
    await places.adjust(
        tx,
        account_id=account_id,
        site_id=found.site_id,
        stock_id=bucket.id,
        location_id=None,
        quantity=found.quantity - bucket.on_hand,
        cause=f"import:{ground.run_id}:{row_no}",
    )
    await _tell(tx, ground, found.product_id)
    return Outcome(
        deed="changed",
        target=bucket.id,
        before={"quantity": bucket.on_hand},
        after={"quantity": found.quantity},
    )


async def undo(tx: Tx, ground: Ground, row: Row) -> None:
    """The difference is turned round, whatever came and went since. Errors: SetAside, NotThere."""
    account_id, stock_id = ground.account.id, StockId(row.target or 0)
    before, after = (row.before or {})["quantity"], (row.after or {})["quantity"]
    [bucket] = await stock_sql.lock(tx, account_id=account_id, ids=[stock_id])
    await places.adjust(
        tx,
        account_id=account_id,
        site_id=bucket.site_id,
        stock_id=stock_id,
        location_id=None,
        quantity=before - after,
        cause=f"import:{ground.run_id}:{row.row_no}:undo",
    )
    await _tell(tx, ground, bucket.product_id)


async def page(tx: Tx, ground: Ground, after: int) -> tuple[list[dict[str, str]], int]:
    found = await sql.buckets_after(
        tx, account_id=ground.account.id, site_id=None if ground.site is None else ground.site.id, after=after
    )
    names = (*(column.name for column in COLUMNS), *READ_ONLY)
    rows = [{name: str(getattr(bucket, name)) for name in names} for bucket in found]
    return rows, found[-1].id if found else 0


async def _found(tx: Tx, ground: Ground, values: Values) -> Arrival:
    """Errors: NameUnknown."""
    account_id = ground.account.id
    site, owner = ground.site, None
    if "site" in values:
        site = await accounts.site(tx, account_id=account_id, code=values["site"])
    if "owner" in values:
        owner = await accounts.sub_inventory(tx, account_id=account_id, code=values["owner"])
    else:
        owner = await accounts.first_sub_inventory(tx, account_id)
    product = (await catalog.products_by_sku(tx, account_id=account_id, skus=[values["sku"]])).get(values["sku"])
    if site is None:
        raise NameUnknown(site=values.get("site", ""))
    if owner is None:
        raise NameUnknown(owner=values.get("owner", ""))
    if product is None:
        raise NameUnknown(sku=values["sku"])
    return Arrival(
        site_id=site.id,
        sub_inventory_id=owner.id,
        product_id=product.id,
        lot=values.get("lot", ""),
        condition=values.get("condition", "good"),
        quantity=values["quantity"],
    )


async def _tell(tx: Tx, ground: Ground, product_id: ProductId) -> None:
    await notices.stocked(
        tx, account_id=ground.account.id, product_ids={product_id}, dialect=HOUSE, actor=ground.actor
    )


KIND: Final = Kind(
    name="stock",
    columns=COLUMNS,
    key=("sku", "site", "owner", "lot", "condition"),
    apply=apply,
    undo=undo,
    exported=(*(column.name for column in COLUMNS), *READ_ONLY),
    page=page,
)
