"""Bar codes that a scanner reads."""

from io import BytesIO
from typing import Any

import httpx
import pytest
import zxingcpp
from PIL import Image

from crossdock.dialects.birdsystem import labels
from tests.dialects.birdsystem.calls import WHO, Erp, failure
from tests.world import World


@pytest.fixture
def erp(world: World) -> Erp:
    return Erp(world.client)


async def ask(world: World, id_: Any, **query: Any) -> httpx.Response:
    return await world.client.get(f"/client/Printer/Barcode/{id_}", headers=WHO, params=query)


async def test_the_id_of_a_consignment_in_code_128(world, erp) -> None:
    consignment = await erp.create()
    answer = await ask(world, consignment["id"], barHeight=25)
    assert answer.headers["content-type"] == "image/png"
    picture = Image.open(BytesIO(answer.content))
    assert (picture.format, picture.height) == ("PNG", 25)
    [code] = zxingcpp.read_barcodes(picture)
    assert (code.text, code.format.name) == (str(consignment["id"]), "Code128")


async def test_25_is_what_is_meant_without_a_height(world, erp) -> None:
    consignment = await erp.create()
    without, with_ = await ask(world, consignment["id"]), await ask(world, consignment["id"], barHeight=25)
    assert without.content == with_.content


@pytest.mark.parametrize("height_px", [labels.HEIGHT_PX_MIN, labels.HEIGHT_PX_MAX])
async def test_the_lowest_and_the_highest_are_read(world, erp, height_px: int) -> None:
    consignment = await erp.create()
    picture = Image.open(BytesIO((await ask(world, consignment["id"], barHeight=height_px)).content))
    assert picture.height == height_px
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [str(consignment["id"])]


@pytest.mark.parametrize("height", [labels.HEIGHT_PX_MIN - 1, labels.HEIGHT_PX_MAX + 1, "tall"])
async def test_no_height(world, erp, height: Any) -> None:
    consignment = await erp.create()
    answer = await ask(world, consignment["id"], barHeight=height)
    assert answer.json() == failure("Invalid value for barHeight")


@pytest.mark.parametrize("id_", ["1", "abc", "9" * 19, "9" * 18])
async def test_no_consignment(world, id_: str) -> None:
    assert (await ask(world, id_)).json() == failure("can't find the record")


async def test_a_dispatch_is_no_consignment(world) -> None:
    dispatch = await world.order(kind="inbound", state="announced", type="NORMAL")
    assert (await ask(world, dispatch.id)).json() == failure("can't find the record")


async def test_only_with_a_key(world, erp) -> None:
    consignment = await erp.create()
    answer = await world.client.get(f"/client/Printer/Barcode/{consignment['id']}")
    assert answer.json() == failure("Login Required!")
