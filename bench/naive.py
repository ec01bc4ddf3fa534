"""The usual way: FastAPI, a transaction for each request, a statement for each row. It writes what we write.

    python -m bench.naive --url postgresql://... [--core N]

It checks no signature, knows one caller and answers a handful of fields; the port is printed when it answers.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Annotated, Any

import typer
import uvicorn
import uvloop
from fastapi import FastAPI, Form, HTTPException
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel

from bench.ground import ACCOUNT
from bench.machine import pin

CONNECTIONS = 16
CHINA = timedelta(hours=8)

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class Product(BaseModel):
    customerLineNumber: str  # noqa: N815
    customerProductCode: str  # noqa: N815
    quantity: int


class Outbound(BaseModel, extra="allow"):
    customerNumber: str  # noqa: N815
    documentType: str  # noqa: N815
    productList: list[Product]  # noqa: N815


class Call(BaseModel, extra="allow"):
    request: Outbound


class Shop:
    """Where the rows go: the demo account's places, looked up once."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[tuple[Any, ...]]]) -> None:
        self.pool = pool
        self.places: dict[str, Any] = {}

    async def open(self) -> None:
        await self.pool.open()
        async with self.pool.connection() as conn:
            found = await conn.execute(
                "SELECT site.id AS site, site.company_id, s.id AS sub, d.id AS department, d.enterprise_id"
                "  FROM site, sub_inventory s, department d"
                " WHERE site.account_id = %s AND site.code = 'WH-GZ01' AND s.account_id = %s AND s.code = 'OWN-A'"
                "   AND d.shop_code = 'D001'",
                (ACCOUNT, ACCOUNT),
            )
            row = await found.fetchone()
            assert row is not None
            self.places = dict(zip(("site", "company", "sub", "department", "enterprise"), row, strict=True))


def make(url: str) -> FastAPI:
    shop = Shop(AsyncConnectionPool(url, min_size=CONNECTIONS, max_size=CONNECTIONS, open=False))

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        await shop.open()
        yield
        await shop.pool.close()

    app = FastAPI(lifespan=life)

    @app.post("/client/consignment")
    async def consignment(
        contact: Annotated[str, Form()],
        address_line1: Annotated[str, Form()],
        city: Annotated[str, Form()],
        post_code: Annotated[str, Form()],
        country_iso: Annotated[str, Form()],
        sales_reference: Annotated[str, Form()],
        delivery_service_id: Annotated[int, Form()],
        type: Annotated[str, Form()],
    ) -> dict[str, Any]:
        recipient = {
            "contact": contact,
            "address_line1": address_line1,
            "city": city,
            "post_code": post_code,
            "country_iso": country_iso,
        }
        async with shop.pool.connection() as conn:
            order_id = await _order(
                conn,
                shop,
                company=36,
                number=None,
                dialect="birdsystem",
                type_=type,
                state="draft",
                recipient=recipient,
                fields={"sales_reference": sales_reference},
                reference=sales_reference,
                service=delivery_service_id,
            )
        return {"success": True, "data": {"id": order_id, "status": "PREPARING", **recipient}}

    @app.post("/dtc/logistics/outOrder")
    async def out_order(call: Call) -> dict[str, Any]:
        asked = call.request
        async with shop.pool.connection() as conn:
            order_id = await _order(
                conn,
                shop,
                company=shop.places["company"],
                number=asked.customerNumber,
                dialect="hongxun",
                type_=asked.documentType,
                state="allocated",
                recipient={"country_iso": "CN"},
                fields=asked.model_dump(),
                pieces=sum(product.quantity for product in asked.productList),
            )
            for line_no, product in enumerate(asked.productList, start=1):
                await _line(conn, shop, order_id, line_no, product)
        return {"flag": True, "value": {"customerNumber": asked.customerNumber, "downstreamOrderCode": order_id}}

    @app.post("/cloud.api")
    async def report(iposJson: Annotated[str, Form()]) -> dict[str, Any]:  # noqa: N803
        order = json.loads(iposJson)
        async with shop.pool.connection() as conn:
            await _packing(conn, shop, order)
        return {"stat": {"code": 0, "codename": "SUCCESS"}, "result": "成功", "data": None}

    return app


