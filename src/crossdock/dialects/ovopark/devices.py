"""open.shopweb.device.*: the cameras of the user's enterprise, and where their film plays."""

from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from crossdock.core.film import queries
from crossdock.core.film.model import Camera
from crossdock.dialects.ovopark import words
from crossdock.dialects.ovopark.asked import counted, department_of, optional_moment, optional_whole, required
from crossdock.dialects.ovopark.errors import DeviceElsewhere, DeviceFixed, DeviceUnknown, FieldMalformed
from crossdock.dialects.ovopark.visitors import Visitor
from crossdock.dialects.ovopark.wire import (
    ChannelRecord,
    DeviceList,
    DeviceRow,
    DeviceState,
    Download,
    Parameters,
    RecordDownload,
    Snapshot,
    Streams,
    VideoDevice,
    VideoDevices,
    VideoPlace,
)
from crossdock.edge.desk import Desk
from crossdock.film import addresses
from crossdock.film.addresses import RATES, SPAN_MAX, play_address

DOWNLOAD_MAX: Final = timedelta(minutes=10)
"""The page's own limit of startRecReqDown."""
LIVE_BACK: Final = timedelta(minutes=1)
"""Film lies in pieces of about ten seconds: what is called live is the minute that ended just now."""
TIMEOUT_DIGITS_MAX: Final = 11
COMMANDS: Final = frozenset({1, 2, 3, 4, 6, 7, 8, 9, 15, 22})
"""`commandValue`: up, down, left, right, stop, closer, away, stop of the field, preset, double-click."""
FILMED, RECORDER_OFFLINE, PLAYBACK_FAILED, REQUEST_FAILED = 0, 1, 2, -1
"""Of the page's states of a download those that can be so here."""


async def get_device_list(desk: Desk, visitor: Visitor, parameters: Parameters) -> DeviceList:
    """open.shopweb.device.getDeviceList v1. Errors: those of _cameras."""
    cameras = await _cameras(desk, visitor, parameters)
    return DeviceList(records=[DeviceRow(id=camera.id, mac="", name=camera.name) for camera in cameras])


async def get_video_device_list(desk: Desk, visitor: Visitor, parameters: Parameters) -> VideoDevices:
    """open.shopweb.device.getVideoDeviceList v1: the way from a station's number to its cameras.

    Errors: those of _cameras.
    """
    cameras = await _cameras(desk, visitor, parameters)
    department = await department_of(desk, visitor.enterprise, dep_id=optional_whole(parameters, "id"), shop_id="")
    server = urlsplit(addresses.base_url(desk, visitor.request))
    port = server.port or (443 if server.scheme == "https" else 80)
    now = desk.clock.now()
    devices = [
        VideoDevice(
            id=camera.id,
            name=camera.name,
            online=int(camera.online(now)),
            media_server_ip=server.hostname or "",
            media_server_port=str(port),
            puid=str(camera.id),
            video_id=camera.id,
            machine_id=camera.station,
        )
        for camera in cameras
    ]
    return VideoDevices(list=[VideoPlace(id=department.id, name=department.name, devices=devices)])


async def get_device_states(desk: Desk, visitor: Visitor, parameters: Parameters) -> DeviceState:
    """open.shopweb.device.getDeviceStates v2. Errors: those of _camera."""
    camera = await _camera(desk, visitor, parameters, "id")
    return DeviceState(online=int(camera.online(desk.clock.now())), name=camera.name)


async def start_play_rec_req(desk: Desk, visitor: Visitor, parameters: Parameters) -> Streams:
    """open.shopweb.device.startPlayRecReq v1. Errors: those of _camera and _span, FieldMalformed."""
    return await _play(desk, visitor, parameters, "id")


async def start_play_rec_req_v3(desk: Desk, visitor: Visitor, parameters: Parameters) -> Streams:
    """open.shopweb.device.startPlayRecReq v3. Errors: as of v1."""
    return await _play(desk, visitor, parameters, "deviceId")


async def download_video(desk: Desk, visitor: Visitor, parameters: Parameters) -> Download:
    """open.device.public.device.v2.downloadVideo v3. Errors: those of _camera and _span."""
    camera = await _camera(desk, visitor, parameters, "deviceId")
    since, until = _span(parameters)
    return Download(tls_fmp4=_clip(desk, visitor, camera, since, until))


async def start_rec_req_down(desk: Desk, visitor: Visitor, parameters: Parameters) -> RecordDownload:
    """open.shopweb.device.startRecReqDown v1: at most DOWNLOAD_MAX. Errors: those of _camera and _span."""
    camera = await _camera(desk, visitor, parameters, "id")
    since, until = _span(parameters, longest=None)
    if until - since > DOWNLOAD_MAX:
        return RecordDownload(status=REQUEST_FAILED)
    async with desk.database.transaction(readonly=True) as tx:
        pieces = await queries.pieces_between(tx, camera.id, since, until)
    if pieces:
        return RecordDownload(status=FILMED, url=_clip(desk, visitor, camera, since, until))
    return RecordDownload(status=PLAYBACK_FAILED if camera.online(desk.clock.now()) else RECORDER_OFFLINE)


async def get_all_chn_detail(desk: Desk, visitor: Visitor, parameters: Parameters) -> list[ChannelRecord]:
    """open.shopweb.device.getAllChnDetail v1: whether there is film in a span of one day.

    Errors: those of _camera and _span.
    """
    camera = await _camera(desk, visitor, parameters, "id")
    since, until = _span(parameters, longest=None)
    if since.astimezone(words.ZONE).date() != until.astimezone(words.ZONE).date():
        raise FieldMalformed(field="endTime")
    async with desk.database.transaction(readonly=True) as tx:
        pieces = await queries.pieces_between(tx, camera.id, since, until)
    return [ChannelRecord(device_id=camera.id, has_record=int(bool(pieces)))]


