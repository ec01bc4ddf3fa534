"""A number where a text is declared is told as it was written."""

import json
from typing import Any

from tests.dialects.hongxun.samples import sample, sign
from tests.dialects.hongxun.test_calls import OUT_ORDER, on_record, out_order, post
from tests.dialects.hongxun.test_carriers import ROUTING
from tests.dialects.hongxun.test_confirms import told
from tests.world import World


def printed(request: Any) -> str:
    """Sorted, as it is signed; a text between two @ is written as a number."""
    text = json.dumps(request, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.replace('"@', "").replace('@"', "")


async def test_numbers_keep_their_literals_from_the_order_to_the_signature(world: World) -> None:
    await world.stock("P-7001", 2)
    line = out_order()["productList"][0]
    line |= {"ebeln": "@1E+3@", "ebelp": "@10.10@", "relatedItems": "@100.00@", "customerLineNumber": "@1.0@"}
    request = out_order(ext8="@8.80@", productList=[line])
    body = sign(request, write=printed) | {"request": printed(request)}
    assert (await post(world, OUT_ORDER, body))["flag"] is True

    order, _ = await on_record(world, "outbound", "CK2024080200101")
    await world.ship(order.id, tracking_number="DEMO000123456")
    await post(world, ROUTING, sample("8.28"))
    pushes = dict(await told(world, order.id))

    assert pushes["signInfoPush"]["ext8"] == "8.80"
    for push in ("outOrderConfirm", "signInfoPush"):
        [said] = pushes[push]["productList"]
        assert {name: said[name] for name in ("customerLineNumber", "ebeln", "ebelp", "relatedItems")} == {
            "customerLineNumber": "1.0",
            "ebeln": "1E+3",
            "ebelp": "10.10",
            "relatedItems": "100.00",
        }
