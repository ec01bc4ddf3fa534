"""What a real server writes while it is asked."""

import signal

import httpx

from tests.journeys.processes import Place

TOKEN = "5ec2e7" * 6 + "beef"


def test_the_token_of_a_buyers_page_is_written_nowhere(place: Place) -> None:
    server = place.serve()
    for path in (f"/t/{TOKEN}", f"/t/{TOKEN}/more", f"/t/{TOKEN}%00"):
        assert httpx.get(place.base_url + path).status_code == 404
    server.tell(signal.SIGTERM)
    server.wait()
    written = server.out + server.err
    assert "PathUnknown" in written
    assert TOKEN not in written
