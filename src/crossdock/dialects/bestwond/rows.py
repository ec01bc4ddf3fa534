"""Our cabinets, boxes and parcels as the vendor's rows."""

from crossdock.core.lockers.model import OFFLINE, Box, Cabinet, Parcel
from crossdock.dialects.bestwond import words
from crossdock.dialects.bestwond.wire import BoxRow, DeviceRow, OrderRow, SavedBox, SizeCount

BEHIND_THE_SCREEN = "screen"


def reached(cabinet: Cabinet) -> tuple[str, str]:
    """`status` and `msg` of a cabinet that is to be told something: can it be reached, and why not."""
    if cabinet.fault:
        return words.FAIL, cabinet.fault
    if not cabinet.online:
        return words.FAIL, OFFLINE
    return words.SUCCESS, words.OK


def box_row(box: Box, *, device_number: str) -> BoxRow:
    return BoxRow(
        box_id=box.id,
        box_size=box.size,
        box_name=box.name,
        lock_address=box.lock_address,
        device_number=device_number,
        box_status=words.box_status(box.full),
        enable_status=words.enable_status(box.enabled),
        order_no=box.last_order_number,
        save_time=words.printed(box.last_stored_at),
    )


def saved_box(box: Box, *, market_id: int, device_number: str) -> SavedBox:
    return SavedBox(
        id=box.id,
        market_id=market_id,
        device_number=device_number,
        box_name=box.name,
        box_size=box.size,
        box_type=words.BOX_TYPE,
        lock_address=box.lock_address,
        status=words.box_status(box.full),
        uptime=words.at(box.updated_at),
        ctime=words.at(box.created_at),
        save_time=words.printed(box.last_stored_at),
        order_no=box.last_order_number,
        enable_status=words.enable_status(box.enabled),
    )


def order_row(parcel: Parcel, *, device_number: str) -> OrderRow:
    return OrderRow(
        id=parcel.id,
        market_id=parcel.account_id,
        device_number=device_number,
        order_no=parcel.order_number,
        status=words.ORDER_STATUS[parcel.state],
        ctime=words.at(parcel.created_at),
        save_time=words.printed(parcel.stored_at),
        take_time=words.printed(parcel.used_at),
        box_name=parcel.box_name,
        box_size=parcel.box_size,
        lock_address=parcel.lock_address,
        save_code=parcel.save_code,
        pick_code=parcel.key,
    )


def device_row(cabinet: Cabinet) -> DeviceRow:
    details = cabinet.details
    return DeviceRow(
        device_number=cabinet.number,
        market_id=cabinet.account_id,
        device_name=cabinet.name,
        device_type=words.DEVICE_TYPE,
        device_address=str(details.get("address", "")),
        device_status=words.IN_SERVICE if cabinet.in_service else words.OUT_OF_SERVICE,
        device_inline=words.INLINE if cabinet.online else words.NOT_INLINE,
        nation=str(details.get("nation", "")),
        province=str(details.get("province", "")),
        city=str(details.get("city", "")),
        district=str(details.get("district", "")),
        street=str(details.get("street", "")),
        longitude=details.get("longitude", 0),
        latitude=details.get("latitude", 0),
        tel=str(details.get("tel", "")),
        start_servcie_time=details.get("service_from"),
        end_servcie_time=details.get("service_until"),
        uptime=words.at(cabinet.updated_at),
        ctime=words.at(cabinet.created_at),
    )


def names(boxes: list[Box]) -> str:
    """`05,07,06`: in the order they would be filled."""
    return ",".join(box.name for box in boxes)


def countable(boxes: list[Box]) -> list[Box]:
    """The boxes that counters are about: not the compartment behind the screen."""
    return [box for box in boxes if box.size != BEHIND_THE_SCREEN]


def size_counts(boxes: list[Box]) -> list[SizeCount]:
    """Enabled boxes by size and status, groups without members left out, by size text and then status."""
    counts: dict[tuple[str, int], int] = {}
    for box in countable(boxes):
        if box.enabled:
            group = (box.size, words.box_status(box.full))
            counts[group] = counts.get(group, 0) + 1
    return [SizeCount(count=count, box_size=size, status=status) for (size, status), count in sorted(counts.items())]
