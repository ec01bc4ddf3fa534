"""One function per documented call: Cabinet Api For Bestwond, v3.0.1."""

from typing import TypedDict
from urllib.parse import urlsplit

from crossdock.base.errors import FieldsInvalid
from crossdock.base.ids import AccountId
from crossdock.core.accounts.model import Caller
from crossdock.core.events.commands import set_receiver
from crossdock.core.lockers import commands, queries
from crossdock.core.lockers.errors import BoxUnknown, ParcelUnknown
from crossdock.core.lockers.model import Asker, Cabinet, ParcelState, Screen
from crossdock.db.tx import Tx
from crossdock.dialects.bestwond import callbacks, rows, wire, words
from crossdock.dialects.bestwond.auth import NAME
from crossdock.dialects.bestwond.errors import LockUnknown
from crossdock.dialects.bestwond.wire import (
    BoxLog,
    CanSave,
    CanSaveList,
    DeleteOrder,
    DeleteOrderByNo,
    DevicesWanted,
    DoorAnswer,
    LineAnswer,
    LockAnswer,
    LogOfBox,
    OfBox,
    OfDevice,
    OfLock,
    OpenBox,
    Reply,
    SaveOrder,
    SaveOrTake,
    ScreenAnswer,
    SetCallbackAddress,
    SetSaveOrder,
    SetScreen,
    SetWebhook,
    UsedInfo,
    UsedInfoOf,
)
from crossdock.edge.desk import Desk

EMPTY_LIST_HINT = "An empty list does not stop you from booking: a box may be free by the time of storing."
DELETED = Reply(msg="ok", des=None)


class _Who(TypedDict):
    account_id: AccountId
    cabinet: str
    asked_by: str
    dialect: str


async def open_box(desk: Desk, caller: Caller, body: OpenBox) -> Reply:
    """Open device box.

    Each call opens again. `code` 0 with `data.status` fail is what an offline cabinet gets.
    """
    number = str(body.device_number)
    try:
        outcome = await desk.doors.open(
            account_id=caller.account.id,
            cabinet=number,
            lock_address=body.lock_address,
            use_type=body.use_type,
            asked_by=caller.credential.key,
            dialect=NAME,
        )
    except BoxUnknown as error:
        raise LockUnknown(lock_address=body.lock_address) from error
    status, msg = words.outcome(None if outcome.accepted else outcome.reason)
    return Reply(
        data=DoorAnswer(
            app_id=caller.credential.key,
            device_number=number,
            timestamps=words.unix_s(desk.clock.now()),
            lock_address=body.lock_address,
            status=status,
            msg=msg,
            task_id=outcome.command_id,
        )
    )


async def set_screen(desk: Desk, caller: Caller, body: SetScreen) -> Reply:
    """Screen display settings.

    Kept whether or not the cabinet can be reached; the answer says which.
    """
    screen = Screen(qr=body.qr, address=body.device_address, help_line=body.app_kf_mobile)
    async with desk.database.transaction() as tx:
        cabinet = await commands.set_screen(
            tx, account_id=caller.account.id, cabinet=str(body.device_number), screen=screen
        )
    status, msg = words.outcome(cabinet.unwilling)
    return Reply(
        data=ScreenAnswer(
            app_id=caller.credential.key,
            device_number=cabinet.number,
            timestamps=words.unix_s(desk.clock.now()),
            status=status,
            msg=msg,
        )
    )


async def line_status(desk: Desk, caller: Caller, body: OfDevice) -> Reply:
    """Get device status."""
    async with desk.database.transaction(readonly=True) as tx:
        cabinet = await _cabinet(tx, caller, body.device_number)
    return Reply(
        data=LineAnswer(
            app_id=caller.credential.key,
            device_number=cabinet.number,
            timestamps=words.unix_s(desk.clock.now()),
            status=words.LINE[cabinet.online],
        )
    )


async def box_list(desk: Desk, caller: Caller, body: OfDevice) -> Reply:
    """Get device box list.

    Empty boxes first, then by id, as the live server lists them.
    """
    async with desk.database.transaction(readonly=True) as tx:
        cabinet = await _cabinet(tx, caller, body.device_number)
        boxes = await queries.boxes(tx, cabinet_id=cabinet.id)
    boxes = sorted(boxes, key=lambda box: (box.full, box.id))
    return Reply(data=[rows.box_row(box, device_number=cabinet.number) for box in boxes])


async def device_list(desk: Desk, caller: Caller, body: DevicesWanted) -> Reply:
    """Get device list.

    An array, as the live server answers; an empty filter is none.
    """
    async with desk.database.transaction(readonly=True) as tx:
        cabinets = await queries.cabinets(tx, account_id=caller.account.id)
    number = "" if body.device_number is None else str(body.device_number)
    wanted = [
        cabinet for cabinet in cabinets if (body.device_name or "") in cabinet.name and number in ("", cabinet.number)
    ]
    return Reply(data=[rows.device_row(cabinet) for cabinet in wanted])


