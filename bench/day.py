"""What the five partners ask on a day, as bytes ready for a socket. Keys are those of examples/demo.toml."""

import json
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import md5
from http.client import HTTPConnection
from itertools import cycle
from typing import Any, Final

from msgspec import Struct

from bench import orders
from bench.orders import HONGXUN_UTC_OFFSET, WORKLOADS
from bench.send import Plan, Sent, send
from crossdock.dialects.bestwond import auth as bestwond


class Kind(Struct, frozen=True, kw_only=True):
    """One call of a day."""

    partner: str
    call: str
    does: str
    per_100: int
    word: bytes
    """What stands in its good answers, and in none of the kinds before it."""


KINDS: Final = (
    Kind(
        partner="Bestwond",
        call="POST /api/iot/kd/get/can/save/box/",
        does="free boxes",
        per_100=4,
        word=b'"can_save_box_list"',
    ),
    Kind(partner="Bestwond", call="POST /api/iot/device/box/list/", does="boxes", per_100=6, word=b'"box_id"'),
    Kind(
        partner="Heidian",
        call="GET /api/orders/pick_up_code/check/",
        does="a code is looked at",
        per_100=7,
        word=b'"key_status":"unused"',
    ),
    Kind(
        partner="Heidian",
        call="POST /api/orders/pick_up_code/consume/",
        does="a parcel is handed over",
        per_100=5,
        word=b'"key_status":"used"',
    ),
    Kind(partner="Hongxun", call="POST /dtc/logistics/inOrder", does="goods announced", per_100=6, word=b'"HXRK'),
    Kind(partner="Hongxun", call="POST /dtc/logistics/outOrder", does="an order", per_100=14, word=b'"HXCK'),
    Kind(partner="Hongxun", call="POST /dtc/esboms/stockQuery", does="stock", per_100=10, word=b'"pageNum"'),
    Kind(
        partner="Ovopark", call="POST /cloud.api", does="a packing report", per_100=16, word=b'"codename":"SUCCESS"'
    ),
    Kind(
        partner="BirdSystem",
        call="GET /client/consignment",
        does="a page of the newest 20",
        per_100=14,
        word=b'"data":[',
    ),
    Kind(partner="BirdSystem", call="POST /client/consignment", does="an order", per_100=18, word=b'"data":{'),
)
SUCCESS: Final = [kind.word for kind in KINDS]
FIRST_CALLS: Final = 2
"""Of each kind."""
TURN: Final = 1_000_000
"""Order numbers of one turn."""
STOCK_QUERIES: Final = 100
"""Different ones."""
CABINET: Final = "2100013075"
JSON: Final = {"content-type": "application/json"}


def ask(port: int, requests: Sequence[bytes]) -> Sent:
    """One after the other. Errors: SendFailed."""
    return send(Plan(ports=[port], connections=1, requests=list(requests), success=SUCCESS))


def mixed(hundreds: int, *, turn: int, token: str, looked: Sequence[str], handed: Sequence[str]) -> list[bytes]:
    """So many hundreds of calls as KINDS has them, spread evenly; orders of one turn have numbers of their own.

    `looked` are codes that are only checked, `handed` those that are used up, one for each consume.
    """
    first, many = orders.NUMBER_FIRST + turn * TURN, {kind.call: hundreds * kind.per_100 for kind in KINDS}
    of_call: dict[str, Iterator[bytes]] = {
        "POST /api/iot/kd/get/can/save/box/": cycle(free_boxes(1)),
        "POST /api/iot/device/box/list/": cycle(box_lists(1)),
        "GET /api/orders/pick_up_code/check/": cycle(checks(token, looked)),
        "POST /api/orders/pick_up_code/consume/": iter(consumes(token, handed)),
        "POST /dtc/logistics/inOrder": inbounds(first, many["POST /dtc/logistics/inOrder"]),
        "POST /dtc/logistics/outOrder": iter(
            orders.requests(WORKLOADS["hongxun"], first=first, count=many["POST /dtc/logistics/outOrder"])
        ),
        "POST /dtc/esboms/stockQuery": cycle(stock_queries(first, STOCK_QUERIES)),
        "POST /cloud.api": iter(orders.requests(WORKLOADS["ovopark"], first=first, count=many["POST /cloud.api"])),
        "GET /client/consignment": cycle(birdsystem_reads(1)),
        "POST /client/consignment": cycle(orders.requests(WORKLOADS["birdsystem"], first=first, count=1)),
    }
    hundred = [kind.call for kind in KINDS for _ in range(kind.per_100)]
    random.Random(hundreds).shuffle(hundred)
    return [next(of_call[call]) for _ in range(hundreds) for call in hundred]


