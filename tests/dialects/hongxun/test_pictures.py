"""Pictures of signatures: kept once, in a folder or by S3, before their rows."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

from crossdock.base import objects
from crossdock.base.errors import Unavailable
from crossdock.base.objects import ObjectMissing, Objects, StorageWrong
from crossdock.dialects.hongxun.pictures import PICTURE_BYTES_MAX, PICTURES_MAX, URL_CHARS_MAX, content_type
from tests.dialects.hongxun.samples import sign
from tests.dialects.hongxun.test_calls import post
from tests.world import World

PATH = "/dtc/tms/carrierSignImagePush"
JPEG = b"\xff\xd8\xff\xe0"
BUCKET = "pictures"


async def push(world: World, *infos: Any, type_: str = "imageBase64") -> tuple[int, str]:
    request = {"mailno": "DEMO000123456", "imageType": type_, "imageInfos": list(infos)}
    answer = await post(world, PATH, sign(request, create_by="CARRIER01", data_source="CARRIER_TMS"))
    return answer["code"], answer["message"]


def shown(picture: bytes) -> dict[str, str]:
    return {"imageContent": base64.b64encode(picture).decode()}


@pytest.fixture
async def parcel(world: World) -> World:
    await world.parcel("CK1", "DEMO000123456")
    return world


@pytest.mark.parametrize(("size", "code"), [(PICTURE_BYTES_MAX, 200), (PICTURE_BYTES_MAX + 1, 400)])
async def test_how_large_a_picture_may_be(parcel: World, size: int, code: int) -> None:
    assert (await push(parcel, shown(JPEG + bytes(size - len(JPEG)))))[0] == code


@pytest.mark.parametrize(("count", "code"), [(PICTURES_MAX, 200), (PICTURES_MAX + 1, 400), (0, 400)])
async def test_how_many_pictures_one_message_may_hold(parcel: World, count: int, code: int) -> None:
    assert (await push(parcel, *(shown(JPEG + bytes([number])) for number in range(count))))[0] == code


@pytest.mark.parametrize(("chars", "code"), [(URL_CHARS_MAX, 200), (URL_CHARS_MAX + 1, 400)])
async def test_how_long_an_address_may_be(parcel: World, chars: int, code: int) -> None:
    address = "https://files.example/".ljust(chars, "x")
    assert (await push(parcel, {"imageUrl": address}, type_="imageUrl"))[0] == code


@pytest.mark.parametrize("address", ["ftp://files.example/1.jpg", "file:///etc/passwd", "javascript:1"])
async def test_what_is_no_address_of_a_picture(parcel: World, address: str) -> None:
    assert (await push(parcel, {"url": address}, type_="imageUrl"))[0] == 400


async def test_nothing_is_kept_of_a_message_with_one_wrong_picture(parcel: World) -> None:
    answer = await push(parcel, shown(JPEG), {"imageContent": "%%%"}, {"remark": "none"})
    assert answer == (
        400,
        "参数错误:request.imageInfos[1].imageContent 不是有效的base64;request.imageInfos[2].imageContent 不能为空",
    )
    assert await parcel.rows("SELECT count(*) FROM proof_picture") == [(0,)]
    folder = parcel.desk.config.var / objects.FOLDER
    assert [path for path in folder.rglob("*") if path.is_file()] == []


async def test_the_same_picture_twice_is_one(parcel: World) -> None:
    await push(parcel, shown(JPEG), shown(JPEG))
    await push(parcel, {"image": "data:image/jpeg;base64,/9j/\r\n4A=="})
    assert await parcel.rows("SELECT name, content_type, size_bytes FROM proof_picture") == [("", "image/jpeg", 4)]
    assert await parcel.rows("SELECT count(*) FROM event WHERE kind = 'order.pictured'") == [(1,)]
    [(key,)] = await parcel.rows("SELECT object_key FROM proof_picture")
    assert await parcel.desk.objects.get(key) == JPEG


def test_what_a_picture_is() -> None:
    assert content_type(b"%PDF-1.7") == "application/pdf"
    assert content_type(b"hello") == "application/octet-stream"


# The storage ----------------------------------------------------------------------


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "invented")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "invented")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    yield f"s3://{BUCKET}/house"
    server.stop()


async def test_s3_keeps_what_it_is_given(s3: str, tmp_path: Any) -> None:
    import boto3

    boto3.client("s3").create_bucket(Bucket=BUCKET)
    storage = Objects(s3, var=tmp_path)
    await storage.put("proofs/ab/1", JPEG)
    assert await storage.get("proofs/ab/1") == JPEG
    with pytest.raises(ObjectMissing):
        await storage.get("proofs/ab/2")
    assert list(tmp_path.iterdir()) == []


async def test_a_bucket_that_is_not_there_is_no_success(s3: str, tmp_path: Any) -> None:
    with pytest.raises(Unavailable):
        await Objects(s3.replace(BUCKET, "not-there"), var=tmp_path).put("proofs/ab/1", JPEG)


async def test_a_folder_keeps_what_it_is_given(tmp_path: Any) -> None:
    storage = Objects(None, var=tmp_path)
    await storage.put("proofs/ab/1", JPEG)
    assert (tmp_path / objects.FOLDER / "proofs" / "ab" / "1").read_bytes() == JPEG
    assert await storage.get("proofs/ab/1") == JPEG
    with pytest.raises(ObjectMissing):
        await storage.get("proofs/ab/2")


@pytest.mark.parametrize("url", ["nowhere", "s3:", "x://y"])
def test_no_storage(url: str, tmp_path: Any) -> None:
    with pytest.raises(StorageWrong):
        Objects(url, var=tmp_path)
