"""What became of orders, in Hongxun's words: the confirms that are pushed, and that a customer may ask for again."""

from collections.abc import Container, Sequence
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from crossdock.base.ids import OrderId
from crossdock.core.events import kinds
from crossdock.core.events.model import Event
from crossdock.core.orders.model import Kind
from crossdock.dialects.hongxun import wire, words
from crossdock.dialects.hongxun.fields import number_of

Request = dict[str, Any]
CANCEL_FAILED: Final = "cancel_failed"
"""`state` of a call-off that was refused."""
LINE: Final = frozenset({"quantity", *wire.LINE_DOUBLES, *(field.name for field in wire.LINE)})
"""The product line every order shares, as 签收信息推送 prints it whole."""
CONFIRMED_LINE: Final = LINE | {"inventoryStatus", "snList", "lpn"}
PLANNED_LINE: Final = CONFIRMED_LINE | {"planQuantity"}
SERIALS: Final = ("sn", "imei1", "imei2", "meid")


class Hearer(Struct, frozen=True, kw_only=True):
    """Who is told: times in their zone, their own name where a push carries it."""

    zone: timezone
    create_by: str = ""


def in_order_confirm(event: Event, hearer: Hearer) -> Request:
    """入库单确认: one batch; without batches the whole order."""
    return _confirm(event, hearer, "inbound")


def out_order_confirm(event: Event, hearer: Hearer) -> Request:
    """出库单确认: as inbound, and the parcels it left in."""
    facts = event.facts
    parcels = facts.get("parcels")
    if parcels is None:  # told before parcels were kept
        parcels = [{"mailno": facts["tracking_number"]}] if facts.get("tracking_number") else []
    carrier = next((parcel["carrier"] for parcel in parcels if parcel.get("carrier")), "")
    return (
        _confirm(event, hearer, "outbound")
        | express_code(facts.get("leg_id"))
        | ({"carrierName": carrier} if carrier else {})
        | ({"packageList": [_package(parcel, facts["lines"]) for parcel in parcels]} if parcels else {})
    )


def in_order_status_confirm(event: Event, hearer: Hearer) -> Request:
    """入库单状态确认(分批回传使用)."""
    return _status_confirm(event, "received")


def out_order_status_confirm(event: Event, hearer: Hearer) -> Request:
    """出库单状态确认(分批回传使用)."""
    return _status_confirm(event, "shipped")


def inner_order_confirm(event: Event, hearer: Hearer) -> Request:
    """物权单确认: one batch always, for the owner changes at once."""
    facts = event.facts
    code = words.downstream_order_code("transfer", _order_id(event))
    return {
        "customerNumber": facts["number"],
        "callbackBatchId": f"{code}-01",
        "downstreamOrderCode": code,
        "documentType": document_type("transfer", facts["type"]),
        "inventoryCode": facts["site"],
        "subbaseCode": facts["sub_inventory"],
        "targetInventoryCode": facts["site"],
        "targetSubbaseCode": facts["target_sub_inventory"],
        "confirmTime": words.printed_time(event.happened_at, hearer.zone),
        "productList": lines(facts["lines"], CONFIRMED_LINE),
    }


def tms_order_confirm(event: Event, hearer: Hearer) -> Request:
    """运输单单确认: when it is dispatched, and when it is over."""
    facts = event.facts
    over = event.kind == kinds.TRANSPORT_FINISHED
    code = words.downstream_order_code("transport", _order_id(event))
    times = {"departTime": facts["departs_at"], "plannedDeliveryDate": facts["planned_at"]}
    return {
        "customerNumber": facts["number"],
        "callbackBatchId": f"{code}-{2 if over else 1:02d}",
        "expressCode": code,
        **({"mailno": ",".join(facts["mailnos"])} if facts["mailnos"] else {}),
        "documentType": document_type("transport", facts["type"]),
        "orderStatus": words.TRANSPORT_STATUSES[facts["state"] if over else "dispatched"],
        **({"carrierName": facts["carrier"]} if facts["carrier"] else {}),
        **({"vehicleNumber": facts["vehicle"]} if facts["vehicle"] else {}),
        **{name: words.printed_time(moment_of(said), hearer.zone) for name, said in times.items() if said},
        "totalQuantity": facts["ordered"],
        "actualQuantity": facts["actual"] if over else facts["ordered"],
        "productList": lines(facts["lines"]),
    }


def cancel_result(event: Event, hearer: Hearer) -> Request:
    """取消结果."""
    facts, kind = event.facts, event.facts["kind"]
    type_ = document_type(kind, facts["type"])
    failed = facts["state"] == CANCEL_FAILED
    return {
        "orderBasicInfo": {
            "documentType": type_,
            "orderStatus": "CANCELEDFAIL" if failed else words.ORDER_STATUSES[facts["state"]],
            "customerNumber": facts["number"],
            **({"cancelBatch": facts["batch_key"]} if facts["batch_key"] else {}),
            "cancelType": "10" if facts["whole"] else "20",
            "cancelTime": words.printed_time(event.happened_at, hearer.zone),
            "reason": facts["reason"],
            "downstreamOrderCode": words.downstream_order_code(kind, _order_id(event)),
        },
        "orderProductList": [
            {
                "customerLineNumber": line["line_key"],
                "customerProductCode": line["sku"],
                "quantity": line["quantity"],
                "cancelQuantity": line["cancelled"],
                "actualQuantity": line["quantity"] - line["cancelled"],
            }
            for line in facts["lines"]
        ],
        "originalDocument": {
            "customerNumber": facts["number"],
            "inventoryCode": facts["site"],
            "subbaseCode": facts["sub_inventory"],
            "documentType": type_,
            "totalQuantity": facts["ordered_before"],
        },
    }


