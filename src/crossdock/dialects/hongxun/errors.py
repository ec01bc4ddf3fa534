"""What goes wrong, in Hongxun's envelope. No page lists a code but 200; a client branches on `flag` alone."""

from collections import defaultdict
from typing import Final

from msgspec import Struct

from crossdock.base.errors import (
    BodyMalformed,
    BodyTooLarge,
    CallerUnknown,
    ClockSkew,
    Conflict,
    CrossdockError,
    Denied,
    FieldsInvalid,
    Invalid,
    MethodNotAllowed,
    NotFound,
    PathUnknown,
    SignatureWrong,
    TooManyRequests,
)
from crossdock.core.accounts.errors import SiteCodeTaken, SiteUnknown, SubInventoryUnknown
from crossdock.core.catalog.errors import CodeTaken, ProductUnknown
from crossdock.core.fulfilment.errors import CancelBatchTaken, CancelTooMuch
from crossdock.core.orders.errors import LineUnknown, OrderNumberTaken, OrderUnknown, StateForbids
from crossdock.core.stock.errors import OutOfStock
from crossdock.core.transport.errors import WaybillUnknown
from crossdock.core.units.errors import (
    PlatesReceived,
    PlateTaken,
    SerialsTooMany,
    SerialsTotalDiffers,
    SerialTaken,
    UnitNotHere,
)
from crossdock.dialects.hongxun.words import ORDER_STATUSES


class Refusal(Struct, frozen=True):
    code: int
    message: str
    """A pattern over the error's facts."""
    status: int = 200
    """The only documented HTTP status is 200, failures included."""


REFUSALS: Final[dict[type[CrossdockError], Refusal]] = {
    BodyMalformed: Refusal(400, "参数错误:body {reason}"),
    FieldsInvalid: Refusal(400, "参数错误:{complaints}"),
    Invalid: Refusal(400, "参数错误"),
    CallerUnknown: Refusal(401, "签名校验失败"),
    SignatureWrong: Refusal(401, "签名校验失败"),
    Denied: Refusal(403, "无权限"),
    PathUnknown: Refusal(404, "接口不存在:{path}", 404),
    OrderUnknown: Refusal(404, "单据不存在:{number}"),
    SiteUnknown: Refusal(404, "仓库不存在:{code}"),
    SubInventoryUnknown: Refusal(404, "货主不存在:{code}"),
    LineUnknown: Refusal(404, "单据行不存在:{line}"),
    ProductUnknown: Refusal(404, "产品不存在:{sku}"),
    WaybillUnknown: Refusal(404, "运单不存在:{mailnos}"),
    UnitNotHere: Refusal(404, "串码不在库:{codes}"),
    NotFound: Refusal(404, "单据不存在"),
    MethodNotAllowed: Refusal(405, "请求方式不支持:{method}", 405),
    ClockSkew: Refusal(408, "请求已过期"),
    SiteCodeTaken: Refusal(409, "仓库编码已被占用:{code}"),
    CodeTaken: Refusal(409, "条码已属于其他产品:{code}"),
    OutOfStock: Refusal(409, "库存不足:{sku} 可用{available}"),
    OrderNumberTaken: Refusal(409, "单据重复:{number}"),
    CancelBatchTaken: Refusal(409, "单据重复:{number}"),
    SerialsTotalDiffers: Refusal(409, "totalCount与之前不一致:{number} {total}"),
    SerialsTooMany: Refusal(409, "串码数量超过totalCount:{number} {total}"),
    SerialTaken: Refusal(409, "串码已属于其他单据:{codes}"),
    PlateTaken: Refusal(409, "LPN已存在:{codes}"),
    PlatesReceived: Refusal(409, "批次已收货:{batch}"),
    CancelTooMuch: Refusal(409, "可取消数量不足:{line} 剩余{left}"),
    StateForbids: Refusal(409, "单据状态不允许:{state}"),
    Conflict: Refusal(409, "单据状态不允许"),
    BodyTooLarge: Refusal(413, "报文过大"),
    TooManyRequests: Refusal(429, "请求过于频繁"),
    CrossdockError: Refusal(500, "系统异常"),
}


def refusal(error: CrossdockError) -> Refusal:
    """The nearest listed ancestor speaks for an error that is not listed itself; its facts fill the pattern."""
    listed = next(REFUSALS[kind] for kind in type(error).__mro__ if kind in REFUSALS)
    facts = defaultdict(str, {name: _said(name, value) for name, value in error.facts.items()})
    return Refusal(listed.code, listed.message.format_map(facts), listed.status)


def _said(name: str, value: object) -> str:
    if name == "state":
        return ORDER_STATUSES.get(str(value), str(value))
    return ";".join(value) if isinstance(value, list | tuple) else str(value)
