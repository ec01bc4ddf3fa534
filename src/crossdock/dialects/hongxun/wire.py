"""Bodies and answers of the served calls, member for member as printed; spelling mistakes are the vendor's."""

from collections.abc import Container
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from crossdock.base import json
from crossdock.core.orders.model import Kind
from crossdock.dialects.hongxun import words
from crossdock.dialects.hongxun.canonical import Number
from crossdock.dialects.hongxun.fields import (
    CODE_CHARS_MAX,
    ILL_TYPED,
    NAME_CHARS_MAX,
    NOT_ALLOWED,
    REMARK_CHARS_MAX,
    TIME_SHAPE,
    Reader,
    Text,
)

BODY_BYTES_MAX = 8 * 1024 * 1024
"""Pictures come as base64 in the body."""
LINES_MAX = 10_000
"""Of one order; ours, so that one transaction stays short."""
PIECES_MAX = 2**31 - 1
"""Of one line: the pages say integer, their clients are Java."""
PRODUCT_CODES_MAX = 10_000
"""Of one stock query; ours, as LINES_MAX."""
PAGE_ROWS_MAX = 500
PAGES_MAX = 1_000_000

_REMARKS: Final = tuple(Text(name, REMARK_CHARS_MAX) for name in ("remark", *(f"ext{n}" for n in range(1, 11))))
_PLACE: Final = (
    Text("inventoryCode", required=True),
    Text("inventoryName", NAME_CHARS_MAX, required=True),
    Text("subbaseCode", required=True),
    Text("subbaseName", NAME_CHARS_MAX, required=True),
)
CONSIGNEE: Final = (
    Text("contact", NAME_CHARS_MAX, required=True),
    Text("mobile", required=True),
    Text("provinceName", NAME_CHARS_MAX, required=True),
    Text("cityName", NAME_CHARS_MAX, required=True),
    Text("areaName", NAME_CHARS_MAX, required=True),
    Text("streetName", REMARK_CHARS_MAX),
    Text("addressDetail", REMARK_CHARS_MAX, required=True),
)
"""Who gets the goods; none of it is required where `customerCode` names one that 收货用户同步 told us of."""
IN_ORDER: Final = (
    Text("customerNumber", required=True),
    Text("documentType", required=True),
    Text("supplierCode"),
    Text("supplierName", NAME_CHARS_MAX),
    *_PLACE,
    Text("planArriveTime"),
    Text("customerReferenceNumber"),
    Text("associatedOrder"),
    Text("carrierName", NAME_CHARS_MAX),
    Text("mailno"),
    *_REMARKS,
)
"""`request` of 入库单创建."""
OUT_ORDER: Final = (
    Text("customerNumber", required=True),
    Text("documentType", required=True),
    *_PLACE,
    Text("customerCode"),
    Text("customerName", NAME_CHARS_MAX),
    *CONSIGNEE,
    Text("planDeliveryTime"),
    Text("transportType"),
    Text("customerReferenceNumber"),
    *_REMARKS,
)
"""`request` of 出库单创建."""
INNER_ORDER: Final = (
    Text("customerNumber", required=True),
    Text("documentType", required=True),
    Text("supplierCode"),
    Text("supplierName", NAME_CHARS_MAX),
    *_PLACE,
    Text("targetInventoryCode", required=True),
    Text("targetInventoryName", NAME_CHARS_MAX),
    Text("targetSubbaseCode", required=True),
    Text("targetSubbaseName", NAME_CHARS_MAX),
    Text("customerReferenceNumber"),
    *_REMARKS,
)
"""`request` of 物权单创建."""
TMS_ORDER: Final = (
    Text("customerNumber", required=True),
    Text("documentType", required=True),
    *_PLACE,
    Text("customerCode", required=True),
    Text("customerName", NAME_CHARS_MAX, required=True),
    *CONSIGNEE,
    Text("senderContact", NAME_CHARS_MAX),
    Text("senderMobile"),
    Text("senderProvinceName", NAME_CHARS_MAX),
    Text("senderCityName", NAME_CHARS_MAX),
    Text("senderAreaName", NAME_CHARS_MAX),
    Text("senderAddressDetail", REMARK_CHARS_MAX),
    Text("planPickTime"),
    Text("planDeliveryTime"),
    Text("transportMode"),
    Text("customerReferenceNumber"),
    *_REMARKS,
)
"""`request` of 运输单创建."""
ORDERS: Final[dict[Kind, tuple[Text, ...]]] = {
    "inbound": IN_ORDER,
    "outbound": OUT_ORDER,
    "transfer": INNER_ORDER,
    "transport": TMS_ORDER,
}
PLANNED: Final = ("planArriveTime", "planDeliveryTime", "planPickTime")
TOTALS: Final = ("totalQuantity", "totalWeight", "totalVolume")
"""Of a transport order, as its customer adds them up; kept, never reckoned with."""
LINE: Final = (
    Text("customerLineNumber", required=True),
    Text("customerProductCode", required=True),
    Text("customerProductDescription", NAME_CHARS_MAX),
    Text("productData"),
    Text("validPeriod"),
    Text("productBatchNumber"),
    Text("specialInventoryFlag"),
    Text("associatedOrder"),
    Text("relatedItems"),
    Text("ebeln"),
    Text("ebelp"),
    Text("remark", REMARK_CHARS_MAX),
    Text("vinNum"),
)
"""The product line every order shares, less `quantity` and the Double members."""
LINE_DOUBLES: Final = ("unitWeight", "singlePieceVolume")
TRANSPORT_TYPES: Final = frozenset({"10", "20"})
"""`transportType` of an outbound order, and `transportMode` of a transport order."""
PRODUCT_CODE: Final = "customerProductCode"


