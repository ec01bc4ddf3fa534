"""POST Post-Pending-Consignment-With-Products-Json and its alias through the front door."""

import asyncio
import base64
from io import BytesIO

import pypdf
import pypdfium2
import pytest
import zxingcpp

from crossdock.dialects.birdsystem import goods, parcels
from crossdock.dialects.birdsystem.submitting import CONSIGNMENTS_MAX
from tests.dialects.birdsystem.calls import NIKE, PARCEL, PHONE, Erp, failure

BATCH = "/client/Consignment/Post-Pending-Consignment-With-Products-Json"
CLIENTS_OWN = "/client/consignment/batch-create-client-direct-consignment"
DOTS_PER_POINT = 203 / 72
"""Of common label printers."""
RECIPIENT = {
    "contact": "Alex Sample",
    "address_line1": "3, Example Close",
    "city": "Southport",
    "county": "Merseyside",
    "post_code": "PR9 0ZZ",
    "country_iso": "GB",
    "telephone": "01632 960123",
}
LOCAL = RECIPIENT | {
    "delivery_service_id": str(PARCEL),
    "type": "LOCAL",
    "products": [{"id": NIKE, "quantity": 1, "sales_price": "10"}, {"client_sku": "IP-XX3355", "quantity": 5}],
}
COLA = {
    "name": "cola",
    "name_cn": "可乐",
    "client_ref": "47-1",
    "price": 14,
    "weight": 10,
    "quantity": 2,
    "product_customs_property": ["其它"],
}
AGENT = RECIPIENT | {"delivery_service_id": 6102, "type": "AGENT_DIRECT", "products": [COLA]}
CUP = {"name": "cup", "commodity_code": "6911100000", "quantity": 3, "price": "2", "origin_country_iso": "CN"}
PACKAGE = {"reference": "box 1", "length": 40, "width": 30, "depth": "20.5", "weight": "1.25", "products": [CUP]}
CLIENT = RECIPIENT | {
    "delivery_service_id": 6103,
    "delivery_package_size_id": 617,
    "sender_contact": "Robin Sample",
    "packages": [PACKAGE, PACKAGE | {"reference": None, "weight": 2}],
}


async def post(erp: Erp, *elements, path=BATCH, **rest):
    return await erp.call("POST", path, json=list(elements), **rest)


async def placed(erp: Erp, *elements, path=BATCH, **rest):
    answer = await post(erp, *elements, path=path, **rest)
    assert answer["success"], answer
    assert list(answer) == ["data", "success", "moduleName"]
    assert [await erp.find(id=row["id"]) for row in answer["data"]] == [[row] for row in answer["data"]]
    return answer["data"]


async def lines(erp: Erp, row, kind="Consignment-Product"):
    return (await erp.call("GET", f"/client/{kind}", params={"consignment_id": row["id"]}))["data"]


async def test_several_are_placed_and_handed_over(world):
    erp = Erp(world.client)
    await world.stock("00131031", 1)
    await world.stock("IP-XX3355", 9)

    first, second = await placed(erp, LOCAL, LOCAL | {"sales_reference": "2"})

    assert [(row["status"], row["stock_status"]) for row in (first, second)] == [
        ("PENDING", "ORI_AND_DES_STOCK_ENOUGH"),
        ("PENDING", "STOCK_NOT_ENOUGH"),
    ]
    assert (first["consignment_product_quantity"], second["sales_reference"]) == ("6", "2")
    assert [(line["product_id"], line["quantity"], line["sales_price"]) for line in await lines(erp, first)] == [
        (NIKE, "1", "10"),
        (2989353, "5", None),
    ]
    await world.verified()


async def test_a_single_object_by_put_with_the_type_beside_it(world):
    erp = Erp(world.client)
    element = {name: value for name, value in LOCAL.items() if name != "type"}
    for query, element_type, expected in (("local", None, "LOCAL"), ("direct", "LOCAL", "LOCAL")):
        answer = await erp.call("PUT", BATCH, params={"type": query}, json=element | {"type": element_type})
        assert answer["data"][0]["type"] == expected


