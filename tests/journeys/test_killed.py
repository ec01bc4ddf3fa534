"""kill -9 in the middle of a journey: nothing that was said is lost, nothing is half done, and the house goes on."""

import signal
from urllib.parse import urlsplit

import pytest

from tests.journeys.processes import Place, Running, kill_postgres
from tests.journeys.receiver import PartnerServer

RECEIVED = "SELECT 1 FROM event WHERE kind = 'inbound.received'"
HEARD = "SELECT 1 FROM callback WHERE state = 'delivered'"
STORED = "SELECT 1 FROM event WHERE kind = 'handover.stored'"

OWED_NOTHING_FOR = """
SELECT e.kind FROM event e
 WHERE (e.kind LIKE 'inbound.%%' OR e.kind LIKE 'outbound.%%')
   AND NOT EXISTS (SELECT 1 FROM callback c WHERE c.event_id = e.id)
"""
"""The demo's receiver is told of all of these."""


def journey_cut_short(place: Place, moment: str) -> tuple[Running, Running]:
    """A server and a journey against it that has just come to `moment`, a statement that finds a row then."""
    server = place.serve()
    playing = place.start("journey", "--once")
    place.until_row(moment)
    return server, playing


def stopped_early(playing: Running, *codes: int) -> None:
    """It found out by itself, or still waits for a callback and is told."""
    playing.tell(signal.SIGINT)
    assert playing.wait().code in (1, 128 + signal.SIGINT, *codes), "it was in the middle"
    assert "Traceback" not in playing.out + playing.err


def goes_on(place: Place) -> None:
    """Every callback that is owed arrives, the books agree, and a new journey passes."""
    assert place.findings() == []
    assert place.rows(OWED_NOTHING_FOR) == []
    # The journey that stopped took its partner with it: the same address listens again.
    address = place.value("SELECT url FROM receiver WHERE dialect = 'hongxun'")
    with PartnerServer(urlsplit(address).port or 0) as partner:
        owed = place.value("SELECT count(*) FROM callback WHERE state = 'waiting'")
        place.until_told()
        skipped = place.value("SELECT count(*) FROM callback WHERE state = 'skipped'")
        assert place.rows("SELECT 1 FROM callback WHERE state NOT IN ('delivered', 'skipped')") == []
        assert len(partner.heard) >= owed - skipped
    again = place.run("journey", "--once")
    assert again.code == 0, again.out
    assert place.findings() == []


@pytest.mark.timeout(150)
@pytest.mark.parametrize("moment", [RECEIVED, HEARD, STORED], ids=["received", "heard", "stored"])
def test_the_server_is_killed(place: Place, moment: str) -> None:
    server, playing = journey_cut_short(place, moment)

    server.kill()

    stopped_early(playing)
    place.serve()
    goes_on(place)


@pytest.mark.timeout(150)
def test_postgres_itself_is_killed(place: Place) -> None:
    """A journey that only waits for a callback at that moment may not even notice."""
    server, playing = journey_cut_short(place, HEARD)

    kill_postgres(place.postgres)

    place.until(lambda: place.postgres.pid is not None)
    stopped_early(playing, 0)
    place.until(lambda: place.health() == 200)
    assert not server.ended, "the server has started it again by itself"
    goes_on(place)
