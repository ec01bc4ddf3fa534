"""An order that was packed before a camera, pictured, and handed over: what evidence is made of."""

from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from crossdock.base.ids import OrderId, SiteId, StaffId
from crossdock.console.evidence import Address, address
from crossdock.core.handover import commands as handover
from crossdock.core.packing.commands import report_many
from crossdock.core.transport import pictures
from crossdock.core.transport.model import NewPicture
from tests.core.packing.conftest import item, report
from tests.film.conftest import Studio
from tests.film.reels import NOON, Reel, reel
from tests.world import ACCOUNT, World

KEY = "029322"
SECOND = timedelta(seconds=1)
SINCE, UNTIL = NOON + 7.3 * SECOND, NOON + 17.3 * SECOND
HOUR = timedelta(hours=1)


@pytest.fixture(scope="session")
def minute(tmp_path_factory: pytest.TempPathFactory) -> Reel:
    return reel(tmp_path_factory.mktemp("reel"), 30)


def png() -> bytes:
    content = BytesIO()
    Image.new("RGB", (320, 200), "#0b5c8a").save(content, "PNG")
    return content.getvalue()


async def collected(world: World, film: Reel, until: datetime = UNTIL) -> OrderId:
    """At a counter, with goods that differ from what was ordered."""
    shipped = await world.pick_up(KEY)
    order_id: OrderId = shipped.order.id
    await Studio(world).keep(film)
    window = {"filmed_from": SINCE, "filmed_to": until, "operator": "S107"}
    async with world.desk.database.transaction() as tx:
        await report_many(tx, [report(shipped.order.number, item(quantity="7"), **window)])
    by = {"account_id": ACCOUNT, "site_id": SiteId(12), "staff_id": StaffId(32)}
    async with world.desk.database.transaction() as tx:
        await handover.prepare(tx, **by, handover_id=shipped.pick_up.id)  # type: ignore[arg-type]
    async with world.desk.database.transaction() as tx:
        await handover.consume(tx, **by, key=KEY)  # type: ignore[arg-type]
    return order_id


async def pictured(world: World, number: str = "L-1") -> OrderId:
    """A parcel that was delivered and photographed."""
    order = await world.parcel(number, f"T-{number}")
    await world.desk.objects.put(f"proof/{number}", png())
    shown = NewPicture(digest=b"x" * 32, object_key=f"proof/{number}", content_type="image/png", name="door")
    async with world.desk.database.transaction() as tx:
        await pictures.prove(tx, account_ids=[ACCOUNT], mailno=f"T-{number}", pictures=[shown])
    return order.id


def at(world: World, order_id: OrderId, *, good_for: timedelta = HOUR) -> str:
    shown = Address(account_id=ACCOUNT, order_id=order_id, expires=world.clock.now() + good_for)
    return address(world.desk, shown).replace("http://127.0.0.1:8080", world.base_url)


def files(folder: Path) -> list[str]:
    return sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file())
