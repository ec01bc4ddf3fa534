"""`crossdock journey --once` on a new place, and once more on what it left."""

import re

import pytest

from tests.journeys.conftest import MakePlace

APIS = ("birdsystem", "bestwond", "heidian", "hongxun", "ovopark")


@pytest.mark.timeout(150)
def test_it_can_be_played_again_and_again_on_the_same_data(make_place: MakePlace) -> None:
    place = make_place()

    first = place.run("journey", "--once")
    second = place.run("journey", "--once")

    for played in (first, second):
        assert played.code == 0, played.err
        steps = re.findall(r"│ +\d+ │ .+? │ (\w+) +│", played.out)
        assert set(steps) == {*APIS, "warehouse"}
        assert all(steps.count(api) > 1 for api in APIS)
        timelines = re.findall(r"^Order \d{16}, (to the \w+)", played.out, re.MULTILINE)
        assert timelines == ["to the locker", "to the shop"]
        for kind in ("order.placed", "packing.reported", "handover.taken", "handover.used", "order.delivered"):
            assert f" {kind} " in played.out
        assert "Traceback" not in played.out + played.err
    proved = place.run("verify")
    assert proved.code == 0, proved.out
    assert place.postgres.pid is None, "nothing is left running"
