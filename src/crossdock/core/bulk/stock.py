"""Stock from a sheet: each row says how many pieces of something there are, and the ledger follows."""

from collections.abc import Sequence
from typing import Final

from crossdock.base.ids import OrderId, StockId
from crossdock.core.accounts import sql as accounts
from crossdock.core.bulk import cells, sql
from crossdock.core.bulk.cells import Column, Values
from crossdock.core.bulk.errors import NameUnknown
from crossdock.core.bulk.model import Ground, Kind, Outcome, Row
from crossdock.core.catalog import queries as catalog
from crossdock.core.events.model import HOUSE
from crossdock.core.leaving import notices
from crossdock.core.stock import adjusting
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
    """Errors: NameUnknown, BelowAllocated."""
    row_no, values = rows[0]
    place = await _place(tx, ground, values)
    counted = await adjusting.count(
        tx,
        account_id=ground.account.id,
        found=place,
        cause=f"import:{ground.run_id}:{row_no}",
    )
    if counted.before == counted.after:
        return Outcome(deed="unchanged", target=counted.stock_id)
    await notices.stocked(
        tx, account_id=ground.account.id, product_ids={place.product_id}, dialect=HOUSE, actor=ground.actor
    )
    return Outcome(
        deed="changed",
        target=counted.stock_id,
        before={"quantity": counted.before},
        after={"quantity": counted.after},
    )


async def undo(tx: Tx, ground: Ground, row: Row) -> None:
    """The difference is turned round, whatever came and went since. Errors: BelowAllocated."""
    before, after = (row.before or {})["quantity"], (row.after or {})["quantity"]
    await adjusting.adjust(
        tx,
        account_id=ground.account.id,
        stock_id=StockId(row.target or 0),
        by=before - after,
        cause=f"import:{ground.run_id}:{row.row_no}:undo",
    )


async def page(tx: Tx, ground: Ground, after: int) -> tuple[list[dict[str, str]], int]:
    found = await sql.buckets_after(
        tx, account_id=ground.account.id, site_id=None if ground.site is None else ground.site.id, after=after
    )
    names = (*(column.name for column in COLUMNS), *READ_ONLY)
    rows = [{name: str(getattr(bucket, name)) for name in names} for bucket in found]
    return rows, found[-1].id if found else 0


async def _place(tx: Tx, ground: Ground, values: Values) -> Arrival:
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


KIND: Final = Kind(
    name="stock",
    columns=COLUMNS,
    key=("sku", "site", "owner", "lot", "condition"),
    apply=apply,
    undo=undo,
    exported=(*(column.name for column in COLUMNS), *READ_ONLY),
    page=page,
)