async def test_a_service_and_a_country_by_name_a_product_by_reference(world):
    erp = Erp(world.client)
    element = LOCAL | {
        "delivery_service_id": "",
        "delivery_service_name": "飞鸟小包",
        "country_iso": "",
        "country_name": "United Kingdom",
        "products": [{"reference": "P-7001", "quantity": 1}, {"id": PHONE, "quantity": 2}],
    }
    [row] = await placed(erp, element)
    assert (row["delivery_service_id"], row["country_iso"]) == (PARCEL, "GB")
    assert [(line["product_id"], line["quantity"]) for line in await lines(erp, row)] == [(PHONE, "3")]


@pytest.mark.parametrize("type_", ["DIRECT", "RETURN"])
async def test_other_types_of_stocked_goods(world, type_):
    erp = Erp(world.client)
    how = {"delivery_service_id": 6101} if type_ == "DIRECT" else {"return_consignment_action-id": 92}
    left_out = ("delivery_service_id", *(("address_line1", "city", "post_code") if type_ == "RETURN" else ()))
    element = {name: value for name, value in LOCAL.items() if name not in left_out}
    [row] = await placed(erp, element | how | {"type": type_})
    assert (row["type"], row["status"]) == (type_, "PENDING")


@pytest.mark.parametrize(("status", "expected"), [(None, "FINISHED"), ("", "FINISHED"), ("pending", "PENDING")])
async def test_the_clients_own_labels_finish_it(world, status, expected):
    erp = Erp(world.client)
    [row] = await placed(erp, AGENT | {"status": status})
    assert (row["status"], row["stock_status"], row["total_weight"]) == (expected, None, 20)
    assert (row["finish_time"] is not None) == (expected == "FINISHED")
    [line] = await lines(erp, row, "Agent-Direct-Consignment-Product")
    assert (line["product_name"], line["client_ref"], line["quantity"], line["price_customs_export"]) == (
        "cola",
        "47-1",
        "2",
        "14.000",
    )
    assert await world.rows("SELECT count(*) FROM stock_move") == [(0,)]
    await world.verified()


@pytest.mark.parametrize("path", [BATCH + "?type=client_direct", CLIENTS_OWN])
async def test_packages_in_centimetres_and_kilograms(world, path):
    erp = Erp(world.client)
    [row] = await placed(erp, CLIENT, path=path)
    assert (row["type"], row["status"], row["stock_status"]) == ("CLIENT_DIRECT", "PENDING", None)
    assert (row["delivery_package_size_id"], row["sender_contact"]) == (617, "Robin Sample")
    assert (row["total_weight"], row["total_volume"]) == (3250, "49200000.00")
    assert (row["consignment_product_quantity"], row["consignment_product_reference"]) == ("6", None)
    found = await lines(erp, row, "Consignment-Parcel-Piece")
    assert [(one["serial"], one["reference"], one["weight"], one["length"], one["depth"]) for one in found] == [
        ("0", "box 1", "1250.00", "400.00", "205.00"),
        ("1", None, "2000.00", "400.00", "205.00"),
    ]
    said = await world.rows("SELECT sku, quantity, partner_fields ->> 'package' FROM order_line ORDER BY line_no")
    assert said == [("6911100000", 3, "0"), ("6911100000", 3, "1")]
    await world.verified()