def first(start: int) -> list[bytes]:
    """A few of each partner who needs no log-in: what a house has answered before it is called warm."""
    number = orders.NUMBER_FIRST + start * FIRST_CALLS
    return [
        *orders.requests(WORKLOADS["birdsystem"], first=number, count=FIRST_CALLS),
        *birdsystem_reads(FIRST_CALLS),
        *stock_queries(number, FIRST_CALLS),
        *orders.requests(WORKLOADS["ovopark"], first=number, count=FIRST_CALLS),
        *box_lists(FIRST_CALLS),
        *free_boxes(FIRST_CALLS),
    ]


def birdsystem_reads(count: int) -> list[bytes]:
    """GET /client/consignment: a page of the newest."""
    key = orders.credential("birdsystem")["key"]
    return [get("/client/consignment?limit=20", {"api_key": key, "company_id": "36"})] * count


def inbounds(first: int, count: int) -> Iterator[bytes]:
    """POST /dtc/logistics/inOrder: one line, announced once each."""
    for number in range(first, first + count):
        yield hongxun(
            "/dtc/logistics/inOrder",
            {
                "customerNumber": f"RK{number:016d}",
                "documentType": "10",
                "supplierCode": "V0331",
                "supplierName": "演示供应商",
                "inventoryCode": "WH-GZ01",
                "inventoryName": "广州一号仓",
                "subbaseCode": "OWN-A",
                "subbaseName": "演示货主A",
                "productList": [
                    {
                        "customerLineNumber": "10",
                        "customerProductCode": orders.sku(number % orders.GOODS),
                        "customerProductDescription": "测试商品",
                        "quantity": 10,
                    }
                ],
            },
        )


def stock_queries(first: int, count: int) -> Iterator[bytes]:
    """POST /dtc/esboms/stockQuery: three products."""
    for number in range(first, first + count):
        yield hongxun(
            "/dtc/esboms/stockQuery",
            {
                "inventoryCode": "WH-GZ01",
                "subbaseCode": "OWN-A",
                "productCodeList": [orders.sku((number + good) % orders.GOODS) for good in range(3)],
                "pageSize": 50,
                "pageNum": 1,
            },
        )


def box_lists(count: int) -> list[bytes]:
    return [bestwond_call("/api/iot/device/box/list/", {})] * count


def free_boxes(count: int) -> list[bytes]:
    return [bestwond_call("/api/iot/kd/get/can/save/box/", {"box_size": "S"})] * count


def checks(token: str, keys: Sequence[str]) -> list[bytes]:
    """GET …/pick_up_code/check/: nothing changes, so a code may be asked for again."""
    return [get(f"/api/orders/pick_up_code/check/?key={key}", _staff(token)) for key in keys]


def consumes(token: str, keys: Sequence[str]) -> list[bytes]:
    """POST …/pick_up_code/consume/: each code once."""
    return [
        orders.post("/api/orders/pick_up_code/consume/", _staff(token) | JSON, json.dumps({"key": key}))
        for key in keys
    ]


def token_of(port: int) -> str:
    """Of the manager of SHOP-12, who logs in."""
    connection = HTTPConnection("127.0.0.1", port)
    said = json.dumps({"username": "xxx", "password": "yyy"})
    connection.request("POST", "/api/shops/staff_login/", said, JSON)
    token = json.loads(connection.getresponse().read())["token"]
    connection.close()
    return str(token)


def hongxun(path: str, request: dict[str, Any]) -> bytes:
    """Signed; good for ten minutes."""
    known = orders.credential("hongxun")
    timestamp = (datetime.now(UTC) + HONGXUN_UTC_OFFSET).strftime("%Y-%m-%d %H:%M:%S")
    create_by, data_source = known["key"].split("&")
    text = json.dumps(request, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    signed = f"{known['key']}&{text}&{known['secret']}&{timestamp}"
    envelope = {
        "createBy": create_by,
        "dataSource": data_source,
        "sign": md5(signed.encode()).hexdigest(),
        "timestamp": timestamp,
        "request": request,
    }
    return orders.post(path, JSON, json.dumps(envelope, ensure_ascii=False, separators=(",", ":")))


def bestwond_call(path: str, fields: dict[str, Any]) -> bytes:
    known = orders.credential("bestwond")
    body = {
        "app_id": known["key"],
        "timestamps": int(datetime.now(UTC).timestamp()),
        "device_number": CABINET,
        **fields,
    }
    sign = bestwond.sign(body, known["secret"])
    return orders.post(f"{path}?sign={sign}", JSON, json.dumps(body))


def get(path: str, headers: dict[str, str]) -> bytes:
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"GET {path} HTTP/1.1\r\nhost: bench\r\n{head}\r\n".encode()


def _staff(token: str) -> dict[str, str]:
    return {"authorization": f"stafftoken {token}"}
