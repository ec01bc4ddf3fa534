"""The orders that are placed, as bytes ready for a socket. Keys and secrets are those of examples/demo.toml."""

import json
import random
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import md5
from typing import Any, Final
from urllib.parse import urlencode

from msgspec import Struct

from bench.machine import ROOT

DEMO: Final = ROOT / "examples" / "demo.toml"
GOODS: Final = 1_000
"""Products with plenty of stock, made for the measurement: BENCH-100000 and on."""
NUMBER_FIRST: Final = 1_000_000_000_000_000
"""Order numbers have 16 digits, as the server's own."""
HONGXUN_UTC_OFFSET: Final = timedelta(hours=8)


class Workload(Struct, frozen=True, kw_only=True):
    name: str
    dialect: str
    """Whose call places the order."""
    goods: int
    """How many products the lines are spread over; 0 for an order without lines."""
    success: str
    """What stands in the body of every good answer."""
    table: str = "orders"
    """Of which each call writes one row."""


WORKLOADS: Final = {
    workload.name: workload
    for workload in (
        Workload(name="ovopark", dialect="ovopark", goods=3, success='"codename":"SUCCESS"', table="packing"),
        Workload(name="birdsystem", dialect="birdsystem", goods=0, success='"success":true'),
        Workload(name="hongxun", dialect="hongxun", goods=GOODS, success='"flag":true'),
        Workload(name="hongxun, one product", dialect="hongxun", goods=1, success='"flag":true'),
    )
}

"""Ovopark's are reports of packed orders, each with three kinds of goods."""
STATIONS: Final = 100
"""Benches that pack one after the other; the first is the one with a camera."""
PACKED_S: Final = 45
PAUSE_S: Final = 15
PACKED_FROM: Final = datetime(2024, 1, 1)  # noqa: DTZ001  # as the till's clock shows it


def sku(good: int) -> str:
    return f"BENCH-{100_000 + good}"


def requests(workload: Workload, *, first: int, count: int, lines: int = 1) -> list[bytes]:
    """Whole HTTP requests, each with an order number of its own from `first` on; `lines` of Hongxun's orders."""
    if workload.dialect == "birdsystem":
        return [_birdsystem()] * count
    if workload.dialect == "ovopark":
        return list(_packings(workload.goods, first=first, count=count))
    return list(_hongxun(workload.goods, first=first, count=count, lines=lines))


def _birdsystem() -> bytes:
    """POST /client/consignment: no number of its own, so one text serves for all."""
    body = urlencode(
        {
            "contact": "Alex Sample",
            "address_line1": "3, Example Close",
            "address_line2": "Marshside",
            "city": "Southport",
            "county": "Merseyside",
            "post_code": "PR9 0ZZ",
            "country_iso": "GB",
            "telephone": "01632 960123",
            "sales_reference": "2",
            "type": "LOCAL",
            "delivery_service_id": "5217",
        }
    )
    headers = {
        "api_key": credential("birdsystem")["key"],
        "company_id": "36",
        "content-type": "application/x-www-form-urlencoded",
    }
    return post("/client/consignment", headers, body)


