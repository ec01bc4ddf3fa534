"""A thousand callbacks, and the process that delivers them is killed in the middle."""

from collections import Counter, defaultdict
from typing import Any, Final

import pytest

from tests.journeys.processes import TIME_PASSES, Place, alive, children_of
from tests.journeys.receiver import PartnerServer

ORDERS: Final = 500
"""Two callbacks each."""
MIDDLE: Final = 300
OWE: Final = """
WITH heard AS (
    UPDATE receiver SET url = %(url)s, kinds = '{}', settings = '{"batch_callback": true}'
     WHERE dialect = 'hongxun' RETURNING id, account_id),
happened AS (
    INSERT INTO event (account_id, kind, subject, order_id, dialect, actor, facts, happened_at, learned_at)
    SELECT account_id, (ARRAY['inbound.received', 'inbound.closed'])[part], 'order:' || number, number, 'house', '',
           jsonb_build_object('number', 'RK' || number, 'type', '10', 'batch', 1, 'ordered', 1, 'received', 1,
                              'site', 'WH-GZ01', 'sub_inventory', 'OWN-A', 'lines', '[]'::jsonb), now(), now()
      FROM heard CROSS JOIN generate_series(1, %(orders)s) AS number CROSS JOIN generate_series(1, 2) AS part
     ORDER BY number, part
    RETURNING id, account_id, order_id)
INSERT INTO callback (account_id, receiver_id, event_id, mailbox, due_at, created_at)
SELECT happened.account_id, heard.id, happened.id, 'order:' || order_id, now(), now()
  FROM happened, heard ORDER BY happened.id
"""


@pytest.mark.timeout(150)
@pytest.mark.parametrize("command", [["serve"], ["serve", "--workers", "2"]], ids=["one process", "several"])
def test_a_worker_is_killed_in_the_middle(place: Place, command: list[str]) -> None:
    with PartnerServer() as partner:
        first = place.serve(*command[1:])
        place.rows(OWE, url=f"http://127.0.0.1:{partner.port}/hongxun", orders=ORDERS)
        place.rows("NOTIFY callbacks")
        place.until(lambda: len(partner.heard) >= MIDDLE)
        others = children_of(first) if "--workers" in command else []
        first.kill()
        place.until(lambda: not [pid for pid in others if alive(pid)])  # they end the database, too
        assert MIDDLE <= len(partner.heard) < 2 * ORDERS, "it was in the middle"

        place.serve()
        place.rows(TIME_PASSES)  # once: the claims of the dead run out, those of the living do not
        place.until(lambda: not place.rows("SELECT 1 FROM callback WHERE state = 'waiting' LIMIT 1"))

        heard = [(path, said["request"]) for path, said in partner.heard]
    assert place.rows("SELECT state, count(*) FROM callback GROUP BY state") == [("delivered", 2 * ORDERS)]
    said = defaultdict[tuple[str, str], list[Any]](list)
    for path, request in heard:
        said[path, request["customerNumber"]].append(request)
    assert len(said) == 2 * ORDERS, "nothing is lost"
    assert all(request == requests[0] for requests in said.values() for request in requests), "repeats say the same"
    confirmed = [request["callbackBatchId"] for path, request in heard if path.endswith("/inOrderConfirm")]
    assert max(Counter(confirmed).values()) <= 2, "only what was in flight is told again"
    for number in {request["customerNumber"] for _, request in heard}:
        first_paths = [path for path, request in heard if request["customerNumber"] == number]
        assert first_paths[0].endswith("/inOrderConfirm"), "in the order of the order's own events"
    assert place.findings() == []
