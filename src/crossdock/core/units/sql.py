"""Statements on pieces with names, and on the plates they came under."""

from collections.abc import Collection, Sequence
from typing import Any

from msgspec import Struct

from crossdock.base.ids import AccountId, OrderId, ProductId, SiteId, StockId, SubInventoryId
from crossdock.core.units.model import NewUnit, Unit, Vehicle
from crossdock.db.compose import SQL, Composable
from crossdock.db.tx import Tx, columns


class Coming(Struct, frozen=True, kw_only=True):
    """A piece and where it goes."""

    product_id: ProductId
    stock_id: StockId
    unit: NewUnit
    plate: str = ""


async def put(tx: Tx, *, account_id: AccountId, order_id: OrderId, coming: Sequence[Coming]) -> set[tuple[int, str]]:
    """Product and code of those that are here now; one that was here before is left out.

    In the order of their keys, against deadlocks. Constraint: unit_account_id_product_id_code_key.
    """
    coming = sorted(coming, key=lambda one: (one.product_id, one.unit.code))
    rows = await tx.rows(
        """
INSERT INTO unit (account_id, product_id, code, sn, imei1, imei2, meid, vin, stock_id, plate, received_order_id,
                  received_at)
SELECT %(account_id)s, g.product_id, g.code, nullif(g.sn, ''), nullif(g.imei1, ''), nullif(g.imei2, ''),
       nullif(g.meid, ''), nullif(g.vin, ''), g.stock_id, g.plate, %(order_id)s, %(now)s
  FROM unnest(%(products)s::bigint[], %(codes)s::text[], %(sns)s::text[], %(imei1s)s::text[], %(imei2s)s::text[],
              %(meids)s::text[], %(vins)s::text[], %(stocks)s::bigint[], %(plates)s::text[])
       AS g (product_id, code, sn, imei1, imei2, meid, vin, stock_id, plate)
ON CONFLICT ON CONSTRAINT unit_account_id_product_id_code_key DO UPDATE
   SET sn = excluded.sn, imei1 = excluded.imei1, imei2 = excluded.imei2, meid = excluded.meid, vin = excluded.vin,
       stock_id = excluded.stock_id, plate = excluded.plate, location = '', state = 'in_stock',
       received_order_id = excluded.received_order_id, received_at = excluded.received_at,
       shipped_order_id = NULL, shipped_at = NULL
 WHERE unit.state = 'shipped'
RETURNING product_id, code
""",
        account_id=account_id,
        order_id=order_id,
        products=[one.product_id for one in coming],
        codes=[one.unit.code for one in coming],
        sns=[one.unit.sn for one in coming],
        imei1s=[one.unit.imei1 for one in coming],
        imei2s=[one.unit.imei2 for one in coming],
        meids=[one.unit.meid for one in coming],
        vins=[one.unit.vin for one in coming],
        stocks=[one.stock_id for one in coming],
        plates=[one.plate for one in coming],
        now=tx.now,
    )
    return {(int(row[0]), str(row[1])) for row in rows}


async def send_off(
    tx: Tx,
    *,
    account_id: AccountId,
    order_id: OrderId,
    leaving: Collection[tuple[ProductId, str]],
) -> list[Unit]:
    """Those that were in stock and have left now. Index: unit_account_id_product_id_code_key."""
    named = sorted(leaving)
    return await tx.many(
        Unit,
        f"""
WITH held AS (
    SELECT u.id FROM unit u
      JOIN unnest(%(products)s::bigint[], %(codes)s::text[]) AS g (product_id, code)
        ON u.product_id = g.product_id AND u.code = g.code
     WHERE u.account_id = %(account_id)s AND u.state = 'in_stock'
     ORDER BY u.id FOR NO KEY UPDATE OF u
)
UPDATE unit SET state = 'shipped', shipped_at = %(now)s, shipped_order_id = %(order_id)s
  FROM held WHERE unit.account_id = %(account_id)s AND unit.id = held.id
RETURNING {columns(Unit, of="unit")}
""",
        account_id=account_id,
        order_id=order_id,
        products=[product_id for product_id, _ in named],
        codes=[code for _, code in named],
        now=tx.now,
    )


async def named(
    tx: Tx, *, account_id: AccountId, product_ids: Collection[ProductId], codes: Collection[str]
) -> list[Unit]:
    """Here, or shipped. Index: unit_account_id_product_id_code_key."""
    return await tx.many(
        Unit,
        f"SELECT {columns(Unit)} FROM unit WHERE account_id = %(account_id)s"
        " AND product_id = ANY (%(product_ids)s::bigint[]) AND code = ANY (%(codes)s::text[]) ORDER BY id",
        account_id=account_id,
        product_ids=list(product_ids),
        codes=list(codes),
    )


async def of_order(tx: Tx, *, account_id: AccountId, order_id: OrderId) -> list[Unit]:
    """Pieces that came with an order, or left with it. Indexes: unit_received_idx, unit_shipped_idx."""
    return await tx.many(
        Unit,
        f"SELECT {columns(Unit)} FROM unit WHERE account_id = %(account_id)s"
        " AND (received_order_id = %(order_id)s OR shipped_order_id = %(order_id)s) ORDER BY code",
        account_id=account_id,
        order_id=order_id,
    )


