"""What an operator sees of callbacks, and a range of them that goes again, of one account only."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crossdock.base.clock import HeldClock
from crossdock.base.ids import AccountId, ReceiverId
from crossdock.db.database import Database
from crossdock.db.tx import Tx
from crossdock.delivery import commands, listing_sql, queries, resending, sql
from crossdock.delivery.errors import AttemptUnknown, CallbackUnknown, NothingChosen, ReceiverUnknown, RunUnknown
from crossdock.delivery.model import Choice, Which
from tests.delivery.conftest import Make
from tests.delivery.owing import Owing
from tests.delivery.receiver import Partner, Reply

MANY = 20_000
READ_MAX = 300
"""Rows of `callback` that a page may touch, whatever there is."""


async def test_when_a_receiver_last_heard_something(
    make: Make, owing: Owing, partner: Partner, database: Database, clock: HeldClock
) -> None:
    receiver = owing.receiver(partner.url)
    deliverer = make()

    async def told(status: int) -> Any:
        partner.reply = Reply(status=status)
        owing.callback(receiver, f"order:{clock.now()}")
        while await deliverer.drain():
            pass
        async with database.autocommit() as tx:
            found = await queries.receiver(tx, receiver)
        return found.heard_at, found.failed_at, found.failed_why

    first = clock.now()
    assert await told(200) == (first, None, "")
    clock.advance(timedelta(seconds=sql.NOTED_S) - timedelta(microseconds=1))
    assert await told(200) == (first, None, "")
    clock.advance(timedelta(microseconds=1))
    assert await told(200) == (clock.now(), None, "")
    heard = clock.now()
    clock.advance(timedelta(seconds=1))
    assert await told(503) == (heard, clock.now(), "HTTP 503: ok")


async def test_a_range_goes_again_to_its_end_or_until_it_is_stopped(
    owing: Owing, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver = ReceiverId(owing.receiver("http://127.0.0.1:1/"))
    ids = [owing.callback(receiver, f"order:{number}") for number in range(5)]
    owing.rows("UPDATE callback SET state = 'parked' RETURNING id")
    monkeypatch.setattr(commands, "RESENT_AT_ONCE", 2)
    choice = Choice(receiver_id=receiver, states=("parked",))
    by: dict[str, Any] = {"choice": choice, "actor": "ada", "reason": "repaired"}
    async with database.transaction() as tx:
        run = await resending.begin(tx, **by)
        other = await resending.begin(tx, **by)
        await resending.stop(tx, run_id=other.id)
    assert (run.found, run.last_id) == (5, ids[-1])
    late = owing.callback(receiver, "order:9")
    owing.rows("UPDATE callback SET state = 'parked' WHERE id = %s RETURNING id", late)
    assert (await resending.go_on(database, run_id=other.id)).done == 0
    ended = await resending.go_on(database, run_id=run.id)
    assert (ended.state, ended.done, ended.at_id) == ("done", 5, ids[-1])
    assert owing.states() == ["waiting"] * 5 + ["parked"]
    with pytest.raises(NothingChosen):
        async with database.transaction() as tx:
            await resending.begin(tx, **{**by, "choice": Choice(receiver_id=receiver, states=("skipped",))})


async def test_a_time_is_found_among_the_events(owing: Owing, database: Database, clock: HeldClock) -> None:
    receiver = ReceiverId(owing.receiver("http://127.0.0.1:1/"))
    made = []
    for number in range(9):
        made.append((clock.now(), owing.callback(receiver, f"order:{number}")))
        clock.advance(timedelta(hours=1))
    async with database.autocommit() as tx:
        for at, id_ in made:
            choice = Choice(receiver_id=receiver, states=("waiting",), since=at, until=at + timedelta(minutes=1))
            found = await queries.reckoned(tx, choice)
            assert (found.count, found.last_id, found.oldest, found.newest) == (1, id_, at, at)
        whole = Choice(receiver_id=receiver, states=("waiting", "parked"), since=made[2][0], until=made[5][0])
        assert (await queries.reckoned(tx, whole)).count == 3


async def test_counting_ends_somewhere(owing: Owing, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    receiver = ReceiverId(owing.receiver("http://127.0.0.1:1/"))
    for number in range(3):
        owing.callback(receiver, f"order:{number}")
    choice = Choice(receiver_id=receiver, states=("waiting",))
    for most, more in ((3, True), (4, False)):
        monkeypatch.setattr(listing_sql, "RECKONED_MAX", most)
        monkeypatch.setattr(listing_sql, "COUNTED_MAX", most - 1)
        async with database.autocommit() as tx:
            found = await queries.reckoned(tx, choice)
            assert (found.count, found.more) == (3, more)
            assert (await queries.receiver(tx, receiver)).waiting == min(most - 1, 3)


async def test_nobody_sees_or_moves_another_accounts_callbacks(owing: Owing, database: Database) -> None:
    receiver = ReceiverId(owing.receiver("http://127.0.0.1:1/"))
    id_ = owing.callback(receiver)
    owing.rows(
        "INSERT INTO callback_attempt (callback_id, number, started_at, ended_at) VALUES (%s, 1, now(), now())"
        " RETURNING id",
        id_,
    )
    other = owing.account("other")
    choice = Choice(receiver_id=receiver, states=("waiting",))
    async with database.transaction() as tx:
        run = await resending.begin(tx, choice=choice, actor="ada", reason="x")
    pages: dict[str, Any] = {"receiver_id": receiver, "before": listing_sql.NEWEST, "limit": 9}
    orders = [(owing.account_id, 1)]
    for account_id, seen in ((owing.account_id, 1), (other, 0)):
        async with database.autocommit() as tx:
            by: dict[str, Any] = {"account_id": account_id}
            assert len(await listing_sql.receivers(tx, **by, limit=9)) == seen
            assert len((await listing_sql.callbacks(tx, **by, **pages))[0]) == seen
            assert len((await listing_sql.callbacks(tx, **by, **pages, which="waiting"))[0]) == seen
            assert (await listing_sql.callbacks(tx, **by, **pages, which="parked"))[0] == []
            assert (await listing_sql.callbacks(tx, **by, **pages, orders=orders))[0] == []  # type: ignore[arg-type]
            assert len(await listing_sql.tries(tx, **by, callback_id=id_, before=9, limit=9)) == seen
            assert len(await resending.runs_of(tx, **by, receiver_id=receiver)) == seen
            assert (await queries.reckoned(tx, choice, **by)).count == seen
    by = {"account_id": AccountId(other)}
    async with database.transaction() as tx:
        for refused, error in (
            (queries.callback(tx, id_, **by), CallbackUnknown),
            (queries.told(tx, id_, **by), CallbackUnknown),
            (queries.attempt(tx, id_, **by), AttemptUnknown),
            (queries.receiver(tx, receiver, **by), ReceiverUnknown),
            (resending.begin(tx, **by, choice=choice, actor="x", reason="x"), ReceiverUnknown),
            (resending.run(tx, **by, run_id=run.id), RunUnknown),
            (resending.stop(tx, **by, run_id=run.id), RunUnknown),
        ):
            with pytest.raises(error):
                await refused  # type: ignore[misc]


@pytest.fixture
def many(owing: Owing) -> ReceiverId:
    """Of one receiver thousands are delivered, the newest wait, and one in a thousand is dead."""
    receiver = owing.receiver("http://127.0.0.1:9/")
    owing.rows(
        f"""
