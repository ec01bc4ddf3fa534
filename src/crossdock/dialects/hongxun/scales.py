"""DWS包裹信息: a machine on the warehouse's line says what a parcel weighs and measures. Nothing of it is signed.

Its credential is named `DWS&<warehouseCode>`. Its secret, where it has one, must stand in `X-Device-Key`; the
caller's address must be among `addresses` of its scope, where there are any; one of the two there must be.
"""

import hmac
from datetime import UTC, datetime
from decimal import Decimal
from ipaddress import ip_address, ip_network
from typing import Any, Final

from msgspec import Struct

from crossdock.base.errors import BodyMalformed, CallerUnknown, Denied
from crossdock.core.accounts.model import Caller
from crossdock.core.transport import queries as transport
from crossdock.core.transport import readings
from crossdock.core.transport.errors import WaybillUnknown
from crossdock.core.transport.model import Reading
from crossdock.db.tx import Tx
from crossdock.dialects.hongxun import words
from crossdock.dialects.hongxun.canonical import parse
from crossdock.dialects.hongxun.fields import ILL_TYPED, MISSING, REMARK_CHARS_MAX, TIME_SHAPE, Reader
from crossdock.edge.desk import Desk
from crossdock.edge.request import Request

KEY_HEADER: Final = "X-Device-Key"
NAME: Final = "DWS"
FIGURE_MIN: Final = Decimal("0.001")
FIGURE_MAX: Final = Decimal(10**7)
"""Of centimetres, grams and cubic centimetres; ours. Nothing weighs nothing, and no line carries ten tons."""
FIGURES: Final = ("longs", "widths", "heights", "weight", "volume")


class Parcel(Struct, frozen=True, kw_only=True):
    """Centimetres, grams, cubic centimetres."""

    warehouse: str
    local_time: datetime
    mailno: str
    figures: dict[str, Decimal]
    remark: str


def parcel(raw: bytes) -> Parcel:
    """Errors: BodyMalformed, FieldsInvalid."""
    members = parse(raw)
    if not isinstance(members, dict):
        raise BodyMalformed(reason="必须为JSON对象")
    reader = Reader(members)
    reader.kept()
    warehouse = reader.text("warehouseCode", required=True)
    timestamp = reader.text("timestamp", required=True)
    local_time = words.local_time(timestamp)
    if timestamp and local_time is None:
        reader.complain("timestamp", TIME_SHAPE)
    request = members.get("request")
    if not isinstance(request, dict):
        reader.complain("request", MISSING if request in (None, "") else ILL_TYPED)
    inner = reader.inner("request", request if isinstance(request, dict) else {})
    mailno = remark = ""
    figures: dict[str, Decimal] = {}
    if isinstance(request, dict):
        mailno = inner.text("mailno", required=True)
        remark = inner.text("remark", chars_max=REMARK_CHARS_MAX)
        for name in FIGURES:
            figures[name] = inner.decimal(name, low=FIGURE_MIN, high=FIGURE_MAX, required=True) or FIGURE_MIN
    reader.finish()
    return Parcel(
        warehouse=warehouse,
        local_time=local_time or datetime.min.replace(tzinfo=UTC),
        mailno=mailno,
        figures=figures,
        remark=remark,
    )


async def recognise(desk: Desk, request: Request, warehouse: str) -> Caller:
    """The machine of a warehouse that sent a request. Errors: CallerUnknown, Denied."""
    caller = await desk.accounts.caller("hongxun", f"{NAME}&{warehouse}") if warehouse.isprintable() else None
    if caller is None or caller.credential.scope.get("role") != "device":
        raise CallerUnknown()
    secret, addresses = caller.credential.secret, caller.credential.scope.get("addresses", [])
    given = (request.header(KEY_HEADER) or "").encode("utf-8", "replace")
    if secret and not hmac.compare_digest(secret.encode(), given):
        raise CallerUnknown()
    if addresses and not _among(request.peer, addresses):
        raise CallerUnknown()
    if not (secret or addresses) or not caller.credential.valid_at(desk.clock.now()):
        raise Denied()
    return caller


async def dws_parcel(desk: Desk, caller: Caller, told: Parcel) -> None:
    """Of a number that nobody knows the reading is kept for a day, and the answer is no.

    Errors: SiteUnknown, WaybillUnknown.
    """
    account_id = caller.account.id
    site = await desk.accounts.site(account_id, told.warehouse)
    figures = told.figures
    async with desk.database.transaction() as tx:
        mailno = await _mailno(tx, caller, told.mailno)
        waybill = await readings.read(
            tx,
            account_id=account_id,
            site_id=site.id,
            reading=Reading(
                mailno=mailno,
                device=caller.credential.key,
                weight_g=figures["weight"],
                length_mm=figures["longs"] * 10,
                width_mm=figures["widths"] * 10,
                height_mm=figures["heights"] * 10,
                volume_cm3=figures["volume"],
                remark=told.remark,
                measured_at=told.local_time.replace(tzinfo=words.zone_of(caller.credential.scope)),
            ),
            dialect="hongxun",
            actor=caller.credential.key,
        )
    if waybill is None:
        raise WaybillUnknown(mailnos=told.mailno)


async def _mailno(tx: Tx, caller: Caller, said: str) -> str:
    """A carrier's number as it is; our own `expressCode` is that of its only parcel, which may be to come."""
    account_id = caller.account.id
    if await transport.newest(tx, account_ids=[account_id], mailnos=[said]):
        return said
    leg_id = words.order_id_of(said, "transport")
    if leg_id is None:
        return said
    parcels = await transport.of_leg(tx, account_id=account_id, leg_id=leg_id)
    if not parcels:
        return readings.named_by(leg_id)
    return parcels[0].mailno if len(parcels) == 1 else said


def _among(peer: str, addresses: list[Any]) -> bool:
    try:
        address = ip_address(peer)
        return any(address in ip_network(str(one), strict=False) for one in addresses)
    except ValueError:
        return False
