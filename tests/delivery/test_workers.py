"""Several workers, killed workers, dead receivers, and a database that goes away."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta

import psycopg
import pytest
from structlog.testing import capture_logs

from crossdock.base.clock import HeldClock
from crossdock.db import database as database_module
from crossdock.db.database import Database
from crossdock.db.signals import Signals
from crossdock.delivery.share import (
    IN_FLIGHT_MAX,
    IN_FLIGHT_OF_FAILING_MAX,
    IN_FLIGHT_OF_RECEIVER_MAX,
)
from crossdock.delivery.worker import LEASE_MARGIN_S, Deliverer
from tests.delivery.conftest import Make, plain_sender
from tests.delivery.owing import Owing
from tests.delivery.receiver import Partner, Reply
from tests.postgres import address_in, name_in

A_MOMENT = timedelta(microseconds=1)
LEASE = timedelta(seconds=plain_sender().timeout_s + LEASE_MARGIN_S)


@asynccontextmanager
async def running(*deliverers: Deliverer) -> AsyncIterator[None]:
    """They run inside; leaving stops them, after what is in flight has been noted."""
    tasks = [asyncio.create_task(deliverer.run()) for deliverer in deliverers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.02)


async def test_two_workers_never_send_the_same_or_one_mailbox_at_a_time(
    make: Make, owing: Owing, partner: Partner, database_url: str, clock: HeldClock
) -> None:
    receivers = [owing.receiver(partner.url, name=f"erp {number}") for number in range(3)]
    for number in range(90):
        owing.callback(receivers[number % 3], f"order:{number % 15}")

    async with Database(database_url, clock) as other, running(make(), make(on=other)):
        await partner.has_heard(90)

    assert Counter(partner.numbers) == Counter(range(1, 91))
    assert partner.in_flight_max["order:0"] == 1
    assert max(count for lane, count in partner.in_flight_max.items() if lane != "all") == 1
    for mailbox in range(15):
        said = [heard.said["n"] for heard in partner.heard if heard.said["mailbox"] == f"order:{mailbox}"]
        assert said == sorted(said)
    assert set(owing.states()) == {"delivered"}
    assert len(owing.tries()) == 90


async def test_two_claims_at_once_share_and_never_double(
    make: Make, owing: Owing, partner: Partner, database_url: str, clock: HeldClock
) -> None:
    receiver = owing.receiver(partner.url)
    for number in range(2 * IN_FLIGHT_OF_RECEIVER_MAX):
        owing.callback(receiver, f"order:{number}")
    async with Database(database_url, clock) as other:
        tried = await asyncio.gather(make().drain(), make(on=other).drain())

    assert sum(tried) == len(partner.heard) == len(set(partner.numbers))
    assert partner.heard


async def test_a_killed_workers_callback_is_sent_again_when_its_claim_ends(
    make: Make, owing: Owing, partner: Partner, clock: HeldClock
) -> None:
    owing.callback(owing.receiver(partner.url))
    owing.callback(owing.receiver(partner.url, name="till"), "order:2")
    partner.open.clear()
    killed = asyncio.create_task(make().drain())
    await partner.has_heard(2)
    killed.cancel()
    with suppress(asyncio.CancelledError):
        await killed
    partner.open.set()
    assert owing.states() == ["waiting", "waiting"]

    other = make()
    assert await other.drain() == 0
    clock.advance(LEASE - A_MOMENT)
    assert await other.drain() == 0
    clock.advance(A_MOMENT)
    assert await other.drain() == 2

    assert owing.states() == ["delivered", "delivered"]
    assert sorted(partner.numbers) == [1, 1, 2, 2]


async def test_who_comes_back_after_its_claim_ended_settles_nothing_but_keeps_its_try(
    make: Make, owing: Owing, partner: Partner, clock: HeldClock
) -> None:
    owing.callback(owing.receiver(partner.url))
    partner.open.clear()
    partner.script.append(Reply(status=500, body=b"late"))
    slow = asyncio.create_task(make().drain())
    await partner.has_heard(1)
    clock.advance(LEASE)
    second = asyncio.create_task(make().drain())
    await partner.has_heard(2)
    partner.open.set()
    await asyncio.gather(slow, second)

    assert owing.states() == ["delivered"]
    assert sorted((one.number, one.status) for one in owing.tries()) in (
        [(1, 500), (2, 200)],
        [(1, 200), (2, 500)],
    )


async def test_a_dead_receiver_with_hundreds_waiting_harms_nobody(make: Make, owing: Owing, partner: Partner) -> None:
    async with Partner() as dead:
        dead.open.clear()
        dead.reply = Reply(status=503)
        dead_id = owing.receiver(dead.url, name="dead")
        for number in range(300):
            owing.callback(dead_id, f"order:{number}")
        alive_id = owing.receiver(partner.url, name="alive")
        for number in range(30):
            owing.callback(alive_id, f"order:{number % 10}")

        async with running(make(plain_sender(timeout_s=600))):
            await partner.has_heard(30)
            await dead.has_heard(IN_FLIGHT_OF_RECEIVER_MAX)
            assert len(dead.heard) == IN_FLIGHT_OF_RECEIVER_MAX
            dead.open.set()
            await dead.has_heard(300)

    assert dead.in_flight_max["all"] <= IN_FLIGHT_OF_RECEIVER_MAX
    assert Counter(owing.states()) == {"waiting": 300, "delivered": 30}


async def test_more_dead_receivers_than_sends_leave_room_for_a_living_one(
    make: Make, owing: Owing, partner: Partner
) -> None:
    async with Partner() as dead:
        dead.open.clear()
        for name in range(IN_FLIGHT_MAX):
            receiver = owing.receiver(dead.url, name=f"dead {name}")
            for number in range(3):
                owing.callback(receiver, f"order:{number}")
        deliverer = make(plain_sender(timeout_s=0.5), rest_s=0)
        assert await deliverer.drain() == IN_FLIGHT_MAX

        owing.callback(owing.receiver(partner.url, name="alive"))
        tried = await deliverer.drain()

    assert partner.numbers == [3 * IN_FLIGHT_MAX + 1]
    assert tried == IN_FLIGHT_MAX // 2 + 1


async def test_who_did_not_answer_is_asked_by_one_send_until_it_does(
    make: Make, owing: Owing, partner: Partner
) -> None:
    receiver = owing.receiver(partner.url)
    for number in range(40):
        owing.callback(receiver, f"order:{number}")
    deliverer = make(plain_sender(timeout_s=0.3), rest_s=0)
    partner.open.clear()
    assert await deliverer.drain() == IN_FLIGHT_OF_RECEIVER_MAX
    assert await deliverer.drain() == IN_FLIGHT_OF_FAILING_MAX

    partner.open.set()
    assert await deliverer.drain() == IN_FLIGHT_OF_FAILING_MAX
    assert await deliverer.drain() == IN_FLIGHT_OF_RECEIVER_MAX


async def test_who_did_not_answer_is_left_alone_for_a_while(make: Make, owing: Owing, partner: Partner) -> None:
    receiver = owing.receiver(partner.url)
    for number in range(40):
        owing.callback(receiver, f"order:{number}")
    owing.callback(owing.receiver("http://127.0.0.1:1/", name="dead"), "order:1")
    owing.callback(owing.receiver("http://127.0.0.1:1/", name="dead too"), "order:1")
    deliverer = make(rest_s=3_600)
    await deliverer.drain()
    heard = len(partner.heard)
    assert await deliverer.drain() == IN_FLIGHT_OF_RECEIVER_MAX
    assert (len(partner.heard), len(owing.tries())) == (heard + IN_FLIGHT_OF_RECEIVER_MAX, heard + 8 + 2)


async def test_a_worker_wakes_for_what_is_signalled_and_for_what_becomes_due(
    make: Make, owing: Owing, partner: Partner, clock: HeldClock, database: Database
) -> None:
    receiver = owing.receiver(partner.url)
    partner.script.append(Reply(status=500))
    async with running(make()):
        owing.callback(receiver)
        async with database.transaction() as tx:
            await tx.notify("callbacks")
        await partner.has_heard(1)
        await until(lambda: len(owing.tries()) == 1)
        clock.advance(timedelta(seconds=60))
        await partner.has_heard(2)

    assert owing.states() == ["delivered"]


@pytest.mark.parametrize("turns", range(6))
async def test_a_worker_that_is_woken_and_stopped_at_once_stops(make: Make, database: Database, turns: int) -> None:
    class Woken(Signals):
        @contextmanager
        def waiting_for(self, topic: str) -> Iterator[asyncio.Event]:
            yield woken

    woken = asyncio.Event()
    task = asyncio.create_task(make(signals=Woken("")).run())
    await asyncio.sleep(0.1)
    woken.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()

    done, _ = await asyncio.wait([task], timeout=30)
    assert done == {task}


async def test_connections_killed_in_mid_run_lose_nothing(
    make: Make, owing: Owing, partner: Partner, database_url: str
) -> None:
    receivers = [owing.receiver(partner.url, name=f"erp {number}") for number in range(4)]
    for number in range(120):
        owing.callback(receivers[number % 4], f"order:{number % 40}")

    async with running(make()):
        for heard in (10, 40, 70, 100):
            await partner.has_heard(heard)
            partner.open.clear()
            # Those killed a moment ago may not be back yet.
            await until(lambda: kill_connections(database_url) >= 1)
            partner.open.set()
        await until(lambda: set(owing.states()) == {"delivered"})

    assert set(partner.numbers) == set(range(1, 121))
    for mailbox in range(40):
        firsts = list(
            dict.fromkeys(one.said["n"] for one in partner.heard if one.said["mailbox"] == f"order:{mailbox}")
        )
        assert firsts == sorted(firsts)


async def test_a_lost_database_is_one_line_and_work_goes_on_when_it_is_back(
    make: Make,
    owing: Owing,
    partner: Partner,
    database_url: str,
    clock: HeldClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(database_module, "POOL_WAIT_S_MAX", 0.3)
    receiver = owing.receiver(partner.url)
    with capture_logs() as logs:
        async with Database(database_url, clock) as database, running(make(on=database)):
            owing.callback(receiver)
            await partner.has_heard(1)
            await until(lambda: owing.states() == ["delivered"])

            allow_connections(database_url, False)
            kill_connections(database_url)
            await until(lambda: "callbacks wait" in [line["event"] for line in logs])
            owing.callback(receiver)
            await asyncio.sleep(0.5)  # several questions to the lost database, and no second line
            allow_connections(database_url, True)
            await partner.has_heard(2)
            await until(lambda: owing.states() == ["delivered"] * 2)

    told = [line for line in logs if line["event"].startswith("callbacks")]
    assert [line["event"] for line in told] == ["callbacks wait", "callbacks go on"]
    assert told[0]["cause"] == "DatabaseUnavailable"


async def test_what_a_lost_database_kept_from_being_noted_is_noted_when_it_is_back(
    make: Make, owing: Owing, partner: Partner, database_url: str
) -> None:
    owing.callback(owing.receiver(partner.url))
    partner.open.clear()
    drained = asyncio.create_task(make().drain())
    await partner.has_heard(1)
    allow_connections(database_url, False)
    kill_connections(database_url)
    partner.open.set()
    await until(lambda: partner.bytes_sent > 0)
    allow_connections(database_url, True)

    assert await drained == 1
    assert owing.states() == ["delivered"]
    assert len(partner.heard) == len(owing.tries()) == 1


async def test_a_worker_that_starts_wakes_what_was_orphaned_by_hand(
    make: Make, owing: Owing, partner: Partner
) -> None:
    receiver = owing.receiver(partner.url)
    first = owing.callback(receiver)
    owing.callback(receiver)
    partner.script.append(Reply(status=500))
    deliverer = make(plain_sender(waits_s=()))
    while await deliverer.drain():
        pass
    owing.rows("DELETE FROM callback_attempt RETURNING id")
    owing.rows("DELETE FROM callback WHERE id = %s RETURNING id", first)
    assert await deliverer.drain() == 0

    async with running(make()):
        await partner.has_heard(2)

    assert owing.states() == ["delivered"]


def kill_connections(url: str) -> int:
    """End every connection of the program, not the test's own; how many there were."""
    with psycopg.connect(address_in(url, "postgres"), autocommit=True) as conn:
        found = conn.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = %s AND application_name LIKE 'crossdock%%'",
            (name_in(url),),
        ).fetchone()
    assert found is not None
    return int(found[0])


def allow_connections(url: str, allowed: bool) -> None:
    with psycopg.connect(address_in(url, "postgres"), autocommit=True) as conn:
        conn.execute(f'ALTER DATABASE "{name_in(url)}" ALLOW_CONNECTIONS {str(allowed).lower()}')  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def connections_are_allowed_again(database_url: str) -> object:
    yield
    allow_connections(database_url, True)