async def box_log(desk: Desk, caller: Caller, body: LogOfBox) -> Reply:
    """Get device box log.

    Of this app's tasks and those of the house's own people.
    """
    number, size = _within(body.page_num, wire.PAGE_NUM_MAX), _within(body.page_size, wire.PAGE_SIZE_MAX)
    async with desk.database.transaction(readonly=True) as tx:
        cabinet = await _cabinet(tx, caller, body.device_number)
        box = await queries.box(tx, cabinet_id=cabinet.id, name=body.box_name)
        total, tasks = await queries.log(
            tx,
            cabinet_id=cabinet.id,
            box_id=box.id,
            start=(number - 1) * size,
            limit=size,
            seen_by=Asker(dialect=NAME, asked_by=caller.credential.key),
        )
    return Reply(
        data=BoxLog(
            page=rows.log_page(number=number, size=size, total=total),
            list=[rows.log_line(task, cabinet, app_id=caller.credential.key) for task in tasks],
        )
    )


async def set_callback_address(desk: Desk, caller: Caller, body: SetCallbackAddress) -> Reply:
    """Set api for get box door open status.

    One address per cabinet, the last call wins; the form of reports is the cabinet's `door_form`.
    """
    url = _address(body.call_ad)
    async with desk.database.transaction() as tx:
        cabinet = await _cabinet(tx, caller, body.device_number)
        name, kinds = callbacks.doors_receiver(cabinet.number)
        await set_receiver(
            tx,
            account_id=caller.account.id,
            dialect=NAME,
            name=name,
            url=url,
            kinds=kinds,
            subject=cabinet.subject,
            settings={callbacks.DOOR_FORM: cabinet.details.get(callbacks.DOOR_FORM)},
        )
    return Reply()


async def door_status(desk: Desk, caller: Caller, body: OfLock) -> Reply:
    """Get device box door open status.

    Says whether the question went out; the door's state follows as a callback.
    """
    async with desk.database.transaction() as tx:
        cabinet = await _cabinet(tx, caller, body.device_number)
        try:
            question = await commands.ask_state(
                tx, account_id=caller.account.id, cabinet=cabinet.number, lock_address=body.lock_address
            )
        except BoxUnknown as error:
            raise LockUnknown(lock_address=body.lock_address) from error
    status, msg = words.outcome(question.refusal)
    return Reply(
        data=LockAnswer(
            app_id=caller.credential.key,
            device_number=cabinet.number,
            lock_address=body.lock_address,
            timestamps=words.unix_s(desk.clock.now()),
            status=status,
            msg=msg,
        )
    )


async def set_save_order(desk: Desk, caller: Caller, body: SetSaveOrder) -> Reply:
    """Set orders that can be saved in.

    No box is reserved, lack of room refuses nothing; an offline cabinet is booked all the same.
    """
    size = words.SIZES[body.box_size]
    async with desk.database.transaction() as tx:
        cabinet = await _cabinet(tx, caller, body.device_number)
        parcel = await commands.book(
            tx,
            account_id=caller.account.id,
            cabinet=cabinet.number,
            order_number=body.order_no,
            box_size=size,
            claimed_by=caller.credential.key,
            dialect=NAME,
            actor=caller.credential.key,
        )
        free = await queries.free_boxes(tx, cabinet_id=cabinet.id, size=size)
    status, msg = words.outcome(cabinet.unwilling)
    return Reply(
        data=SaveOrder(
            app_id=caller.credential.key,
            device_number=cabinet.number,
            timestamps=words.unix_s(desk.clock.now()),
            order_no=parcel.order_number,
            box_name=rows.names(free),
            box_size=size,
            save_code=parcel.save_code,
            pick_code=parcel.key,
            take_code=parcel.key,
            status=status,
            msg=msg,
        )
    )


async def can_save(desk: Desk, caller: Caller, body: CanSave) -> Reply:
    """Get device box doors that can be stored.

    Of exactly that size: nothing larger is offered.
    """
    async with desk.database.transaction(readonly=True) as tx:
        cabinet = await _cabinet(tx, caller, body.device_number)
        free = await queries.free_boxes(tx, cabinet_id=cabinet.id, size=words.SIZES[body.box_size])
    return Reply(data=CanSaveList(can_save_box_list=rows.names(free)), des=EMPTY_LIST_HINT)


async def used_info(desk: Desk, caller: Caller, body: UsedInfoOf) -> Reply:
    """Get device box used info.

    Boxes and orders are counted apart: they do not follow from each other.
    """
    async with desk.database.transaction(readonly=True) as tx:
        cabinet = await _cabinet(tx, caller, body.device_number)
        boxes = await queries.boxes(tx, cabinet_id=cabinet.id)
        parcels = await queries.parcel_counts(tx, cabinet_id=cabinet.id)
    counted = rows.countable(boxes)
    return Reply(
        msg="SUCCESS",
        data=UsedInfo(
            device_number=cabinet.number,
            timestamps=words.unix_s(desk.clock.now()),
            left_box_count=sum(box.usable and not box.full for box in counted),
            used_box_count=sum(box.usable and box.full for box in counted),
            disabled_box_count=sum(not box.usable for box in counted),
            already_sysnc_count=parcels.booked,
            already_save_count=parcels.stored,
            already_take_count=parcels.taken,
            box_size_count=rows.size_counts(boxes),
        ),
    )


