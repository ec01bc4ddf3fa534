"""What is told of goods under way, in Hongxun's words: nodes, signatures, pictures, inspections, figures."""

from decimal import Decimal
from typing import Any

from crossdock.core.events.model import Event
from crossdock.dialects.hongxun import words
from crossdock.dialects.hongxun.confirms import Hearer, Request, express_code, lines, moment_of


def route_push(event: Event, hearer: Hearer) -> Request:
    """路由推送: what is news of one parcel."""
    facts = event.facts
    return {
        "customerNumber": facts["number"],
        **express_code(facts["leg_id"]),
        "mailno": facts["mailno"],
        "routeList": [node(one, hearer) for one in facts["nodes"]],
    }


def node(told: dict[str, Any], hearer: Hearer) -> Request:
    """One of `routeList`; members that are not filled are left out. `dimension` is the latitude."""
    filled = {
        "scanTypeCode": told["code"],
        "scanTypeName": words.ROUTE_NODES.get(told["code"], ""),
        "operator": told["operator"],
        "time": words.printed_time(moment_of(told["happened_at"]), hearer.zone),
        "transferAddress": told["place"],
        "memo": told["memo"],
        "plannedDeliveryDate": words.printed_time(moment_of(told["planned_at"]), hearer.zone)
        if told["planned_at"]
        else "",
        "vinCode": told["vin"],
        "longitude": told["longitude"],
        "dimension": told["latitude"],
    }
    return {name: text for name, text in filled.items() if text or name == "memo"}


def sign_info_push(event: Event, hearer: Hearer) -> Request:
    """签收信息推送: once per order and parcel."""
    facts = event.facts
    ext8 = facts["partner_fields"].get("ext8")
    return {
        "customerNumber": facts["number"],
        "signType": words.SIGN_TYPES[facts["sign_type"]],
        **express_code(facts["leg_id"]),
        "mailno": facts["mailno"],
        "actualQuantity": facts["pieces"],
        "signer": facts["signer"],
        "signedTime": words.printed_time(moment_of(facts["signed_at"]), hearer.zone),
        **({"ext8": ext8} if isinstance(ext8, str) and ext8 else {}),
        "productList": lines(facts["lines"]),
    }


def sign_image_push(event: Event, hearer: Hearer) -> list[Request]:
    """签收图片推送: an array of one order. A picture that is kept here is sent whole."""
    facts = event.facts
    return [
        {
            "customerFlag": hearer.create_by,
            "customerOrderCode": facts["number"],
            "signList": [
                {
                    **express_code(facts["leg_id"]),
                    "mailno": facts["mailno"],
                    **_picture(picture),
                    **({"imageName": picture["name"]} if picture["name"] else {}),
                    **(
                        {"signedTime": words.printed_time(moment_of(picture["signed_at"]), hearer.zone)}
                        if picture["signed_at"]
                        else {}
                    ),
                    **({"remark": picture["remark"]} if picture["remark"] else {}),
                }
                for picture in facts["pictures"]
            ],
        }
    ]


def vehicle_check_confirm(event: Event, hearer: Hearer) -> Request:
    """验车确认."""
    return {
        "batchCode": event.facts["number"],
        "dataList": [
            {
                "checkItemList": [
                    {
                        "categoryId": item["category_id"],
                        "categoryName": item["category_name"],
                        "itemId": item["item_id"],
                        "itemName": item["item_name"],
                        "result": words.CHECK_RESULTS[item["passed"]],
                        "remark": item["remark"],
                        "imageUrls": item["image_urls"],
                    }
                    for item in vehicle["items"]
                ],
                "vinCode": vehicle["vin"],
                "checkTime": words.printed_time(moment_of(vehicle["checked_at"]), hearer.zone),
                "checkResult": words.CHECK_RESULTS[vehicle["passed"]],
            }
            for vehicle in event.facts["vehicles"]
        ],
    }


def product_volume_weight_sync(event: Event, hearer: Hearer) -> Request:
    """产品体积重量同步: kilograms and cubic metres of one piece."""
    facts = event.facts
    figures = {
        "roughWeight": None if facts["weight_g"] is None else Decimal(facts["weight_g"]) / 1_000,
        "vol": None if facts["volume_cm3"] is None else Decimal(str(facts["volume_cm3"])) / 1_000_000,
    }
    filled = {name: figure for name, figure in figures.items() if figure is not None}
    return {"productList": [{"customerProductCode": facts["sku"], **filled}]}


def _picture(picture: dict[str, Any]) -> Request:
    if picture["url"]:
        return {"imageType": "imageUrl", "imageUrl": picture["url"]}
    return {"imageType": "imageBase64", "imageBase64": picture["base64"]}
