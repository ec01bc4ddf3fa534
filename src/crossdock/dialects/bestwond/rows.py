"""Our cabinets, boxes and parcels as the vendor's rows."""

from crossdock.core.events.model import HOUSE
from crossdock.core.lockers.model import OFFLINE, Box, Cabinet, LogRow, Parcel
from crossdock.dialects.bestwond import words
from crossdock.dialects.bestwond.wire import (
    PAGES_LISTED_MAX,
    BoxRow,
    DeviceRow,
    LogLine,
    LogPage,
    OrderRow,
    SavedBox,
    SizeCount,
)

BEHIND_THE_SCREEN = "screen"


def box_row(box: Box, *, device_number: str) -> BoxRow:
    return BoxRow(
        box_id=box.id,
        box_size=box.size,
        box_name=box.name,
        lock_address=box.lock_address,
        device_number=device_number,
        box_status=words.box_status(box.full),
        enable_status=words.enable_status(box.usable),
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
        enable_status=words.enable_status(box.usable),
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


def log_line(task: LogRow, cabinet: Cabinet, *, app_id: str) -> LogLine:
    """Under the caller's app_id also where the house opened, as the page's sample has it."""
    return LogLine(
        task_id=task.command_id,
        market_id=cabinet.account_id,
        app_id=app_id,
        device_number=cabinet.number,
        address=str(cabinet.details.get("address", "")),
        box_name=task.box_name,
        lock_addr=task.lock_address,
        action=words.OPEN,
        remark=remark(task),
        action_time=words.at(task.asked_at),
        uptime=words.at(task.answered_at or task.asked_at),
        ctime=words.at(task.asked_at),
    )


def remark(task: LogRow) -> str:
    """Who asked and how it went: `API calls success`, `API calls : Device not online`; who alone while it goes on."""
    who = words.ASKED_BY_HOUSE if task.dialect == HOUSE else words.ASKED_BY_APP
    match task.state:
        case "accepted":
            return f"{who} success"
        case "refused" | "expired":
            return f"{who} : {task.refusal or OFFLINE}"
    return who


def log_page(*, number: int, size: int, total: int) -> LogPage:
    """A page past the last one is a last one too."""
    pages = -(-total // size)
    return LogPage(
        is_first_page=number == 1,
        is_last_page=number >= pages,
        page_num=number,
        page_size=size,
        total_page=pages,
        total_count=total,
        page_list=list(range(1, min(pages, PAGES_LISTED_MAX) + 1)),
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
        if box.usable:
            group = (box.size, words.box_status(box.full))
            counts[group] = counts.get(group, 0) + 1
    return [SizeCount(count=count, box_size=size, status=status) for (size, status), count in sorted(counts.items())]
