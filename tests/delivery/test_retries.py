"""When a callback is tried again, when it is parked, and how it is put back."""

from datetime import UTC, datetime, timedelta

import pytest

from crossdock.base.clock import HeldClock
from crossdock.base.ids import AccountId, CallbackId
from crossdock.db.database import Database
from crossdock.delivery import commands, queries
from crossdock.delivery.errors import CallbackUnknown
from crossdock.edge.callback import Owed
from tests.delivery.conftest import WAITS_S, Make, plain_sender
from tests.delivery.owing import Owing
from tests.delivery.receiver import Partner, Reply

A_MOMENT = timedelta(microseconds=1)


async def test_each_failure_has_its_wait_and_the_last_one_parks(
    make: Make, owing: Owing, partner: Partner, clock: HeldClock
) -> None:
    owing.callback(owing.receiver(partner.url))
    partner.reply = Reply(status=503, body=b"later")
    deliverer = make()

    assert await deliverer.drain() == 1
    for wait_s in WAITS_S:
        clock.advance(timedelta(seconds=wait_s) - A_MOMENT)
        assert await deliverer.drain() == 0
        assert owing.states() == ["waiting"]
        clock.advance(A_MOMENT)
        assert await deliverer.drain() == 1

    [row] = owing.rows("SELECT state, attempts, refusal, done_at FROM callback")
    assert row == ("parked", 3, "HTTP 503: later", None)
    clock.advance(timedelta(days=30))
    assert await deliverer.drain() == 0


async def test_each_try_is_composed_afresh_and_kept(
    make: Make, owing: Owing, partner: Partner, clock: HeldClock
) -> None:
    first_at = clock.now()
    owing.callback(owing.receiver(partner.url))
    partner.script.append(Reply(status=503, body=b"later"))
    deliverer = make()
    await deliverer.drain()
    clock.advance(timedelta(seconds=WAITS_S[0]))
    await deliverer.drain()

    said = [(heard.said["attempt"], heard.said["signed_at"]) for heard in partner.heard]
    assert said == [(1, first_at.isoformat()), (2, clock.now().isoformat())]
    kept = [(one.number, one.started_at, one.status, one.answer, one.failure) for one in owing.tries()]
    assert kept == [
        (1, first_at, 503, "later", "HTTP 503: later"),
        (2, clock.now(), 200, "ok", None),
    ]
    assert [one.body.encode() for one in owing.tries()] == [heard.body for heard in partner.heard]
    [row] = owing.rows("SELECT state, attempts, refusal, done_at, claimed_until FROM callback")
    assert row == ("delivered", 2, None, clock.now(), None)


async def test_nothing_to_say_is_skipped_without_a_try(make: Make, owing: Owing, partner: Partner) -> None:
    receiver = owing.receiver(partner.url)
    owing.callback(receiver, "order:1", quiet=True)
    owing.callback(receiver, "order:1")
    usual = plain_sender()

    def compose(owed: Owed, now: datetime) -> object:
        return None if owed.event.facts.get("quiet") else usual.compose(owed, now)

    deliverer = make(plain_sender(compose=compose))
    while await deliverer.drain():
        pass

    assert owing.states() == ["skipped", "delivered"]
    assert partner.numbers == [2]
    assert len(owing.tries()) == 1


async def test_a_resent_one_has_all_its_retries_before_it_and_keeps_its_tries(
    make: Make, owing: Owing, partner: Partner, clock: HeldClock, database: Database
) -> None:
    callback = owing.callback(owing.receiver(partner.url))
    partner.reply = Reply(status=500, body=b"no")
    deliverer = make()
    for wait_s in (*WAITS_S, 0):
        await deliverer.drain()
        clock.advance(timedelta(seconds=wait_s))
    assert owing.states() == ["parked"]

    async with database.transaction() as tx:
        await commands.resend(tx, callback_id=callback)
    assert await deliverer.drain() == 1
    assert owing.states() == ["waiting"]
    partner.reply = Reply()
    clock.advance(timedelta(seconds=WAITS_S[0]))
    assert await deliverer.drain() == 1

    assert owing.states() == ["delivered"]
    assert [one.number for one in owing.tries()] == [1, 2, 3, 4, 5]
    assert [heard.said["attempt"] for heard in partner.heard] == [1, 2, 3, 1, 2]


async def test_a_delivered_one_can_be_sent_again(
    make: Make, owing: Owing, partner: Partner, database: Database
) -> None:
    callback = owing.callback(owing.receiver(partner.url))
    deliverer = make()
    assert await deliverer.drain() == 1

    async with database.transaction() as tx:
        await commands.resend(tx, account_id=owing.account_id, callback_id=callback)

    assert owing.rows("SELECT state, attempts, done_at FROM callback") == [("waiting", 0, None)]
    assert await deliverer.drain() == 1
    assert partner.numbers == [1, 1]