class Call(Struct, frozen=True, kw_only=True):
    """The signed part of a request."""

    request: Any
    """Parsed."""
    text: str
    """As it was signed."""


class Line(Struct, frozen=True, kw_only=True):
    number: str
    product_code: str
    product_name: str
    batch_number: str
    inventory_status: str
    """Empty when the line does not say."""
    quantity: int


class OrderBody(Struct, frozen=True, kw_only=True):
    """`texts` holds every documented text member of the call, empty where absent."""

    texts: dict[str, str]
    lines: tuple[Line, ...]
    members: dict[str, Any]
    """All of it as sent, the lines under `productList`; documented texts that came as numbers are texts."""


class StockQuery(Struct, frozen=True, kw_only=True):
    inventory_code: str
    subbase_code: str
    product_codes: tuple[str, ...]
    """None named means all."""
    page_size: int
    page_num: int


def order_body(request: Any, kind: Kind, *, consignee_known: bool = False) -> OrderBody:
    """`request` of a call that creates an order of this kind. Errors: FieldsInvalid."""
    reader = object_reader(request)
    fields = ORDERS[kind]
    members = reader.kept() | reader.literals(fields)
    if consignee_known:
        fields = tuple(replace(field, required=False) if field in CONSIGNEE else field for field in fields)
    texts = reader.texts(fields)
    _one_of(reader, "documentType", texts["documentType"], words.DOCUMENT_TYPES[kind])
    for name in ("transportType", "transportMode"):
        _one_of(reader, name, texts.get(name, ""), TRANSPORT_TYPES)
    for name in PLANNED:
        if (planned := texts.get(name)) and words.local_time(planned) is None:
            reader.complain(name, TIME_SHAPE)
    if kind == "transport":
        for name in TOTALS:
            reader.numeric(name)
    if kind == "transfer":
        _same_house(reader, texts)
    sent = reader.objects("productList", entries_max=LINES_MAX)
    lines = tuple(map(_line, sent))
    _number_once(sent, lines)
    reader.finish()
    members["productList"] = [
        kept | line.literals(LINE) for kept, line in zip(members["productList"], sent, strict=True)
    ]
    return OrderBody(texts=texts, lines=lines, members=members)