async def snapshot(desk: Desk, visitor: Visitor, parameters: Parameters) -> Snapshot:
    """open.shopweb.device.snapshot v1. Errors: those of _camera."""
    camera = await _camera(desk, visitor, parameters, "id")
    now = desk.clock.now()
    url = play_address(
        desk, camera_id=camera.id, since=now, until=now, kind="snapshot", now=now, request=visitor.request
    )
    return Snapshot(url=url)


async def start_new_media_play(desk: Desk, visitor: Visitor, parameters: Parameters) -> Streams:
    """open.shopweb.device.startNewMediaPlay v1 and v4: the minute that ended just now, in both streams.

    Errors: FieldMissing, those of _camera, FieldMalformed.
    """
    required(parameters, "isSlave")
    camera = await _camera(desk, visitor, parameters, "deviceId")
    if parameters.business("isSlave") not in ("0", "1"):
        raise FieldMalformed(field="isSlave")
    timeout = parameters.business("timeout")
    if timeout and not (timeout.isascii() and timeout.isdigit() and len(timeout) <= TIMEOUT_DIGITS_MAX):
        raise FieldMalformed(field="timeout")
    permanent = parameters.business("permanent").lower()
    if permanent not in ("", "false", "true"):
        raise FieldMalformed(field="permanent")
    if permanent == "true":
        required(parameters, "timeout")
    now = desk.clock.now()
    return _streams(desk, visitor, camera, now - LIVE_BACK, now)


async def ptz_ctrl_all(desk: Desk, visitor: Visitor, parameters: Parameters) -> None:
    """open.shopweb.device.ptzCtrlAll v1: no camera here can be moved. Errors: as _move."""
    await _move(desk, visitor, parameters, "id")


async def ptz_ctrl_all_v2(desk: Desk, visitor: Visitor, parameters: Parameters) -> None:
    """open.shopweb.device.ptzCtrlAll v2: as v1."""
    await _move(desk, visitor, parameters, "devicesId")


async def _move(desk: Desk, visitor: Visitor, parameters: Parameters, id_field: str) -> None:
    """Errors: FieldMissing, those of _camera, FieldMalformed, and DeviceFixed for what is right."""
    required(parameters, "commandValue")
    await _camera(desk, visitor, parameters, id_field)
    if optional_whole(parameters, "commandValue") not in COMMANDS:
        raise FieldMalformed(field="commandValue")
    for name in ("param1", "param2"):
        optional_whole(parameters, name)
    raise DeviceFixed()


async def _cameras(desk: Desk, visitor: Visitor, parameters: Parameters) -> list[Camera]:
    """Those of the store `id`. Errors: FieldMissing, FieldMalformed, DepartmentUnknown, DepartmentElsewhere."""
    required(parameters, "id")
    department = await department_of(desk, visitor.enterprise, dep_id=optional_whole(parameters, "id"), shop_id="")
    async with desk.database.transaction(readonly=True) as tx:
        return await queries.cameras_of_places(
            tx, account_id=visitor.enterprise.account_id, department_ids=[department.id]
        )


async def _camera(desk: Desk, visitor: Visitor, parameters: Parameters, name: str) -> Camera:
    """Errors: FieldMissing, FieldMalformed, DeviceUnknown, DeviceElsewhere."""
    required(parameters, name)
    device_id = optional_whole(parameters, name)
    assert device_id is not None, "it is required"
    async with desk.database.transaction(readonly=True) as tx:
        camera = await queries.camera_state(tx, device_id)
    if camera is None:
        raise DeviceUnknown()
    department = await desk.accounts.department(camera.department_id)
    if department is None or department.enterprise_id != visitor.enterprise.id:
        raise DeviceElsewhere()
    return camera


def _span(parameters: Parameters, *, longest: timedelta | None = SPAN_MAX) -> tuple[datetime, datetime]:
    """Errors: FieldMissing, FieldMalformed for one that does not run forward or is too long."""
    for name in ("startTime", "endTime"):
        required(parameters, name)
    since, until = optional_moment(parameters, "startTime"), optional_moment(parameters, "endTime")
    assert since is not None, "it is required"
    assert until is not None, "it is required"
    if until <= since or (longest is not None and until - since > longest):
        raise FieldMalformed(field="endTime")
    return since, until


async def _play(desk: Desk, visitor: Visitor, parameters: Parameters, id_field: str) -> Streams:
    camera = await _camera(desk, visitor, parameters, id_field)
    since, until = _span(parameters)
    rate = counted(parameters, "playRate", 1)
    if rate not in RATES:
        raise FieldMalformed(field="playRate")
    return _streams(desk, visitor, camera, since, until, rate=rate)


def _streams(
    desk: Desk, visitor: Visitor, camera: Camera, since: datetime, until: datetime, *, rate: int = 1
) -> Streams:
    hls = play_address(
        desk,
        camera_id=camera.id,
        since=since,
        until=until,
        kind="hls",
        rate=rate,
        now=desk.clock.now(),
        request=visitor.request,
    )
    return Streams(hls=hls, mp4=_clip(desk, visitor, camera, since, until, rate=rate))


def _clip(desk: Desk, visitor: Visitor, camera: Camera, since: datetime, until: datetime, *, rate: int = 1) -> str:
    return play_address(
        desk,
        camera_id=camera.id,
        since=since,
        until=until,
        kind="mp4",
        rate=rate,
        now=desk.clock.now(),
        request=visitor.request,
    )
