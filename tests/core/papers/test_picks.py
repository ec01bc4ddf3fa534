"""The pick list of a wave."""

import pytest

from crossdock.core.papers import gathering
from crossdock.core.papers.printing import printed
from crossdock.core.picking.errors import WaveUnknown
from tests.core.papers.reading import codes, pages
from tests.core.picking.conftest import floor as floor
from tests.core.picking.floor import HERE, Floor
from tests.world import SHOP


async def test_what_is_still_to_be_fetched_in_walking_order(floor: Floor) -> None:
    for code in ("A-01", "A-02"):
        await floor.shelve("00131031", 1, code)
    order = await floor.order("N-1", {"00131031": 2})
    wave = await floor.wave()
    paper = await floor.do(gathering.pick_list, wave_id=wave.id)
    assert [(line.location, line.quantity) for line in paper.lines] == [("A-02", 1), ("A-01", 1)]
    [page] = pages(printed(paper, "pdf"))
    # The reader takes two equal codes, one above the other, for one.
    assert set(codes(page)) == {str(wave.id), "A-02", "A-01", str(order.id)}
    for asked in ({"wave_id": 0}, {"wave_id": wave.id, "site_id": SHOP}, {"wave_id": wave.id, "account_id": 48}):
        with pytest.raises(WaveUnknown):
            await floor.do(gathering.pick_list, **{**HERE, **asked})