def customer_code(request: Any) -> str:
    """Before the body is read: it says what else the body must have. Empty for what is no code."""
    code = request.get("customerCode") if isinstance(request, dict) else None
    text = code.literal if isinstance(code, Number) else code
    return text if isinstance(text, str) and len(text) <= CODE_CHARS_MAX and text.isprintable() else ""


def stock_query(request: Any) -> StockQuery:
    """`request` of 库存查询. Errors: FieldsInvalid."""
    reader = object_reader(request)
    reader.kept()
    query = StockQuery(
        inventory_code=reader.text("inventoryCode", required=True),
        subbase_code=reader.text("subbaseCode", required=True),
        product_codes=_product_codes(reader),
        page_size=reader.whole("pageSize", low=1, high=PAGE_ROWS_MAX, reason=f"必须为1到{PAGE_ROWS_MAX}的整数"),
        page_num=reader.whole("pageNum", low=1, high=PAGES_MAX, reason=f"必须为1到{PAGES_MAX}的整数"),
    )
    reader.finish()
    return query


def object_reader(request: Any) -> Reader:
    """`request` of a call that takes an object. Errors: FieldsInvalid where an array stands for it."""
    outer = Reader({})
    if not isinstance(request, dict):
        outer.complain("request", ILL_TYPED)
        outer.finish()
    return Reader(request, "request")


def answer(value: dict[str, Any] | None, *, code: int = 200, message: str = "响应成功") -> bytes:
    """The envelope of every answer; without a value the member is left out."""
    body: dict[str, Any] = {"code": code, "message": message, "flag": code == 200}
    return json.encode(body if value is None else body | {"value": value})


def _line(reader: Reader) -> Line:
    texts = reader.texts(LINE)
    for name in LINE_DOUBLES:
        reader.numeric(name)
    quantity = reader.whole("quantity", low=1, high=PIECES_MAX, reason="必须为正整数")
    status = reader.text("inventoryStatus")
    _one_of(reader, "inventoryStatus", status, words.CONDITIONS)
    if texts["vinNum"] and quantity != 1:
        reader.complain("quantity", "整车必须为1")
    return Line(
        number=texts["customerLineNumber"],
        product_code=texts["customerProductCode"],
        product_name=texts["customerProductDescription"],
        batch_number=texts["productBatchNumber"],
        inventory_status=status,
        quantity=quantity,
    )


def _same_house(reader: Reader, texts: dict[str, str]) -> None:
    """The owner changes, the place does not."""
    if texts["targetInventoryCode"] and texts["targetInventoryCode"] != texts["inventoryCode"]:
        reader.complain("targetInventoryCode", "必须与inventoryCode一致")
    if texts["targetSubbaseCode"] and texts["targetSubbaseCode"] == texts["subbaseCode"]:
        reader.complain("targetSubbaseCode", "不能与subbaseCode相同")


def _number_once(sent: list[Reader], lines: tuple[Line, ...]) -> None:
    seen: set[str] = set()
    for reader, line in zip(sent, lines, strict=True):
        if line.number and line.number in seen:
            reader.complain("customerLineNumber", "重复")
        seen.add(line.number)


def _one_of(reader: Reader, name: str, value: str, allowed: Container[str]) -> None:
    if value and value not in allowed:
        reader.complain(name, NOT_ALLOWED)


def _product_codes(reader: Reader) -> tuple[str, ...]:
    entries = reader.array("productCodeList", entries_max=PRODUCT_CODES_MAX, required=False)
    return tuple(_product_code(reader, index, entry) for index, entry in enumerate(entries))


def _product_code(reader: Reader, index: int, entry: Any) -> str:
    """An object of one member whatever its name, or a plain text: the page shows objects and not what is in them."""
    members = entry if isinstance(entry, dict) else {PRODUCT_CODE: entry}
    filled = {name: member for name, member in members.items() if member is not None}
    if PRODUCT_CODE not in filled and len(filled) == 1:
        (filled[PRODUCT_CODE],) = filled.values()
    return reader.inner(f"productCodeList[{index}]", filled).text(PRODUCT_CODE, required=True)
