"""The claim costs what it takes, not what is waiting."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from crossdock.base.clock import HeldClock
from crossdock.delivery import sql
from tests.delivery.owing import Owing

WAITING = 5_000
LOOKED_AT_MAX = 100
"""Rows of `callback` that a claim of 8 may touch, whatever is waiting."""


@pytest.fixture
def backlog(owing: Owing) -> Owing:
    """Three receivers; one has thousands of mailboxes, one a mailbox of thousands; thousands are delivered."""
    many, long, few = (owing.receiver("http://127.0.0.1:9/", name=name) for name in ("many", "long", "few"))
    owing.callback(few)
    for receiver, mailbox, state in (
        (few, "'order:' || n", "delivered"),
        (many, "'order:' || n", "waiting"),
        (long, "'cabinet:1'", "waiting"),
    ):
        owing.rows(
            f"""
WITH happened AS (
    INSERT INTO event (account_id, kind, subject, dialect, actor, happened_at, learned_at)
    SELECT %s, 'order.state', {mailbox}, 'house', '', now(), now() FROM generate_series(1, {WAITING}) AS n
    RETURNING id, account_id, subject)
INSERT INTO callback (account_id, receiver_id, event_id, mailbox, state, due_at, created_at)
SELECT account_id, %s, id, subject, '{state}', '2026-01-01', now() FROM happened RETURNING id
""",
            owing.account_id,
            receiver,
        )
    owing.rows("UPDATE callback SET due_at = 'infinity' WHERE mailbox = 'cabinet:1' RETURNING id")
    owing._conn.execute("ANALYZE callback")
    return owing


def scans(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if plan.get("Relation Name") == "callback" and "Scan" in plan["Node Type"]:
        yield plan
    for part in plan.get("Plans", []):
        yield from scans(part)


def looked_at(owing: Owing, statement: str, params: dict[str, Any]) -> float:
    found = owing._conn.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", params).fetchone()
    plan = found[0] if isinstance(found[0], list) else json.loads(found[0])
    touched = list(scans(plan[0]["Plan"]))
    assert touched
    assert {scan["Node Type"] for scan in touched} <= {"Index Scan", "Index Only Scan"}
    return sum(
        scan["Actual Loops"] * (scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0)) for scan in touched
    )


def test_finding_who_is_owed_touches_a_row_or_two_of_each(backlog: Owing, clock: HeldClock) -> None:
    assert looked_at(backlog, sql._OWING, {"dialects": ["test"], "now": clock.now()}) < LOOKED_AT_MAX


def test_claiming_touches_what_it_takes(backlog: Owing, clock: HeldClock) -> None:
    receivers = [row.id for row in backlog.rows("SELECT id FROM receiver ORDER BY id")]
    params = {
        "receiver_ids": receivers,
        "slots": [3] * len(receivers),
        "look_factor": sql.LOOK_FACTOR,
        "now": clock.now(),
        "until": clock.now(),
    }
    assert looked_at(backlog, sql._CLAIM, params) < LOOKED_AT_MAX
