"""The paths, and how a request finds its call. A path is taken with and without its last slash."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from msgspec import Struct

from crossdock.base.errors import FieldsInvalid, MethodNotAllowed, PathUnknown
from crossdock.dialects.bestwond import auth, routes, wire
from crossdock.dialects.bestwond.wire import Reply
from crossdock.edge.desk import Desk
from crossdock.edge.dialect import Endpoint, Opened
from crossdock.edge.request import Request
from crossdock.edge.response import Response, json_response

PREFIXES: Final = ("/api/iot", "/device/set/box")
METHOD: Final = "POST"


class Call(Struct, frozen=True, kw_only=True):
    body: type[Any] | None
    """None: anything is taken from anybody."""
    signed: bool = False
    """Whether `data` carries a `sign` of its own."""


def _call(
    path: str, run: Callable[..., Awaitable[Reply]], body: type[Any] | None, *, signed: bool = False
) -> Endpoint:
    return Endpoint(call=f"{METHOD} {path}", run=run, options=Call(body=body, signed=signed))


ENDPOINTS: Final = (
    _call("/api/iot/open/box/", routes.open_box, wire.OpenBox, signed=True),
    _call("/api/iot/send/device/basic/info/", routes.set_screen, wire.SetScreen, signed=True),
    _call("/api/iot/device/line/status/", routes.line_status, wire.OfDevice, signed=True),
    _call("/api/iot/device/box/list/", routes.box_list, wire.OfDevice),
    _call("/api/iot/device/list/", routes.device_list, wire.DevicesWanted),
    _call("/api/iot/device/box/log/", routes.box_log, wire.LogOfBox),
    _call("/api/iot/device/callback/for/box/status/", routes.sink, None),
    _call("/api/iot/device/set/box/callback/address/", routes.set_callback_address, wire.SetCallbackAddress),
    _call("/device/set/box/callback/address/", routes.set_callback_address, wire.SetCallbackAddress),
    _call("/api/iot/device/box/status/", routes.door_status, wire.OfLock, signed=True),
    _call("/api/iot/kd/set/save/order/", routes.set_save_order, wire.SetSaveOrder, signed=True),
    _call("/api/iot/kd/get/can/save/box/", routes.can_save, wire.CanSave),
    _call("/api/iot/get/device/tj/info/", routes.used_info, wire.UsedInfoOf, signed=True),
    _call("/api/iot/kd/order/save/or/take/", routes.save_or_take, wire.SaveOrTake),
    _call("/api/iot/kd/order/save_or_take/", routes.save_or_take, wire.SaveOrTake),
    _call("/api/iot/device/get/box/save/info/", routes.save_info, wire.OfBox),
    _call("/api/iot/set/app/webhook/", routes.set_webhook, wire.SetWebhook),
    _call("/api/iot/test/app/webhook/", routes.sink, None),
    _call("/api/iot/order/record/delete/", routes.delete_order, wire.DeleteOrder),
    _call("/api/iot/order/record/delete2/", routes.delete_order_by_no, wire.DeleteOrderByNo),
)
_BY_PATH: Final = {endpoint.call.removeprefix(f"{METHOD} ").rstrip("/"): endpoint for endpoint in ENDPOINTS}


async def open_(desk: Desk, request: Request) -> Opened:
    """The call, then the caller, then the fields: nobody unknown learns what a call wants."""
    endpoint = _BY_PATH.get(request.path.removesuffix("/"))
    if endpoint is None:
        raise PathUnknown(path=request.path)
    if request.method != METHOD:
        raise MethodNotAllowed(method=request.method)
    call: Call = endpoint.options
    if call.body is None:
        return Opened(endpoint, None, None)
    fields = auth.fields_of(request.body)
    caller = await auth.recognise(desk, request, fields)
    try:
        return Opened(endpoint, caller, msgspec.convert(fields, call.body))
    except msgspec.ValidationError as error:
        raise FieldsInvalid(cause=str(error)) from error


def seal(_desk: Desk, _request: Request, opened: Opened, reply: Reply) -> Response:
    """The envelope; `code` is a number, as in every live answer. `sign` covers all other keys of `data`."""
    data = msgspec.to_builtins(reply.data)
    if opened.endpoint.options.signed:
        data[auth.SIGN] = auth.sign(data, opened.caller.credential.secret)
    body = {"code": 0, "msg": reply.msg, "data": data}
    if reply.des is not None:
        body["des"] = reply.des
    return json_response(body)