async def test_a_waiting_one_can_be_hurried(make: Make, owing: Owing, partner: Partner, database: Database) -> None:
    callback = owing.callback(owing.receiver(partner.url))
    partner.script.append(Reply(status=500))
    deliverer = make()
    assert [await deliverer.drain(), await deliverer.drain()] == [1, 0]

    async with database.transaction() as tx:
        await commands.resend(tx, callback_id=callback)

    assert await deliverer.drain() == 1
    assert owing.states() == ["delivered"]


async def test_resending_waits_for_the_one_of_its_mailbox_that_is_under_way(
    owing: Owing, partner: Partner, database: Database, clock: HeldClock
) -> None:
    receiver = owing.receiver(partner.url)
    again = owing.callback(receiver, "order:1")
    owing.callback(receiver, "order:1")
    until = clock.now() + timedelta(seconds=40)
    owing.rows("UPDATE callback SET state = 'delivered' WHERE id = %s RETURNING id", again)
    owing.rows("UPDATE callback SET claimed_until = %s WHERE id > %s RETURNING id", until, again)

    async with database.transaction() as tx:
        await commands.resend(tx, callback_id=again)

    assert owing.value("SELECT due_at FROM callback WHERE id = %s", again) == until


async def test_resending_what_is_being_sent_changes_nothing(
    owing: Owing, partner: Partner, database: Database, clock: HeldClock
) -> None:
    callback = owing.callback(owing.receiver(partner.url))
    until = clock.now() + timedelta(seconds=40)
    owing.rows("UPDATE callback SET claimed_until = %s, attempts = 2 RETURNING id", until)

    async with database.transaction() as tx:
        await commands.resend(tx, callback_id=callback)

    assert owing.rows("SELECT claimed_until, attempts FROM callback") == [(until, 2)]


async def test_nobody_resends_or_reads_what_is_anothers(
    make: Make, owing: Owing, partner: Partner, database: Database
) -> None:
    callback = owing.callback(owing.receiver(partner.url))
    await make().drain()
    stranger = owing.account("stranger")

    with pytest.raises(CallbackUnknown):
        async with database.transaction() as tx:
            await commands.resend(tx, account_id=stranger, callback_id=callback)
    with pytest.raises(CallbackUnknown):
        async with database.transaction() as tx:
            await commands.resend(tx, callback_id=CallbackId(callback + 1))

    assert owing.states() == ["delivered"]
    async with database.transaction(readonly=True) as tx:
        assert await queries.list_callbacks(tx, account_id=stranger) == []
        assert await queries.attempts(tx, callback, account_id=stranger) == []
        assert len(await queries.attempts(tx, callback, account_id=owing.account_id)) == 1


async def test_callbacks_are_listed_newest_first_by_state_and_receiver(
    make: Make, owing: Owing, partner: Partner, database: Database, clock: HeldClock
) -> None:
    erp, till = owing.receiver(partner.url, name="erp"), owing.receiver(partner.url, name="till")
    first = owing.callback(erp, "order:1")
    second = owing.callback(erp, "order:1")
    partner.script.append(Reply(status=500, body=b"no"))
    deliverer = make()
    while await deliverer.drain():
        pass
    third = owing.callback(till, "order:1")
    assert await deliverer.drain() == 1

    async with database.transaction(readonly=True) as tx:
        everything = await queries.list_callbacks(tx)
        waiting = await queries.list_callbacks(tx, state="waiting", receiver="erp")
        newest = await queries.list_callbacks(tx, limit=1)
        nothing = await queries.list_callbacks(tx, account_id=AccountId(owing.account_id), receiver="other")
        [kept] = await queries.attempts(tx, first)

    assert [row.id for row in everything] == [third, second, first]
    assert [row.id for row in waiting] == [second, first]
    assert [row.id for row in newest] == [third]
    assert nothing == []
    assert (waiting[1].refusal, waiting[1].kind, waiting[1].receiver) == ("HTTP 500: no", "order.state", "erp")
    assert waiting[1].due_at == clock.now() + timedelta(seconds=WAITS_S[0])
    assert waiting[0].due_at is None, "it waits for the first one"
    assert (kept.number, kept.status, kept.failure) == (1, 500, "HTTP 500: no")
    assert kept.started_at == datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


async def test_no_more_are_listed_than_the_bound(owing: Owing, partner: Partner, database: Database) -> None:
    receiver = owing.receiver(partner.url)
    for number in range(queries.LISTED_MAX + 1):
        owing.callback(receiver, f"order:{number}")

    async with database.transaction(readonly=True) as tx:
        under = await queries.list_callbacks(tx, limit=queries.LISTED_MAX - 1)
        over = await queries.list_callbacks(tx, limit=queries.LISTED_MAX + 1)

    assert (len(under), len(over)) == (queries.LISTED_MAX - 1, queries.LISTED_MAX)
