"""Buyers are told although the process that tells them is killed in the middle."""

import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import pytest

from tests.journeys.conftest import MakePlace

NOTICES: Final = 60
MIDDLE: Final = 20
OWE: Final = """
WITH waiting AS (
    INSERT INTO handover (account_id, site_id, place, order_number, state, key, prepared_at, created_at, updated_at)
    SELECT 47, 12, 'shop', 'N-' || n, 'unused', lpad(n::text, 6, '0'), now(), now(), now()
      FROM generate_series(1, %(count)s) n RETURNING id)
INSERT INTO notice (account_id, handover_id, kind, occasion, channel, recipient, language, due_at, created_at)
SELECT 47, id, 'ready', now(), 'sms', '13800000001', 'zh', now(), now() FROM waiting
"""
TIME_PASSES: Final = "UPDATE notice SET claimed_until = least(claimed_until, now()) WHERE state = 'waiting'"


@pytest.mark.timeout(150)
def test_a_worker_is_killed_in_the_middle(make_place: MakePlace, demo_data: Any) -> None:
    heard: list[str] = []
    enough, killed = threading.Event(), threading.Event()

    class Provider(BaseHTTPRequestHandler):
        """Takes some, then keeps the rest waiting until nobody waits any more."""

        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["content-length"])))
            heard.append(said["id"])
            if len(heard) >= MIDDLE:
                enough.set()
                killed.wait()
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    place = make_place(
        data=demo_data,
        CROSSDOCK_SMS_URL=f"http://127.0.0.1:{server.server_address[1]}/sms",
        CROSSDOCK_SMS_SECRET="s",
    )
    try:
        first = place.serve()
        place.rows(OWE, count=NOTICES)
        place.rows("NOTIFY crossdock, 'notices'")
        place.until(enough.is_set)
        first.kill()
        killed.set()
        place.serve()
        place.rows(TIME_PASSES)
        place.until(lambda: not place.rows("SELECT 1 FROM notice WHERE state = 'waiting' LIMIT 1"))
    finally:
        killed.set()
        server.shutdown()
        server.server_close()
    assert place.rows("SELECT state, count(*) FROM notice GROUP BY state") == [("sent", NOTICES)]
    told = Counter(heard)
    assert len(told) == NOTICES, "nobody is forgotten"
    assert max(told.values()) == 2, "who was being told at that moment is told again, and nobody else"
    assert sum(times == 2 for times in told.values()) <= MIDDLE