async def save_or_take(desk: Desk, caller: Caller, body: SaveOrTake) -> Reply:
    """Express storage and retrieval.

    After a save the box as it was before, after a take the order as it is now.
    """
    number = str(body.device_number)
    who = _Who(account_id=caller.account.id, cabinet=number, asked_by=caller.credential.key, dialect=NAME)
    match body.action_type:
        case "save":
            size = words.SIZES.get(body.box_size or "")
            if size is None:
                raise FieldsInvalid(field="box_size")
            stored = await desk.doors.store(**who, save_code=body.action_code, box_size=size)
            return Reply(data=rows.saved_box(stored.box_before, market_id=caller.account.id, device_number=number))
        case "take":
            taken = await desk.doors.take(**who, key=body.action_code)
        case "take_by_no":
            taken = await desk.doors.take_by_number(**who, number=body.action_code)
    assert taken.parcel is not None, "a take without a parcel"
    return Reply(data=rows.order_row(taken.parcel, device_number=number))


async def save_info(desk: Desk, caller: Caller, body: OfBox) -> Reply:
    """Get device box save order info.

    An array of one.
    """
    async with desk.database.transaction(readonly=True) as tx:
        cabinet = await _cabinet(tx, caller, body.device_number)
        box = await queries.box(tx, cabinet_id=cabinet.id, name=body.box_name)
    return Reply(data=[rows.box_row(box, device_number=cabinet.number)])


async def set_webhook(desk: Desk, caller: Caller, body: SetWebhook) -> Reply:
    """Set Express storage and retrieval Webhook.

    Both are declared required, a known client sends one alone: the other stays as it was.
    """
    wanted = [
        (receiver(caller.credential.key), _address(url))
        for receiver, url in (
            (callbacks.save_receiver, body.save_notify_url),
            (callbacks.take_receiver, body.take_notify_url),
        )
        if url is not None
    ]
    if not wanted:
        raise FieldsInvalid(field="save_notify_url")
    async with desk.database.transaction() as tx:
        for (name, kinds), url in wanted:
            await set_receiver(
                tx,
                account_id=caller.account.id,
                dialect=NAME,
                name=name,
                url=url,
                kinds=kinds,
                credential_id=caller.credential.id,
            )
    return Reply()


async def delete_order(desk: Desk, caller: Caller, body: DeleteOrder) -> Reply:
    """Delete Order.

    `status` is the state the caller believes in; a parcel in a box is never deleted.
    """
    believed = _believed(body.status)
    async with desk.database.transaction() as tx:
        await commands.delete_parcel(
            tx,
            account_id=caller.account.id,
            id=int(body.id),
            believed=believed,
            dialect=NAME,
            actor=caller.credential.key,
        )
    return DELETED


async def delete_order_by_no(desk: Desk, caller: Caller, body: DeleteOrderByNo) -> Reply:
    """Delete Order By Order No.

    A cabinet that is named must be the order's.
    """
    believed = _believed(body.status)
    async with desk.database.transaction() as tx:
        parcel = await queries.parcel_by_number(tx, account_id=caller.account.id, number=body.order_no)
        if body.device_number is not None:
            cabinet = await _cabinet(tx, caller, body.device_number)
            if parcel is not None and parcel.cabinet_id != cabinet.id:
                parcel = None
        if parcel is None:
            raise ParcelUnknown(number=body.order_no)
        await commands.delete_parcel(
            tx,
            account_id=caller.account.id,
            id=parcel.id,
            believed=believed,
            dialect=NAME,
            actor=caller.credential.key,
        )
    return DELETED


async def sink(_desk: Desk, _caller: None, _body: None) -> Reply:
    """User API, and the webhook page's example address: takes what a partner tries callbacks with, keeps nothing."""
    return Reply(msg="ok", des=None)


async def _cabinet(tx: Tx, caller: Caller, device_number: str | int) -> Cabinet:
    """Errors: CabinetUnknown."""
    return await queries.cabinet(tx, account_id=caller.account.id, number=str(device_number))


def _within(sent: int | str, most: int) -> int:
    """From 1 to `most`. Errors: FieldsInvalid."""
    value = int(sent)
    if not 1 <= value <= most:
        raise FieldsInvalid()
    return value


def _believed(status: int | str) -> ParcelState:
    state = words.DELETABLE.get(int(status))
    if state is None:
        raise FieldsInvalid(field="status")
    return state


def _address(url: str) -> str:
    """An address that can be called, or the empty one. Errors: FieldsInvalid."""
    if url == "":
        return url
    try:
        parts = urlsplit(url)
        named = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError as error:
        raise FieldsInvalid(field="url") from error
    if not named or any(sign <= " " for sign in url):
        raise FieldsInvalid(field="url")
    return url
