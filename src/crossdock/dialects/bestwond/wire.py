"""Bodies and answers, field for field as printed.

`timestamps` and `device_number` come as text or as a number, because the vendor's own samples send both; its
Java sample sends every number as text. Keys that a call does not name are ignored here and signed all the same.
"""

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

ORDER_NO_CHARS_MAX: Final = 64
URL_CHARS_MAX: Final = 255
TEXT_CHARS_MAX: Final = 128
"""Ours, all three: the pages give none."""
DEVICE_NUMBER_CHARS_MAX: Final = 10
"""The box list's schema."""
BIGINT_MAX: Final = 2**63 - 1

_NO_NUL: Final = r"\A[^\x00]*\Z"  # PostgreSQL stores none
IntegerText = Annotated[str, Meta(pattern=r"\A-?[0-9]+\Z")]
Timestamps = int | IntegerText
"""Seconds, milliseconds or nonsense: nothing reads it unless an app's scope asks for a window."""
PAGE_NUM_MAX: Final = 1_000_000
PAGE_SIZE_MAX: Final = 1_000
PAGES_LISTED_MAX: Final = 1_000
"""Ours, all three: `page_list` names every page, however many there are."""
Number = Annotated[int, Meta(ge=0, le=BIGINT_MAX)] | Annotated[str, Meta(pattern=r"\A[0-9]{1,18}\Z")]
DeviceNumber = (
    Annotated[str, Meta(min_length=1, max_length=DEVICE_NUMBER_CHARS_MAX, pattern=_NO_NUL)]
    | Annotated[int, Meta(ge=0, lt=10**DEVICE_NUMBER_CHARS_MAX)]
)
OrderNo = Annotated[str, Meta(min_length=1, max_length=ORDER_NO_CHARS_MAX, pattern=_NO_NUL)]
Words = Annotated[str, Meta(min_length=1, max_length=TEXT_CHARS_MAX, pattern=_NO_NUL)]
Shown = Annotated[str, Meta(max_length=TEXT_CHARS_MAX, pattern=_NO_NUL)]
"""On a cabinet's screen; may be empty."""
Url = Annotated[str, Meta(max_length=URL_CHARS_MAX, pattern=_NO_NUL)]
BookableSize = Literal["S", "M", "L", "SX", "LX", "XL", "XS"]
"""The page prints the first five run together: SMLSXLX. The last two are what some clients send."""


class OpenBox(Struct, frozen=True, kw_only=True):
    """Body of POST /api/iot/open/box/ (api-95785727)."""

    device_number: DeviceNumber
    timestamps: Timestamps
    lock_address: Words
    use_type: Literal["S", "G", "O"]
    """Storage, retrieval, opened by management: a label for the log."""


class SetScreen(Struct, frozen=True, kw_only=True):
    """Body of POST /api/iot/send/device/basic/info/ (api-95785725)."""

    device_number: DeviceNumber
    timestamps: Timestamps
    qr: Url
    device_address: Shown
    app_kf_mobile: Shown


class OfDevice(Struct, frozen=True, kw_only=True):
    """Body of the calls that name a cabinet only: line status, box list (api-95785728, api-95785733)."""

    device_number: DeviceNumber
    timestamps: Timestamps


class UsedInfoOf(Struct, frozen=True, kw_only=True):
    """Body of POST /api/iot/get/device/tj/info/ (api-96506388).

    Its example has `timestamps`, its table has not.
    """

    device_number: DeviceNumber
    timestamps: Timestamps | None = None


class DevicesWanted(Struct, frozen=True, kw_only=True):
    """Body of POST /api/iot/device/list/ (api-95785734)."""

    timestamps: Timestamps
    device_name: Annotated[str, Meta(max_length=TEXT_CHARS_MAX)] | None = None
    device_number: Annotated[str, Meta(max_length=DEVICE_NUMBER_CHARS_MAX)] | int | None = None


class OfBox(Struct, frozen=True, kw_only=True):
    """Body of POST /api/iot/device/get/box/save/info/ (api-96239485)."""

    device_number: DeviceNumber
    timestamps: Timestamps
    box_name: Words


class LogOfBox(Struct, frozen=True, kw_only=True):
    """Body of POST /api/iot/device/box/log/ (api-95785735). The live server refuses it without box and page."""

    device_number: DeviceNumber
    timestamps: Timestamps
    box_name: Words
    page_num: Number
    """From 1."""
    page_size: Number


class OfLock(Struct, frozen=True, kw_only=True):
    """Body of POST /api/iot/device/box/status/ (api-95785729)."""

    device_number: DeviceNumber
    timestamps: Timestamps
    lock_address: Words


class SetCallbackAddress(Struct, frozen=True, kw_only=True):
    """Body of POST /api/iot/device/set/box/callback/address/ (api-95785732)."""

    device_number: DeviceNumber
    timestamps: Timestamps
    call_ad: Url
    """Empty: no more reports."""


class SetSaveOrder(Struct, frozen=True, kw_only=True):
    """Body of POST /api/iot/kd/set/save/order/."""

    device_number: DeviceNumber
    timestamps: Timestamps
    order_no: OrderNo
    box_size: BookableSize


class CanSave(Struct, frozen=True, kw_only=True):
    """Body of POST /api/iot/kd/get/can/save/box/ (api-96501406)."""

    device_number: DeviceNumber
    timestamps: Timestamps
    box_size: BookableSize