async def overfull(tx: Tx, *, account_id: AccountId, stock_ids: Collection[StockId]) -> set[StockId]:
    """Of these buckets, those with more named pieces than pieces. Index: unit_here_idx."""
    rows = await tx.rows(
        """
SELECT s.id FROM stock s
 WHERE s.account_id = %(account_id)s AND s.id = ANY (%(ids)s::bigint[])
   AND s.on_hand < (SELECT count(*) FROM unit u
                     WHERE u.account_id = s.account_id AND u.stock_id = s.id AND u.state = 'in_stock')
""",
        account_id=account_id,
        ids=list(stock_ids),
    )
    return {StockId(row[0]) for row in rows}


async def lots(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    sub_inventory_id: SubInventoryId,
    named: Collection[tuple[ProductId, str]],
) -> dict[tuple[ProductId, str], str]:
    """Of pieces, by product and code, that an owner has here: the lot each lies in.

    Index: unit_account_id_product_id_code_key.
    """
    rows = await tx.rows(
        """
SELECT u.product_id, u.code, s.lot
  FROM unnest(%(products)s::bigint[], %(codes)s::text[]) AS g (product_id, code)
  JOIN unit u ON u.account_id = %(account_id)s AND u.product_id = g.product_id AND u.code = g.code
  JOIN stock s ON s.account_id = u.account_id AND s.id = u.stock_id
 WHERE u.state = 'in_stock' AND s.site_id = %(site_id)s AND s.sub_inventory_id = %(sub_inventory_id)s
""",
        account_id=account_id,
        site_id=site_id,
        sub_inventory_id=sub_inventory_id,
        products=[product_id for product_id, _ in named],
        codes=[code for _, code in named],
    )
    return {(ProductId(row[0]), str(row[1])): str(row[2]) for row in rows}


async def hand_on(
    tx: Tx, *, account_id: AccountId, from_id: StockId, to_id: StockId, pieces: int, first: Collection[str]
) -> list[Unit]:
    """Of that many pieces those with names change their bucket: those named `first`, then the longest here.

    Index: unit_here_idx.
    """
    return await tx.many(
        Unit,
        f"""
WITH going AS (
    SELECT id FROM unit
     WHERE account_id = %(account_id)s AND stock_id = %(from_id)s AND state = 'in_stock'
     ORDER BY code <> ALL (%(first)s::text[]), received_at, id
     LIMIT %(pieces)s
), gone AS (
    UPDATE unit SET stock_id = %(to_id)s FROM going
     WHERE unit.account_id = %(account_id)s AND unit.id = going.id
    RETURNING unit.*
)
SELECT {columns(Unit)} FROM gone ORDER BY received_at, id
""",
        account_id=account_id,
        from_id=from_id,
        to_id=to_id,
        pieces=pieces,
        first=list(first),
    )


async def take_in_plates(tx: Tx, *, account_id: AccountId, order_id: OrderId, codes: Sequence[str]) -> None:
    """Plates that were announced have come, with all that lies in them. Index: plate_waiting_key."""
    await tx.execute(
        """
WITH RECURSIVE came AS (
    SELECT id, code, source_number FROM plate
     WHERE account_id = %(account_id)s AND received_at IS NULL AND code = ANY (%(codes)s::text[])
    UNION
    SELECT p.id, p.code, p.source_number FROM plate p JOIN came ON p.parent_code = came.code
     WHERE p.account_id = %(account_id)s AND p.source_number = came.source_number AND p.received_at IS NULL
)
UPDATE plate SET received_at = %(now)s, order_id = %(order_id)s FROM came WHERE plate.id = came.id
""",
        account_id=account_id,
        order_id=order_id,
        codes=list(codes),
        now=tx.now,
    )


async def vehicles(
    tx: Tx,
    *,
    account_id: AccountId,
    site: str,
    sub_inventory: str,
    sku: str,
    vin: str,
    order_number: str,
    start: int,
    limit: int,
) -> tuple[int, list[Vehicle]]:
    """Of what is not empty; `order_number` is that of the order they came with. Index: unit_vin_idx."""
    wanted: dict[str, tuple[str, Any]] = {
        "site": ("site.code", site),
        "sub_inventory": ("sub.code", sub_inventory),
        "sku": ("p.sku", sku),
        "vin": ("u.vin", vin),
        "order_number": ("o.number", order_number),
    }
    conditions: list[Composable] = [
        SQL("u.account_id = %(account_id)s AND u.vin IS NOT NULL AND u.state = 'in_stock'")
    ]
    conditions += [SQL(f"{column} = %({name})s") for name, (column, value) in wanted.items() if value]
    source = SQL(
        """
  FROM unit u
  JOIN stock s ON s.account_id = u.account_id AND s.id = u.stock_id
  JOIN site ON site.account_id = s.account_id AND site.id = s.site_id
  JOIN sub_inventory sub ON sub.account_id = s.account_id AND sub.id = s.sub_inventory_id
  JOIN product p ON p.account_id = u.account_id AND p.id = u.product_id
  LEFT JOIN orders o ON o.account_id = u.account_id AND o.id = u.received_order_id
 WHERE {}
"""
    ).format(SQL(" AND ").join(conditions))
    params = {"account_id": account_id} | {name: value for name, (_, value) in wanted.items() if value}
    total = await tx.value(SQL("SELECT count(*) {}").format(source), **params)
    found = await tx.many(
        Vehicle,
        SQL(
            "SELECT site.code AS site, sub.code AS sub_inventory, p.sku, p.name AS product_name, u.vin, s.condition,"
            " u.received_at, u.location, s.allocated = s.on_hand AS reserved {}"
            " ORDER BY u.vin, u.id OFFSET %(start)s LIMIT %(limit)s"
        ).format(source),
        **params,
        start=start,
        limit=limit,
    )
    return int(total), found
