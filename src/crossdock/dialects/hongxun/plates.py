"""LPN: licence plates of pallets and cartons, told before they come."""

from typing import Any, Final, cast

from crossdock.core.accounts.model import Caller
from crossdock.core.units import plates
from crossdock.core.units.model import NewPlate
from crossdock.dialects.hongxun import known
from crossdock.dialects.hongxun.fields import Reader, Text
from crossdock.dialects.hongxun.wire import LINES_MAX, PIECES_MAX, Call, object_reader
from crossdock.edge.desk import Desk

CODES: Final = ("lpn", "lpnNum", "lpnNo", "lpnCode", "licensePlateNumber")
"""What the plate's own number may be called, for the page's 33 members are not stored: the first that is filled."""
PLATE: Final = (Text("customerProductCode", required=True), Text("parentLpn"), Text("lpnType"))


async def overseas_lpn(desk: Desk, caller: Caller, call: Call) -> dict[str, Any]:
    """LPN接口: batches of one purchase order add up. Members that nobody knows are kept as they came.

    Errors: FieldsInvalid, PlatesReceived, PlateTaken.
    """
    reader = object_reader(call.request)
    members = reader.kept()
    batch = reader.text("batchId", required=True)
    source = reader.text("sourceNum", required=True)
    sent = reader.objects("lpnList", entries_max=LINES_MAX)
    told = [_plate(plate, kept) for plate, kept in zip(sent, _objects(members.get("lpnList")), strict=False)]
    _name_once(sent, told)
    reader.finish()
    async with desk.database.transaction() as tx:
        await plates.announce(
            tx,
            account_id=caller.account.id,
            source_number=source,
            batch_key=batch,
            content_hash=known.content_hash(call),
            plates=told,
        )
    return {"sourceNum": source, "batchId": batch, "lpnCount": len(told)}


def _plate(reader: Reader, kept: dict[str, Any]) -> NewPlate:
    code = reader.text(_code_member(reader), required=True)
    texts = reader.texts(PLATE)
    return NewPlate(
        code=code,
        parent_code=texts["parentLpn"],
        kind=texts["lpnType"],
        sku=texts["customerProductCode"],
        quantity=reader.whole("quantity", low=1, high=PIECES_MAX, reason="必须为正整数"),
        members=kept,
    )


def _code_member(reader: Reader) -> str:
    return next((name for name in CODES if reader.filled(name)), CODES[0])


def _objects(entries: Any) -> list[dict[str, Any]]:
    """As `Reader.objects` passes over what is none."""
    listed = entries if isinstance(entries, list) else []
    return [cast(dict[str, Any], entry) for entry in listed if isinstance(entry, dict)]


def _name_once(sent: list[Reader], told: list[NewPlate]) -> None:
    seen: set[str] = set()
    for reader, plate in zip(sent, told, strict=False):
        if plate.code and plate.code in seen:
            reader.complain(_code_member(reader), "重复")
        seen.add(plate.code)
