"""Hongxun (鸿讯) WMS/TMS: brand owners' ERPs place orders and ask for stock, and are told what became of them."""

from typing import Any, Final

from crossdock.base.errors import CrossdockError, Denied, MethodNotAllowed, PathUnknown
from crossdock.dialects.hongxun import (
    auth,
    callbacks,
    calling_off,
    carriers,
    master,
    pictures,
    plates,
    results,
    routes,
    scales,
    serials,
    transfers,
    transports,
    vehicles,
    wire,
    workbench,
)
from crossdock.dialects.hongxun.errors import refusal
from crossdock.edge.desk import Desk
from crossdock.edge.dialect import Dialect, Endpoint, Opened
from crossdock.edge.request import Request
from crossdock.edge.response import Response
from crossdock.edge.workbench import Workbench

CUSTOMER: Final = "customer"
CARRIER: Final = "carrier"
DEVICE: Final = "device"
"""`scope.role` of a credential, and `options` of an endpoint: who may call it."""

ENDPOINTS: Final = (
    Endpoint("POST /dtc/logistics/inOrder", routes.in_order, options=CUSTOMER),
    Endpoint("POST /dtc/logistics/outOrder", routes.out_order, options=CUSTOMER),
    Endpoint("POST /dtc/logistics/innerOrder", transfers.inner_order, options=CUSTOMER),
    Endpoint("POST /dtc/logistics/tmsOrder", transports.tms_order, options=CUSTOMER),
    Endpoint("POST /dtc/logistics/orderCancel", calling_off.order_cancel, options=CUSTOMER),
    Endpoint("POST /dtc/logistics/vinStockQuery", vehicles.vin_stock_query, options=CUSTOMER),
    Endpoint("POST /dtc/logistics/serialCodePush", serials.serial_code_push, options=CUSTOMER),
    Endpoint("POST /dtc/logistics/productCreate", master.product, options=CUSTOMER),
    Endpoint("POST /dtc/logistics/inventoryCreate", master.inventory, options=CUSTOMER),
    Endpoint("POST /dtc/logistics/consigneeCreate", master.consignee, options=CUSTOMER),
    Endpoint("POST /dtc/logistics/productVolumeWeight", master.volume_weight, options=CUSTOMER),
    Endpoint("POST /dtc/esboms/overseasLpn", plates.overseas_lpn, options=CUSTOMER),
    Endpoint("POST /dtc/esboms/stockQuery", routes.stock_query, options=CUSTOMER),
    Endpoint("POST /dtc/esboms/inOrderResultQuery", results.in_order_result, options=CUSTOMER),
    Endpoint("POST /dtc/esboms/outOrderResultQuery", results.out_order_result, options=CUSTOMER),
    Endpoint("POST /dtc/esboms/routeQuery", carriers.route_query, options=CUSTOMER),
    Endpoint("POST /dtc/tms/carrierRoutingPush", carriers.routing_push, options=CARRIER),
    Endpoint("POST /dtc/tms/carrierSignImagePush", pictures.sign_image_push, options=CARRIER),
    Endpoint("POST /dtc/device/dwsParcel", scales.dws_parcel, options=DEVICE),
)
_BY_PATH: Final = {endpoint.call.split(" ", 1)[1]: endpoint for endpoint in ENDPOINTS}


async def open_call(desk: Desk, request: Request) -> Opened:
    """Path, verb, envelope, caller, signature, time, right: in this order.

    Errors: PathUnknown, MethodNotAllowed, BodyMalformed, FieldsInvalid, CallerUnknown, SignatureWrong, ClockSkew,
    Denied.
    """
    endpoint = _BY_PATH.get(request.path)
    if endpoint is None:
        raise PathUnknown(path=request.path)
    if request.method != "POST":
        raise MethodNotAllowed(method=request.method)
    if endpoint.options == DEVICE:
        told = scales.parcel(request.body)
        return Opened(endpoint, await scales.recognise(desk, request, told.warehouse), told)
    envelope = auth.read(request.body)
    caller = await auth.recognise(desk, envelope)
    if caller.credential.scope.get("role") != endpoint.options:
        raise Denied()
    return Opened(endpoint, caller, wire.Call(request=envelope.request, text=envelope.text))


def refuse(desk: Desk, request: Request, error: CrossdockError) -> Response:
    said = refusal(error)
    headers = {"allow": "POST"} if said.status == 405 else {}
    return _response(wire.answer(None, code=said.code, message=said.message), status=said.status, headers=headers)


def seal(desk: Desk, request: Request, opened: Opened, answer: Any) -> Response:
    return _response(wire.answer(answer))


def explain(raw: bytes, *, query: str, headers: dict[str, str], secret: str) -> tuple[str, str]:
    """The text that is signed for a body, and its signature; `sign` itself may be missing.

    Half a surrogate pair is the `?` that is signed for it. Neither `query` nor `headers` take part.
    Errors: BodyMalformed, FieldsInvalid.
    """
    envelope = auth.read(raw, signed=False)
    text = auth.signed_text(key=envelope.key, request=envelope.text, secret=secret, timestamp=envelope.timestamp)
    return text.encode(errors="replace").decode(), auth.signature(text)


def _response(body: bytes, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(body, status=status, headers={"content-type": "application/json;charset=UTF-8"} | (headers or {}))


DIALECT: Final = Dialect(
    name="hongxun",
    prefixes=("/dtc",),
    body_bytes_max=wire.BODY_BYTES_MAX,
    endpoints=ENDPOINTS,
    open=open_call,
    refuse=refuse,
    seal=seal,
    sender=callbacks.SENDER,
    workbench=Workbench(
        claimed=workbench.claimed,
        explain=workbench.explain,
        mistakes=workbench.mistakes,
        in_time=workbench.in_time,
    ),
)