REFUSED = [
    (LOCAL | {"contact": ""}, "Value is required and can't be empty: contact"),
    (LOCAL | {"address_line1": None}, "Value is required and can't be empty: address_line1"),
    (LOCAL | {"post_code": " "}, "Value is required and can't be empty: post_code"),
    (LOCAL | {"type": "FBA"}, "Invalid value for type"),
    (LOCAL | {"country_iso": "", "country_name": "Atlantis"}, "Invalid value for country_name"),
    (LOCAL | {"delivery_service_id": ""}, "Value is required and can't be empty: delivery_service_id"),
    (
        LOCAL | {"delivery_service_id": None, "delivery_service_name": "x"},
        "Cannot find expected delivery service, please verify the according option.",
    ),
    (
        LOCAL | {"delivery_service_id": 6101},
        "Cannot find expected delivery service, please verify the according option.",
    ),
    (LOCAL | {"products": []}, "Value is required and can't be empty: products"),
    (LOCAL | {"products": {"id": NIKE}}, "Invalid value for products"),
    (LOCAL | {"products": [7]}, "Invalid value for products"),
    (LOCAL | {"products": [{"quantity": 1}]}, "Value is required and can't be empty: id"),
    (LOCAL | {"products": [{"id": NIKE}]}, "Value is required and can't be empty: quantity"),
    (LOCAL | {"products": [{"id": NIKE, "quantity": 0}]}, "Invalid value for quantity"),
    (LOCAL | {"products": [{"id": 2989, "quantity": 1}]}, "Product with id 2989 does not belong to you."),
    (LOCAL | {"products": [{"client_sku": "X-1", "quantity": 1}]}, "Product with id X-1 does not belong to you."),
    (LOCAL | {"type": "RETURN"}, "Value is required and can't be empty: return_consignment_action-id"),
    (
        {**LOCAL, "type": "RETURN", "delivery_service_id": "", "return_consignment_action-id": 93},
        "Invalid value for return_consignment_action-id",
    ),
    (AGENT | {"products": [COLA | {"name": ""}]}, "Value is required and can't be empty: product_name"),
    (AGENT | {"products": [COLA | {"client_ref": "x" * 256}]}, "Invalid value for client_ref"),
    (
        AGENT | {"products": [COLA | {"product_customs_property": []}]},
        "Value is required and can't be empty: product_customs_property",
    ),
    (CLIENT | {"type": "CLIENT_DIRECT", "packages": None}, "Value is required and can't be empty: packages"),
    (
        CLIENT | {"type": "CLIENT_DIRECT", "packages": [PACKAGE | {"weight": ""}]},
        "Value is required and can't be empty: weight",
    ),
    (
        CLIENT | {"type": "CLIENT_DIRECT", "packages": [PACKAGE | {"products": [CUP | {"name": ""}]}]},
        "Value is required and can't be empty: name",
    ),
    (LOCAL | {"returnLabel": "1"}, "Invalid value for returnLabel"),
]


@pytest.mark.parametrize(("element", "text"), REFUSED)
async def test_one_wrong_element_leaves_nothing_behind(world, element, text):
    erp = Erp(world.client)
    await world.stock("00131031", 5)
    await world.stock("IP-XX3355", 20)
    good = LOCAL | {"custom_identity_reference": "C-1"}

    assert await post(erp, good, element, good | {"custom_identity_reference": "C-2"}) == failure(text)
    assert await erp.find() == []
    assert await world.rows("SELECT count(*) FROM order_reference") == [(0,)]
    assert await world.rows("SELECT sum(allocated)::int FROM stock") == [(0,)]
    await placed(erp, good)


async def test_an_inactive_product_late_in_a_batch_rolls_all_back(world):
    erp = Erp(world.client)
    async with world.desk.database.transaction() as tx:
        await tx.execute("UPDATE product SET active = false WHERE id = %(id)s", id=PHONE)
    answer = await post(erp, AGENT, LOCAL, LOCAL | {"products": [{"id": PHONE, "quantity": 1}]})
    assert answer == failure(f"Product with id {PHONE} is not active.")
    assert await erp.find() == []


async def test_a_reference_is_used_once(world):
    erp = Erp(world.client)
    one = LOCAL | {"custom_identity_reference": "ERP-10001"}
    duplicate = failure("Duplicate consignment identity reference [ERP-10001]")

    assert await post(erp, one, one) == duplicate
    assert await erp.find() == []
    await placed(erp, one)
    assert await post(erp, LOCAL, one) == duplicate
    assert len(await erp.find()) == 1


async def test_ten_at_once_with_one_reference(world):
    erps = [Erp(world.client) for _ in range(10)]
    answers = await asyncio.gather(*(post(erp, LOCAL | {"custom_identity_reference": "C-1"}) for erp in erps))
    assert sorted(answer["success"] for answer in answers) == [False] * 9 + [True]
    assert len(await erps[0].find()) == 1


def read_label(label: str) -> tuple[list[str], list[str]]:
    """Its pages' text, and what a scanner reads from each."""
    paper = base64.b64decode(label, validate=True)
    pictures = [page.render(scale=DOTS_PER_POINT).to_pil() for page in pypdfium2.PdfDocument(paper)]
    codes = [code.text for picture in pictures for code in zxingcpp.read_barcodes(picture)]
    return [page.extract_text() for page in pypdf.PdfReader(BytesIO(paper)).pages], codes