async def _order(
    conn: AsyncConnection[Any],
    shop: Shop,
    *,
    company: int,
    number: str | None,
    dialect: str,
    type_: str,
    state: str,
    recipient: dict[str, Any],
    fields: dict[str, Any],
    reference: str | None = None,
    service: int | None = None,
    pieces: int = 0,
) -> int:
    now = datetime.now(UTC)
    counted = await conn.execute(
        "INSERT INTO order_counter (company_id, day, last) VALUES (%s, %s, 1)"
        " ON CONFLICT ON CONSTRAINT order_counter_pkey DO UPDATE SET last = order_counter.last + 1 RETURNING last",
        (company, now.date()),
    )
    row = await counted.fetchone()
    assert row is not None
    order_id = (int(f"{now:%y%m%d}") * 1_000 + company) * 10_000_000 + row[0]
    await conn.execute(
        "INSERT INTO orders (id, account_id, company_id, kind, number, dialect, type, state, site_id,"
        " sub_inventory_id, service_id, reference, recipient, partner_fields, token, pieces, created_at, updated_at)"
        " VALUES (%s, %s, %s, 'outbound', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            *(order_id, ACCOUNT, company, number or str(order_id), dialect, type_, state, shop.places["site"]),
            *(
                shop.places["sub"],
                service,
                reference,
                Jsonb(recipient),
                Jsonb(fields),
                token_hex(20),
                pieces,
                now,
                now,
            ),
        ),
    )
    await _event(conn, "order.placed", f"order:{order_id}", order_id, dialect, {"number": number, "state": state})
    return int(order_id)


async def _line(conn: AsyncConnection[Any], shop: Shop, order_id: int, line_no: int, product: Product) -> None:
    found = await conn.execute(
        "SELECT p.id, s.id FROM product p JOIN stock s ON s.product_id = p.id AND s.account_id = p.account_id"
        " WHERE p.account_id = %s AND p.sku = %s AND s.site_id = %s AND s.sub_inventory_id = %s"
        "   AND s.condition = 'good' AND s.on_hand - s.allocated >= %s ORDER BY s.lot LIMIT 1 FOR NO KEY UPDATE OF s",
        (ACCOUNT, product.customerProductCode, shop.places["site"], shop.places["sub"], product.quantity),
    )
    row = await found.fetchone()
    if row is None:
        raise HTTPException(status_code=409, detail="out of stock")
    product_id, stock_id = row
    written = await conn.execute(
        "INSERT INTO order_line (account_id, order_id, line_no, line_key, product_id, sku, quantity, partner_fields)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
        (
            *(ACCOUNT, order_id, line_no, product.customerLineNumber, product_id, product.customerProductCode),
            *(product.quantity, Jsonb(product.model_dump())),
        ),
    )
    line = await written.fetchone()
    assert line is not None
    await conn.execute(
        "UPDATE stock SET allocated = allocated + %s WHERE id = %s AND account_id = %s",
        (product.quantity, stock_id, ACCOUNT),
    )
    await conn.execute(
        "INSERT INTO stock_move (account_id, stock_id, cause, quantity, allocated, order_id, order_line_id, moved_at)"
        " VALUES (%s, %s, %s, 0, %s, %s, %s, now())",
        (ACCOUNT, stock_id, f"reserve:{order_id}:{line_no}", product.quantity, order_id, line[0]),
    )


async def _packing(conn: AsyncConnection[Any], shop: Shop, order: dict[str, Any]) -> None:
    began, ended, ordered = (
        datetime.fromisoformat(order[name]).replace(tzinfo=UTC) - CHINA
        for name in ("startTime", "endTime", "orderTime")
    )
    written = await conn.execute(
        "INSERT INTO packing (account_id, enterprise_id, department_id, order_number, station, operator, filmed_from,"
        " filmed_to, ordered_at, reported_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, now()) RETURNING id",
        (
            *(ACCOUNT, shop.places["enterprise"], shop.places["department"], order["orderNo"], order["machineId"]),
            *(order["userName"], began, ended, ordered),
        ),
    )
    row = await written.fetchone()
    assert row is not None
    for line_no, goods in enumerate(order["goods"], start=1):
        await conn.execute(
            "INSERT INTO packing_item (packing_id, line_no, goods_code, goods_name, price, quantity)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            (row[0], line_no, goods["goodsId"], goods["goodsName"], goods["goodsPrice"], goods["goodsNums"]),
        )
    subject = f"packing:{order['orderNo']}"
    await _event(conn, "packing.reported", subject, None, "ovopark", {"number": order["orderNo"]})


async def _event(
    conn: AsyncConnection[Any], kind: str, subject: str, order_id: int | None, dialect: str, facts: dict[str, Any]
) -> None:
    await conn.execute(
        "INSERT INTO event (account_id, kind, subject, order_id, dialect, actor, facts, happened_at, learned_at)"
        " VALUES (%s, %s, %s, %s, %s, 'naive', %s, now(), now())",
        (ACCOUNT, kind, subject, order_id, dialect, Jsonb(facts)),
    )


class Announcing(uvicorn.Server):
    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        print(self.servers[0].sockets[0].getsockname()[1], flush=True)


@command.command()
def main(
    url: Annotated[str, typer.Option()],
    core: Annotated[int | None, typer.Option()] = None,
) -> None:
    if core is not None:
        pin([0], (core,))
    uvloop.install()
    config = uvicorn.Config(make(url), host="127.0.0.1", port=0, log_level="warning", access_log=False)
    Announcing(config).run()


if __name__ == "__main__":
    command()