def _hongxun(goods: int, *, first: int, count: int, lines: int) -> Iterator[bytes]:
    """POST /dtc/logistics/outOrder, signed; good for ten minutes."""
    known = credential("hongxun")
    timestamp = (datetime.now(UTC) + HONGXUN_UTC_OFFSET).strftime("%Y-%m-%d %H:%M:%S")
    request = outbound("@number", *(f"@sku{line}." for line in range(lines)))
    create_by, data_source = known["key"].split("&")
    text = json.dumps(request, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    envelope = {
        "createBy": create_by,
        "dataSource": data_source,
        "sign": "@sign",
        "timestamp": timestamp,
        "request": request,
    }
    signed = f"{known['key']}&{text}&{known['secret']}&{timestamp}"
    sent = json.dumps(envelope, ensure_ascii=False, separators=(",", ":"))
    chance = random.Random(first)
    for number in range(first, first + count):
        skus = {f"@sku{line}.": sku(good) for line, good in enumerate(chance.sample(range(goods), lines))}
        changing = {"@number": f"{number:016d}", **skus}
        sign = md5(_filled(signed, changing).encode()).hexdigest()
        body = _filled(sent, changing | {"@sign": sign})
        yield post("/dtc/logistics/outOrder", {"content-type": "application/json"}, body)


def outbound(number: str, *skus: str) -> dict[str, Any]:
    """Of Hongxun's POST /dtc/logistics/outOrder: one piece of each."""
    return {
        "customerNumber": number,
        "documentType": "20",
        "inventoryCode": "WH-GZ01",
        "inventoryName": "广州一号仓",
        "subbaseCode": "OWN-A",
        "subbaseName": "演示货主A",
        "customerCode": "C10086",
        "customerName": "演示门店",
        "contact": "王演示",
        "mobile": "13900000000",
        "provinceName": "广东省",
        "cityName": "广州市",
        "areaName": "天河区",
        "streetName": "演示街道",
        "addressDetail": "演示路1号",
        "productList": [
            {
                "customerLineNumber": str(line),
                "customerProductCode": sku,
                "customerProductDescription": "测试商品",
                "quantity": 1,
            }
            for line, sku in enumerate(skus, start=1)
        ],
    }


def _packings(goods: int, *, first: int, count: int) -> Iterator[bytes]:
    """POST /cloud.api, open.ovopark.storehouse.sendOrder, signed; good for ten minutes."""
    known = credential("ovopark")
    public = {
        "_aid": known["scope"]["aid"],
        "_akey": known["key"],
        "_format": "json",
        "_mt": "open.ovopark.storehouse.sendOrder",
        "_requestMode": "POST",
        "_sm": "md5",
        "_timestamp": (datetime.now(UTC) + HONGXUN_UTC_OFFSET).strftime("%Y%m%d%H%M%S"),
        "_version": "v2",
        "enterpriseId": "1",
        "orgId": "1",
    }
    for number in range(first, first + count):
        turn, station = divmod(number - NUMBER_FIRST, STATIONS)
        began = PACKED_FROM + timedelta(seconds=turn * (PACKED_S + PAUSE_S))
        ended = began + timedelta(seconds=PACKED_S)
        report = {
            "shopId": "D001",
            "orderNo": f"{number:016d}",
            "userName": "王演示",
            "machineId": f"{station + 1:03d}",
            "startTime": f"{began:%Y-%m-%d %H:%M:%S}",
            "endTime": f"{ended:%Y-%m-%d %H:%M:%S}",
            "orderTime": f"{began:%Y-%m-%d %H:%M:%S}",
            "goods": [
                {"goodsId": sku(good), "goodsPrice": 998, "goodsName": "测试商品", "goodsNums": 1}
                for good in range(goods)
            ],
        }
        sent = public | {"iposJson": json.dumps(report, ensure_ascii=False, separators=(",", ":"))}
        text = "".join(f"{name}{sent[name]}" for name in sorted(sent))
        sign = md5(f"{known['secret']}{text}{known['secret']}".encode()).hexdigest().upper()
        body = urlencode(sent | {"_sig": sign})
        yield post("/cloud.api", {"content-type": "application/x-www-form-urlencoded"}, body)


def _filled(text: str, values: dict[str, str]) -> str:
    for mark, value in values.items():
        text = text.replace(mark, value)
    return text


def post(path: str, headers: dict[str, str], body: str) -> bytes:
    raw = body.encode()
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {path} HTTP/1.1\r\nhost: bench\r\n{head}content-length: {len(raw)}\r\n\r\n".encode() + raw


@cache
def credential(dialect: str) -> dict[str, Any]:
    """The demo account's first one."""
    [account] = tomllib.loads(DEMO.read_text(encoding="utf-8"))["account"]
    return next(one for one in account["credential"] if one["dialect"] == dialect)