def lines(told: Sequence[dict[str, Any]], members: Container[str] = LINE) -> list[Request]:
    """`productList`, with the members that its page has; what is nought is left out."""
    printed = [_line(line) for line in told if line["quantity"]]
    return [{name: said for name, said in line.items() if name in members} for line in printed]


def express_code(leg_id: int | None) -> Request:
    """Of the transport order that moves it, where there is one."""
    return {} if leg_id is None else {"expressCode": words.downstream_order_code("transport", OrderId(leg_id))}


def moment_of(said: Any) -> datetime:
    """A time as facts keep it."""
    return said if isinstance(said, datetime) else datetime.fromisoformat(said)


def _confirm(event: Event, hearer: Hearer, kind: Kind) -> Request:
    facts = event.facts
    code = words.downstream_order_code(kind, _order_id(event))
    return {
        "customerNumber": facts["number"],
        "callbackBatchId": f"{code}-{facts.get('batch', 1):02d}",
        "downstreamOrderCode": code,
        "documentType": document_type(kind, facts["type"]),
        "inventoryCode": facts["site"] or "",
        "subbaseCode": facts["sub_inventory"] or "",
        "orderStatus": "PARTFULFILLED" if "batch" in facts else "FULFILLED",
        "confirmTime": words.printed_time(event.happened_at, hearer.zone),
        "productList": lines(facts["lines"], PLANNED_LINE),
    }


def _order_id(event: Event) -> OrderId:
    if event.order_id is None:
        raise LookupError(f"event {event.id} names no order")
    return event.order_id


def _status_confirm(event: Event, actual: str) -> Request:
    return {
        "customerNumber": event.facts["number"],
        "orderStatus": "FULFILLED",
        "totalQuantity": event.facts["ordered"],
        "actualQuantity": event.facts[actual],
    }


def document_type(kind: Kind, type_: str) -> str:
    """`documentType`, as the customer sent it; orders of other dialects have another kind of type."""
    return type_ if type_ in words.DOCUMENT_TYPES[kind] else words.DOCUMENT_TYPE_ELSEWHERE[kind]


def _line(line: dict[str, Any]) -> Request:
    """The customer's own line with what was done of it; members that are not filled are left out."""
    sent = line.get("partner_fields") or {}
    texts = {field.name: text for field in wire.LINE if (text := _text(sent.get(field.name)))}
    doubles = {name: number_of(text) for name in wire.LINE_DOUBLES if (text := _text(sent.get(name)))}
    planned = line.get("ordered", _pieces(sent.get("quantity")))
    serials = [{name: unit[name] for name in SERIALS if unit.get(name)} for unit in line.get("units", ())]
    vins = [unit["vin"] for unit in line.get("units", ()) if unit.get("vin")]
    return (
        texts
        | {name: number for name, number in doubles.items() if number is not None}
        | {
            "customerLineNumber": line["line_key"],
            "customerProductCode": line["sku"],
            "quantity": line["quantity"],
            "inventoryStatus": words.INVENTORY_STATUSES[line["condition"]],
        }
        | ({"productBatchNumber": line["lot"]} if line["lot"] else {})
        | ({} if planned is None else {"planQuantity": planned})
        | ({"snList": [serial for serial in serials if serial]} if any(serials) else {})
        | ({"vinNum": vins[0]} if len(vins) == 1 else {})
        | ({"lpn": line["plate"]} if line.get("plate") else {})
    )


def _package(parcel: dict[str, Any], told: Sequence[dict[str, Any]]) -> Request:
    """Centimetres, grams and cubic centimetres."""
    figures = {
        "longs": _tenth(parcel.get("length_mm")),
        "widths": _tenth(parcel.get("width_mm")),
        "heights": _tenth(parcel.get("height_mm")),
        "weight": _number(parcel.get("weight_g")),
        "volume": _number(parcel.get("volume_cm3")),
    }
    pieces = parcel.get("pieces") or {}
    packed = {line["line_key"]: line["sku"] for line in told}
    return (
        {"mailno": parcel["mailno"]}
        | ({"boxNo": parcel["box_no"]} if parcel.get("box_no") else {})
        | {name: figure for name, figure in figures.items() if figure is not None}
        | (
            {
                "productList": [
                    {"customerLineNumber": key, "customerProductCode": packed.get(key, ""), "quantity": count}
                    for key, count in pieces.items()
                ]
            }
            if pieces
            else {}
        )
    )


def _number(said: Any) -> Decimal | None:
    return None if said is None else Decimal(str(said))


def _tenth(said: Any) -> Decimal | None:
    number = _number(said)
    return None if number is None else number / 10


def _text(value: Any) -> str:
    """A member that was taken as a text, or as a number where a text is asked for; empty for anything else."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def _pieces(value: Any) -> int | None:
    """A quantity as the customer sent it, which may be a text of digits."""
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