@pytest.mark.parametrize("flag", ["1", "true"])
async def test_the_label_comes_with_the_row(world, flag):
    erp = Erp(world.client)
    answer = await post(erp, LOCAL | {"custom_identity_reference": "ERP-10001"}, params={"returnLabel": flag})
    [row] = answer["data"]
    [text], codes = read_label(row.pop("label"))
    assert codes == [str(row["id"])] * 2, "as bars and as QR"
    lines = ["Alex Sample", "3, Example Close", "Southport Merseyside PR9 0ZZ", "UNITED KINGDOM", "ERP-10001"]
    assert [line for line in text.splitlines() if line in lines] == lines
    assert {"飞鸟小包", "广州一号仓", "WH-GZ01"} <= set(text.splitlines())
    assert await erp.find(id=row["id"]) == [row]


async def test_a_label_has_a_page_for_each_parcel_and_its_sender(world):
    [row] = await placed_labelled(Erp(world.client), CLIENT | {"type": "CLIENT_DIRECT", "returnLabel": "1"})
    pages, codes = read_label(row["label"])
    assert codes == [str(row["id"])] * 4, "as bars and as QR"
    assert [line for page in pages for line in page.splitlines() if " / " in line] == ["1 / 2", "2 / 2"]
    assert all("Robin Sample" in page and "WH-GZ01" not in page for page in pages)


async def test_a_return_is_addressed_to_the_warehouse(world):
    element = RECIPIENT | {"type": "RETURN", "return_consignment_action-id": 92, "products": LOCAL["products"]}
    [row] = await placed_labelled(Erp(world.client), element)
    [text], _ = read_label(row["label"])
    assert text.index("Alex Sample") < text.index("广州一号仓")


async def placed_labelled(erp: Erp, element):
    return (await post(erp, element, params={"returnLabel": "1"}))["data"]


async def test_labels_are_for_one_consignment(world):
    erp = Erp(world.client)
    await placed(erp, LOCAL, LOCAL, params={"returnLabel": "0"})
    assert await post(erp, LOCAL, LOCAL, params={"returnLabel": "1"}) == failure("Invalid value for returnLabel")
    assert await post(erp, LOCAL, params={"returnLabel": "2"}) == failure("Invalid value for returnLabel")
    assert len(await erp.find()) == 2


@pytest.mark.parametrize("body", [b"[]", b"[7]", b'["x"]', b"7"])
async def test_bodies_without_consignments(world, body):
    erp = Erp(world.client)
    headers = {"api_key": "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "company_id": "36", "content-type": "application/json"}
    assert await erp.call("POST", BATCH, headers=headers, content=body) == failure("Invalid value for body")


async def test_how_many_one_call_may_hold(world):
    erp = Erp(world.client)
    wrong = {"type": "x"}
    assert await post(erp, *[wrong] * CONSIGNMENTS_MAX) == failure("Invalid value for type")
    assert await post(erp, *[wrong] * (CONSIGNMENTS_MAX + 1)) == failure("Invalid value for body")


async def test_how_many_lines_and_packages_one_consignment_may_have(world):
    erp = Erp(world.client)
    line = {"id": NIKE, "quantity": 1}
    assert (await post(erp, LOCAL | {"products": [line] * goods.LINES_MAX}))["success"]
    assert await post(erp, LOCAL | {"products": [line] * (goods.LINES_MAX + 1)}) == failure(
        "Invalid value for products"
    )
    few = PACKAGE | {"products": [CUP] * (goods.LINES_MAX // parcels.PACKAGES_MAX)}
    for packages, text in (
        ([PACKAGE] * (parcels.PACKAGES_MAX + 1), "Invalid value for packages"),
        ([PACKAGE | {"products": [CUP] * goods.LINES_MAX}, PACKAGE], "Invalid value for products"),
    ):
        assert await post(erp, CLIENT | {"packages": packages}, path=CLIENTS_OWN) == failure(text)
    assert (await post(erp, CLIENT | {"packages": [few] * parcels.PACKAGES_MAX}, path=CLIENTS_OWN))["success"]


async def test_a_list_is_no_body_for_other_calls(world):
    erp = Erp(world.client)
    assert await erp.call("POST", "/client/consignment", json=[LOCAL]) == failure("Invalid value for body")