class SaveOrTake(Struct, frozen=True, kw_only=True):
    """Body of POST /api/iot/kd/order/save/or/take/ (api-95785730)."""

    device_number: DeviceNumber
    timestamps: Timestamps
    action_type: Literal["save", "take", "take_by_no"]
    action_code: Annotated[str, Meta(min_length=1, max_length=ORDER_NO_CHARS_MAX, pattern=_NO_NUL)]
    """Save code, pick code or order number; always compared as text."""
    box_size: str | None = None
    """Asked for by `save` alone, though the table calls it required."""


class SetWebhook(Struct, frozen=True, kw_only=True):
    """Body of POST /api/iot/set/app/webhook/ (api-99445956). One alone is taken; empty switches off."""

    timestamps: Timestamps
    save_notify_url: Url | None = None
    take_notify_url: Url | None = None


class DeleteOrder(Struct, frozen=True, kw_only=True):
    """Body of POST /api/iot/order/record/delete/ (api-257801821)."""

    timestamps: Timestamps
    id: Number
    status: Number


class DeleteOrderByNo(Struct, frozen=True, kw_only=True):
    """Body of POST /api/iot/order/record/delete2/: as the other, by number; its page was not to be had."""

    timestamps: Timestamps
    order_no: OrderNo
    status: Number
    device_number: DeviceNumber | None = None


class DoorAnswer(Struct, frozen=True, kw_only=True):
    """`data` of open box. The schema has no task_id, every sample has."""

    app_id: str
    device_number: str
    timestamps: int
    lock_address: str
    status: str
    msg: str
    task_id: int


class ScreenAnswer(Struct, frozen=True, kw_only=True):
    """`data` of screen settings: whether the cabinet can be reached."""

    app_id: str
    device_number: str
    timestamps: int
    status: str
    msg: str


class LockAnswer(Struct, frozen=True, kw_only=True):
    """`data` of door status: whether the question went out, nothing about the door."""

    app_id: str
    device_number: str
    lock_address: str
    timestamps: int
    status: str
    msg: str


class LineAnswer(Struct, frozen=True, kw_only=True):
    """`data` of device status."""

    app_id: str
    device_number: str
    timestamps: int
    status: str


class BoxRow(Struct, frozen=True, kw_only=True):
    """One row of the box list and of save info."""

    box_id: int
    box_size: str
    box_name: str
    lock_address: str
    device_number: str
    box_status: int
    enable_status: int
    order_no: str | None
    """The current or the last one: an emptied box keeps it until the next save."""
    save_time: str | None
    pick_code: None = None
    """Live rows carry the key and never the code."""


class LogPage(Struct, frozen=True, kw_only=True):
    is_first_page: bool
    is_last_page: bool
    page_num: int
    page_size: int
    total_page: int
    total_count: int
    page_list: list[int]


class LogLine(Struct, frozen=True, kw_only=True):
    """One open task. `lock_addr` is the page's spelling."""

    task_id: int
    market_id: int
    app_id: str
    device_number: str
    address: str
    box_name: str
    lock_addr: str
    action: str
    remark: str
    action_time: str
    uptime: str
    ctime: str


class BoxLog(Struct, frozen=True, kw_only=True):
    """`data` of the box log, newest task first."""

    page: LogPage
    list: list[LogLine]


class DeviceRow(Struct, frozen=True, kw_only=True):
    """One row of the device list. A live row's `device_key` is a secret of the cabinet and is not printed."""

    device_number: str
    market_id: int
    device_name: str
    device_type: int
    device_address: str
    device_status: int
    device_inline: int
    nation: str
    province: str
    city: str
    district: str
    street: str
    longitude: float | int
    latitude: float | int
    tel: str
    start_servcie_time: str | None
    end_servcie_time: str | None
    uptime: str
    ctime: str


class SaveOrder(Struct, frozen=True, kw_only=True):
    """`data` of a booking. The table names take_code, the sample pick_code: both are sent."""

    app_id: str
    device_number: str
    timestamps: int
    order_no: str
    box_name: str
    """Free boxes of the size, comma-joined: `05,07,06`. No reservation."""
    box_size: str
    save_code: str
    pick_code: str
    take_code: str
    status: str
    msg: str


class CanSaveList(Struct, frozen=True, kw_only=True):
    can_save_box_list: str


class SizeCount(Struct, frozen=True, kw_only=True):
    count: int
    box_size: str
    status: int


class UsedInfo(Struct, frozen=True, kw_only=True):
    """`data` of used info. `already_sysnc_count` is the page's spelling."""

    device_number: str
    timestamps: int
    left_box_count: int
    used_box_count: int
    disabled_box_count: int
    already_sysnc_count: int
    already_save_count: int
    already_take_count: int
    box_size_count: list[SizeCount]


class SavedBox(Struct, frozen=True, kw_only=True):
    """`data` after a save: the box as it was just before."""

    id: int
    market_id: int
    device_number: str
    box_name: str
    box_size: str
    box_type: int
    lock_address: str
    status: int
    uptime: str
    ctime: str
    remark: None = None
    rental_items_id: None = None
    count: None = None
    pick_phone: None = None
    save_time: str | None
    pick_code: None = None
    pick_time: None = None
    order_no: str | None
    version: int = 0
    enable_status: int


class OrderRow(Struct, frozen=True, kw_only=True):
    """`data` after a take, and the body of the order webhooks."""

    id: int
    market_id: int
    device_number: str
    user_id: None = None
    user_name: str = ""
    order_no: str
    status: int
    ctime: str
    save_time: str | None
    take_time: str | None
    box_name: str | None
    box_size: str
    lock_address: str | None
    save_code: str
    pick_code: str


class Reply(Struct, frozen=True, kw_only=True):
    """What a route hands to seal."""

    data: Any = None
    msg: str = "Operation successful"
    des: str | None = ""
    """None: the key is not printed."""
