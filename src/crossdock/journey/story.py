"""The journey itself: goods come in, two consignments go out, one to a locker and one to a shop counter."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from msgspec import Struct

from crossdock.base.ids import AccountId, OrderId
from crossdock.core.fulfilment import commands as fulfilment
from crossdock.core.fulfilment import inbound
from crossdock.core.fulfilment.model import counted
from crossdock.core.orders import queries as orders
from crossdock.edge.desk import Desk
from crossdock.journey.diary import Diary, StepFailed, expect
from crossdock.journey.partners import CHINA, Answer, Partners
from crossdock.journey.receiver import Receiver
from crossdock.journey.samples import Samples
from crossdock.verify import checks

WAREHOUSE = "warehouse"
FILM = timedelta(seconds=44)
"""The stretch of film of the page's sample: 01:01:01 to 01:01:45."""


class Told(Struct, frozen=True, kw_only=True):
    """The orders whose timelines are worth printing."""

    account_id: AccountId
    to_locker: OrderId
    to_shop: OrderId


class Story:
    def __init__(
        self,
        *,
        desk: Desk,
        account_id: AccountId,
        partners: Partners,
        receiver: Receiver,
        samples: Samples,
        diary: Diary,
    ) -> None:
        self._desk = desk
        self._account_id = account_id
        self._ask = partners
        self._receiver = receiver
        self._samples = samples
        self._diary = diary
        self._run = f"{datetime.now(CHINA):%Y%m%d%H%M%S%f}"[:-3]

    async def tell(self) -> Told:
        """Errors: StepFailed at the first answer that is not as it should be."""
        await self._goods_come_in()
        to_locker = await self._consignment("to_locker", as_json=False)
        to_shop = await self._consignment("to_shop", as_json=True)
        await self._packed(to_locker)
        await self._packed(to_shop)
        await self._through_the_locker(to_locker)
        await self._over_the_counter(to_shop)
        await self._own_outbound()
        for order_id, title in ((to_locker, "parcel to the locker"), (to_shop, "parcel to the shop")):
            await self._outbound_told(str(order_id), title, pieces=1)
        await self._proved()
        return Told(account_id=self._account_id, to_locker=to_locker, to_shop=to_shop)

    # Shelf ---------------------------------------------------------------------------

    async def _goods_come_in(self) -> None:
        number = f"RK{self._run}"
        before = await self._free_stock("stock before")
        answer = await self._hongxun(
            "goods are announced", "/dtc/logistics/inOrder", {"customerNumber": number, **self._samples.inbound}
        )
        expect(answer["value"]["customerNumber"], number)
        await self._hongxun(
            "announced once more: the same answer",
            "/dtc/logistics/inOrder",
            {"customerNumber": number, **self._samples.inbound},
            lambda again: expect(again["value"], answer["value"]),
        )
        order_id = (await self._order("inbound", number)).id
        for quantity in (4, 6):
            await self._received(order_id, quantity)
        await self._warehouse(
            "nothing more will come",
            "close inbound",
            lambda tx: inbound.close_inbound(tx, account_id=self._account_id, order_id=order_id, actor="dock 1"),
        )
        for quantity in (4, 6):
            await self._receipt_told(number, quantity)
        closed = await self._heard(
            "the owner hears that it is complete",
            "/hongxun/inOrderStatusConfirm",
            lambda said: said["customerNumber"] == number,
        )
        expect((closed["orderStatus"], closed["totalQuantity"], closed["actualQuantity"]), ("FULFILLED", 10, 10))
        after = await self._free_stock("stock after")
        expect(after - before, 10)

    async def _received(self, order_id: OrderId, pieces: int) -> None:
        await self._warehouse(
            f"{pieces} pieces are received",
            "receive",
            lambda tx: inbound.receive(
                tx, account_id=self._account_id, order_id=order_id, receipts=counted({"10": pieces}), actor="dock 1"
            ),
        )

    async def _receipt_told(self, number: str, pieces: int) -> None:
        await self._heard(
            f"the owner hears of {pieces} pieces",
            "/hongxun/inOrderConfirm",
            lambda said: said["customerNumber"] == number and said["productList"][0]["quantity"] == pieces,
        )

    async def _free_stock(self, title: str) -> int:
        path = "/dtc/esboms/stockQuery"
        request = {
            "inventoryCode": self._samples.inbound["inventoryCode"],
            "subbaseCode": self._samples.inbound["subbaseCode"],
            "productCodeList": [
                {"customerProductCode": self._samples.inbound["productList"][0]["customerProductCode"]}
            ],
            "pageSize": 50,
            "pageNum": 1,
        }

        def pieces(said: Answer) -> int:
            return sum(int(row["quantity"]) for row in said["value"]["list"])

        answer = await self._diary.note(
            title, "hongxun", path, lambda: self._ask.hongxun(path, request), lambda said: f"{pieces(said)} pieces"
        )
        return pieces(answer)

    # Orders --------------------------------------------------------------------------

    async def _consignment(self, sample: str, *, as_json: bool) -> OrderId:
        fields = {**getattr(self._samples, sample), "sales_reference": f"{sample}-{self._run}"}
        made = await self._birdsystem(
            f"an order is placed ({'JSON' if as_json else 'form'})",
            "POST",
            "/client/consignment",
            lambda said: expect((said["data"]["status"], said["data"]["contact"]), ("PREPARING", fields["contact"])),
            **({"json_body": fields} if as_json else {"form": fields}),
        )
        order_id = int(made["data"]["id"])
        await self._birdsystem(
            "a product is put on it",
            "POST",
            "/client/Consignment-Product",
            lambda said: expect(said["data"]["quantity"], self._samples.product.quantity),
            form={
                "consignment_id": str(order_id),
                "product_id": self._samples.product.id,
                "quantity": self._samples.product.quantity,
            },
        )
        await self._birdsystem(
            "it is handed to the warehouse",
            "POST",
            "/client/Consignment/Batch-Update-Status",
            lambda said: expect(said["success"], True),
            form={"ids": str(order_id), "status": "PENDING"},
        )
        await self._status(order_id, "PENDING")
        return OrderId(order_id)

    async def _status(self, order_id: int, status: str, *, delivery_reference: str | None = None) -> None:
        def check(said: Answer) -> None:
            expect((said["total"], said["data"][0]["id"], said["data"][0]["status"]), (1, order_id, status))
            if delivery_reference is not None:
                expect(said["data"][0]["delivery_reference"], delivery_reference)

        await self._birdsystem(f"the ERP sees {status}", "GET", f"/client/consignment?id={order_id}", check)

    # Packing -------------------------------------------------------------------------

    async def _packed(self, order_id: OrderId) -> None:
        await self._warehouse(
            "it is picked",
            "start picking",
            lambda tx: fulfilment.start_picking(tx, account_id=self._account_id, order_id=order_id, actor="picker 7"),
        )
        await self._status(order_id, "PICKING")
        await self._warehouse(
            "it lies on the bench",
            "start packing",
            lambda tx: fulfilment.start_packing(
                tx, account_id=self._account_id, order_id=order_id, actor="Cashier A"
            ),
        )
        ended = datetime.now(CHINA)
        report = {
            **self._samples.packing,
            "orderNo": str(order_id),
            "startTime": f"{ended - FILM:%Y-%m-%d %H:%M:%S}",
            "endTime": f"{ended:%Y-%m-%d %H:%M:%S}",
            "orderTime": f"{ended:%Y-%m-%d %H:%M:%S}",
        }
        business = {"orgId": "1", "enterpriseId": "1", "iposJson": json.dumps(report, ensure_ascii=False)}
        await self._ovopark("the bench reports its film", business, "SUCCESS")
        await self._ovopark("reported once more: refused", business, "ORDER_NUMBER_DUPLICATION")
        await self._warehouse(
            "the parcel is closed",
            "finish packing",
            lambda tx: fulfilment.finish_packing(
                tx, account_id=self._account_id, order_id=order_id, actor="Cashier A"
            ),
        )

    # Locker --------------------------------------------------------------------------

    async def _through_the_locker(self, order_id: OrderId) -> None:
        cabinet, number = self._samples.cabinet, str(order_id)
        await self._bestwond(
            "the courier's software asks for webhooks",
            "/api/iot/set/app/webhook/",
            0,
            save_notify_url=f"{self._receiver.address}/bestwond/save",
            take_notify_url=f"{self._receiver.address}/bestwond/take",
        )
        await self._warehouse(
            "the parcel leaves for the locker",
            "ship",
            lambda tx: fulfilment.ship(
                tx,
                account_id=self._account_id,
                order_id=order_id,
                tracking_number=cabinet.delivery_reference,
                actor="dock 2",
            ),
        )
        await self._status(order_id, "FINISHED", delivery_reference=cabinet.delivery_reference)
        booked = await self._bestwond(
            "the courier books it in",
            "/api/iot/kd/set/save/order/",
            0,
            device_number=cabinet.device_number,
            order_no=number,
            box_size=cabinet.box_size,
        )
        await self._bestwond(
            "booked once more: refused",
            "/api/iot/kd/set/save/order/",
            30001,
            device_number=cabinet.device_number,
            order_no=number,
            box_size=cabinet.box_size,
        )
        stored = await self._bestwond(
            "stored with the save code: a door opens",
            "/api/iot/kd/order/save/or/take/",
            0,
            device_number=cabinet.device_number,
            action_type="save",
            action_code=booked["data"]["save_code"],
            box_size=cabinet.box_size,
        )
        box = stored["data"]["box_name"]
        await self._heard_webhook("the webhook tells of it", "/bestwond/save", number, status=2)
        await self._box(box, box_status=2, order_no=number)
        pick_code = booked["data"]["pick_code"]
        taken = await self._take("taken with the pick-up code: the door opens", pick_code, 0)
        expect((taken["data"]["status"], taken["data"]["box_name"]), (3, box))
        await self._take("taken once more: refused", pick_code, 30003)
        await self._heard_webhook("the webhook tells of it", "/bestwond/take", number, status=3)
        await self._box(box, box_status=1, order_no=number)
        opened = await self._bestwond(
            "a door is opened by hand",
            "/api/iot/open/box/",
            0,
            device_number=cabinet.device_number,
            lock_address=stored["data"]["lock_address"],
            use_type="O",
        )
        expect((opened["data"]["status"], opened["data"]["msg"]), ("success", "ok"))
        await self._delivered(order_id)

    async def _take(self, title: str, pick_code: str, code: int) -> Answer:
        return await self._bestwond(
            title,
            "/api/iot/kd/order/save/or/take/",
            code,
            device_number=self._samples.cabinet.device_number,
            action_type="take",
            action_code=pick_code,
            box_size=self._samples.cabinet.box_size,
        )

    async def _box(self, name: str, **wanted: Any) -> None:
        answer = await self._bestwond(
            f"box {name} is {'full' if wanted['box_status'] == 2 else 'empty again'}",
            "/api/iot/device/box/list/",
            0,
            device_number=self._samples.cabinet.device_number,
        )
        row = next(row for row in answer["data"] if row["box_name"] == name)
        expect({key: row[key] for key in wanted}, wanted)

    async def _heard_webhook(self, title: str, path: str, number: str, *, status: int) -> None:
        await self._diary.note(
            title,
            "bestwond",
            f"<- {path}",
            lambda: self._receiver.wait_for(path, lambda said: said["order_no"] == number),
            lambda said: _checked(said["status"], status, f"status {said['status']}, box {said['box_name']}"),
        )

    # Counter -------------------------------------------------------------------------

    async def _over_the_counter(self, order_id: OrderId) -> None:
        login = self._samples.keys.heidian
        await self._warehouse(
            "the parcel leaves for the shop",
            "ship",
            lambda tx: fulfilment.ship(tx, account_id=self._account_id, order_id=order_id, actor="dock 2"),
        )
        order = await self._order("outbound", str(order_id))
        await self._heidian(
            "the shop's manager logs in",
            "POST",
            "/api/shops/staff_login/",
            lambda said: expect((said["username"], len(said["token"])), (login.username, 40)),
            body={"username": login.username, "password": login.password},
        )
        seen = await self._heidian(
            "the buyer looks the code up",
            "GET",
            f"/api/orders/pick_up_code/fetch/?order_token={order.token}&shop={login.shop}",
            lambda said: expect((said["order_number"], said["key_status"]), (str(order_id), "unused")),
        )
        await self._heidian(
            "the parcel is on the shop's list",
            "GET",
            f"/api/orders/pick_up_code/?heyshop_order_id={order_id}&key_status__in=unused",
            lambda said: expect([row["id"] for row in said["results"]], [seen["id"]]),
        )
        await self._heidian(
            "the goods are set aside",
            "POST",
            f"/api/orders/pick_up_code/{seen['id']}/stock_prepare/",
            lambda said: expect(said["stock_status"], "prepared"),
        )
        await self._heidian(
            "the code is checked",
            "GET",
            f"/api/orders/pick_up_code/check/?key={seen['key']}",
            lambda said: expect((said["key_status"], said["order"]["lines"][0]["sku"]), ("unused", "00131031")),
        )
        for action, status in (("consume", "used"), ("rollback", "unused"), ("consume", "used")):
            await self._key_used(action, seen["key"], status)
        await self._heidian(
            "handed over once more: refused",
            "POST",
            "/api/orders/pick_up_code/consume/",
            lambda said: expect(said["code"], "key_used"),
            body={"key": seen["key"]},
        )
        await self._delivered(order_id)

    async def _key_used(self, action: str, key: str, status: str) -> None:
        await self._heidian(
            {"consume": "the parcel is handed over", "rollback": "taken back: wrong customer"}[action],
            "POST",
            f"/api/orders/pick_up_code/{action}/",
            lambda said: expect(said["key_status"], status),
            body={"key": key},
        )

    # The owner -----------------------------------------------------------------------

    async def _own_outbound(self) -> None:
        number = f"CK{self._run}"
        await self._hongxun(
            "the owner orders two pieces out",
            "/dtc/logistics/outOrder",
            {"customerNumber": number, **self._samples.outbound},
            lambda said: expect(said["value"]["customerNumber"], number),
        )
        order_id = (await self._order("outbound", number)).id
        for title, call, step in (
            ("it is picked", "start picking", fulfilment.start_picking),
            ("it lies on the bench", "start packing", fulfilment.start_packing),
            ("the parcel is closed", "finish packing", fulfilment.finish_packing),
            ("the parcel leaves with the carrier", "ship", fulfilment.ship),
        ):
            command = partial(step, account_id=self._account_id, order_id=order_id, actor="dock 2")
            await self._warehouse(title, call, command)
        await self._outbound_told(number, "owner's own order", pieces=2)

    async def _outbound_told(self, number: str, title: str, *, pieces: int) -> None:
        confirm = await self._heard(
            f"the owner hears what left: {title}",
            "/hongxun/outOrderConfirm",
            lambda said: said["customerNumber"] == number,
        )
        expect(sum(line["quantity"] for line in confirm["productList"]), pieces)
        status = await self._heard(
            f"... and that it is complete: {title}",
            "/hongxun/outOrderStatusConfirm",
            lambda said: said["customerNumber"] == number,
        )
        expect(
            (status["orderStatus"], status["totalQuantity"], status["actualQuantity"]), ("FULFILLED", pieces, pieces)
        )

    async def _proved(self) -> None:
        def say(checked: list[Any]) -> str:
            findings = [finding for check in checked for finding in check.findings]
            expect(findings, [])
            return f"{len(checked)} checks, {sum(check.rows for check in checked)} rows, nothing found"

        await self._diary.note(
            "ledger and timeline are proved", WAREHOUSE, "verify", lambda: checks(self._desk.database), say
        )

    # One step ------------------------------------------------------------------------

    async def _hongxun(
        self, title: str, path: str, request: Answer, check: Callable[[Answer], None] = lambda said: None
    ) -> Answer:
        def say(said: Answer) -> str:
            expect(said.get("flag"), True)
            check(said)
            return f"{said['code']} {said['message']}"

        return await self._diary.note(title, "hongxun", path, lambda: self._ask.hongxun(path, request), say)

    async def _heard(self, title: str, path: str, fits: Callable[[Answer], bool]) -> Answer:
        said = await self._diary.note(
            title,
            "hongxun",
            f"<- {path}",
            lambda: self._receiver.wait_for(path, lambda body: fits(body["request"])),
            lambda body: f"signed; {_short(body['request'])}",
        )
        request: Answer = said["request"]
        return request

    async def _birdsystem(
        self, title: str, method: str, path: str, check: Callable[[Answer], None], **body: Any
    ) -> Answer:
        def say(said: Answer) -> str:
            expect(said.get("success"), True)
            check(said)
            data = said.get("data")
            row = data[0] if isinstance(data, list) else data
            return "success" if row is None else f"id {row['id']} {row.get('status', '')}".strip()

        call = f"{method} {path}"
        return await self._diary.note(
            title, "birdsystem", call, lambda: self._ask.birdsystem(method, path, **body), say
        )

    async def _ovopark(self, title: str, business: dict[str, str], codename: str) -> Answer:
        method = "open.ovopark.storehouse.sendOrder"
        return await self._diary.note(
            title,
            "ovopark",
            method,
            lambda: self._ask.ovopark(method, "v2", business),
            lambda said: _checked(said["stat"]["codename"], codename, f"{said['stat']['code']} {said['result']}"),
        )

    async def _bestwond(self, title: str, path: str, code: int, **fields: Any) -> Answer:
        return await self._diary.note(
            title,
            "bestwond",
            path,
            lambda: self._ask.bestwond(path, **fields),
            lambda said: _checked(said["code"], code, f"{said['code']} {said['msg']}"),
        )

    async def _heidian(
        self, title: str, method: str, path: str, check: Callable[[Answer], None], *, body: Answer | None = None
    ) -> Answer:
        def say(said: Answer) -> str:
            check(said)
            return str(said.get("key_status") or said.get("detail") or said.get("username") or f"{said['count']} row")

        shown = path.partition("?")[0]
        return await self._diary.note(
            title, "heidian", f"{method} {shown}", lambda: self._ask.heidian(method, path, body=body), say
        )

    async def _warehouse(self, title: str, call: str, command: Callable[[Any], Awaitable[Any]]) -> Any:
        async def act() -> Any:
            async with self._desk.database.transaction() as tx:
                return await command(tx)

        return await self._diary.note(title, WAREHOUSE, call, act, lambda done: getattr(done, "order", done).state)

    async def _order(self, kind: Any, number: str) -> Any:
        async with self._desk.database.autocommit() as tx:
            return await orders.order_by_number(tx, account_id=self._account_id, kind=kind, number=number)

    async def _delivered(self, order_id: OrderId) -> None:
        order = await self._order("outbound", str(order_id))
        if order.state != "delivered":
            raise StepFailed(wanted="delivered", got=order.state)


def _checked(got: Any, wanted: Any, words: str) -> str:
    expect(got, wanted)
    return words


def _short(request: Answer) -> str:
    if "actualQuantity" in request:
        return f"{request['orderStatus']} {request['actualQuantity']} of {request['totalQuantity']}"
    return f"{sum(line['quantity'] for line in request['productList'])} pieces, {request['callbackBatchId']}"