WITH happened AS (
    INSERT INTO event (account_id, kind, subject, dialect, actor, happened_at, learned_at)
    SELECT %s, 'order.state', 'order:' || n, 'house', '', now(), '2026-01-01'::timestamptz + n * interval '1 minute'
      FROM generate_series(1, {MANY}) AS n
    RETURNING id, account_id, subject, learned_at)
INSERT INTO callback (account_id, receiver_id, event_id, mailbox, state, due_at, created_at)
SELECT account_id, %s, id, subject,
       CASE WHEN id %% 1000 = 0 THEN 'parked' WHEN id > {MANY} - 100 THEN 'waiting' ELSE 'delivered' END,
       '2026-01-01', learned_at FROM happened RETURNING id
""",
        owing.account_id,
        receiver,
    )
    owing._conn.execute("ANALYZE callback")
    return receiver


async def looked_at(
    owing: Owing, database: Database, asking: Callable[[Tx], Awaitable[Any]], monkeypatch: pytest.MonkeyPatch
) -> float:
    """Rows of `callback` that its statements read."""
    asked: list[tuple[Any, dict[str, Any]]] = []
    run = Tx._run

    async def noted(self: Tx, statement: Any, params: dict[str, Any]) -> Any:
        asked.append((statement, params))
        return await run(self, statement, params)

    monkeypatch.setattr(Tx, "_run", noted)
    async with database.transaction() as tx:
        await asking(tx)
    rows = 0.0
    for statement, params in asked:
        text = statement.as_string(owing._conn) if not isinstance(statement, str) else statement
        if "UPDATE" not in text:
            found = owing._conn.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}".encode(), params).fetchone()
            rows += touched(found[0][0]["Plan"])  # type: ignore[index]
    assert rows
    return rows


@pytest.mark.parametrize("which", [None, "delivered", "parked", "waiting"])
@pytest.mark.parametrize("with_receiver", [True, False])
async def test_a_page_reads_what_it_shows(
    owing: Owing,
    database: Database,
    many: ReceiverId,
    which: Which | None,
    with_receiver: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page: dict[str, Any] = {"account_id": None, "which": which, "before": listing_sql.NEWEST, "limit": 51}
    receiver = many if with_receiver else None
    rows = await looked_at(
        owing, database, lambda tx: listing_sql.callbacks(tx, **page, receiver_id=receiver), monkeypatch
    )
    assert rows <= READ_MAX


async def test_receivers_and_a_step_of_a_range_read_what_they_show(
    owing: Owing, database: Database, many: ReceiverId, monkeypatch: pytest.MonkeyPatch
) -> None:
    def receivers(tx: Tx) -> Awaitable[Any]:
        return listing_sql.receivers(tx, account_id=None, limit=51)

    def dead(tx: Tx) -> Awaitable[Any]:
        return sql.chosen(tx, account_id=None, choice=Choice(receiver_id=many, states=("parked",)), after=0, limit=9)

    def an_hour(tx: Tx) -> Awaitable[Any]:
        since = datetime(2026, 1, 5, tzinfo=UTC)
        states: Any = ("delivered", "parked")
        hour = Choice(receiver_id=many, states=states, since=since, until=since + timedelta(hours=1))
        return queries.reckoned(tx, hour)

    for asking, most in ((receivers, READ_MAX), (dead, READ_MAX), (an_hour, 4 * READ_MAX)):
        assert await looked_at(owing, database, asking, monkeypatch) <= most, asking.__name__


def touched(plan: dict[str, Any]) -> float:
    """Rows of `callback` that were read."""
    here = 0.0
    if plan.get("Relation Name") == "callback":
        here = plan["Actual Loops"] * (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0))
    return here + sum(touched(part) for part in plan.get("Plans", []))
