"""In order within a mailbox; one mailbox never holds up another."""

from datetime import timedelta

import pytest

from crossdock.base.clock import HeldClock
from crossdock.base.ids import CallbackId
from crossdock.db.database import Database
from crossdock.delivery import commands
from crossdock.delivery.errors import CallbackNotParked, CallbackUnknown
from tests.delivery.conftest import WAITS_S, Make, plain_sender
from tests.delivery.owing import Owing
from tests.delivery.receiver import Partner, Reply


async def test_a_mailbox_is_sent_one_by_one_in_order(make: Make, owing: Owing, partner: Partner) -> None:
    receiver = owing.receiver(partner.url)
    for _ in range(4):
        owing.callback(receiver, "order:1")
    deliverer = make()

    tried = [await deliverer.drain() for _ in range(5)]

    assert tried == [1, 1, 1, 1, 0]
    assert partner.numbers == [1, 2, 3, 4]
    assert owing.states() == ["delivered"] * 4


async def test_a_failure_holds_its_mailbox_and_no_other(make: Make, owing: Owing, partner: Partner) -> None:
    receiver = owing.receiver(partner.url)
    owing.callback(receiver, "order:1")
    owing.callback(receiver, "order:1")
    partner.script.append(Reply(status=500))
    deliverer = make()
    assert await deliverer.drain() == 1

    owing.callback(receiver, "order:2")
    while await deliverer.drain():
        pass

    assert owing.states() == ["waiting", "waiting", "delivered"]
    assert partner.numbers == [1, 3]


async def test_the_same_mailbox_of_another_receiver_goes_on(make: Make, owing: Owing, partner: Partner) -> None:
    async with Partner() as other:
        other.reply = Reply(status=500)
        owing.callback(owing.receiver(other.url, name="failing"), "order:1")
        owing.callback(owing.receiver(partner.url, name="good"), "order:1")
        assert await make().drain() == 2

    assert owing.states() == ["waiting", "delivered"]


async def test_what_waited_behind_a_failure_follows_it(
    make: Make, owing: Owing, partner: Partner, clock: HeldClock
) -> None:
    receiver = owing.receiver(partner.url)
    for _ in range(3):
        owing.callback(receiver, "order:1")
    partner.script.append(Reply(status=500))
    deliverer = make()
    while await deliverer.drain():
        pass
    assert partner.numbers == [1]

    clock.advance(timedelta(seconds=WAITS_S[0]))
    while await deliverer.drain():
        pass

    assert partner.numbers == [1, 1, 2, 3]


async def test_a_parked_one_freezes_its_mailbox_until_it_was_sent_again(
    make: Make, owing: Owing, partner: Partner, database: Database
) -> None:
    receiver = owing.receiver(partner.url)
    parked = owing.callback(receiver, "order:1")
    owing.callback(receiver, "order:1")
    partner.script.append(Reply(status=500))
    deliverer = make(plain_sender(waits_s=()))
    while await deliverer.drain():
        pass
    assert owing.states() == ["parked", "waiting"]

    async with database.transaction() as tx:
        await commands.resend(tx, callback_id=parked)
    while await deliverer.drain():
        pass

    assert partner.numbers == [1, 1, 2]
    assert owing.states() == ["delivered", "delivered"]


async def test_a_parked_one_can_be_given_up(make: Make, owing: Owing, partner: Partner, database: Database) -> None:
    receiver = owing.receiver(partner.url)
    parked = owing.callback(receiver, "order:1")
    owing.callback(receiver, "order:1")
    partner.script.append(Reply(status=500))
    deliverer = make(plain_sender(waits_s=()))
    while await deliverer.drain():
        pass

    async with database.transaction() as tx:
        await commands.give_up(tx, callback_id=parked)
    while await deliverer.drain():
        pass

    assert partner.numbers == [1, 2]
    assert owing.states() == ["skipped", "delivered"]


async def test_only_a_parked_one_can_be_given_up(owing: Owing, partner: Partner, database: Database) -> None:
    waiting = owing.callback(owing.receiver(partner.url))

    with pytest.raises(CallbackNotParked):
        async with database.transaction() as tx:
            await commands.give_up(tx, callback_id=waiting)
    with pytest.raises(CallbackUnknown):
        async with database.transaction() as tx:
            await commands.give_up(tx, callback_id=CallbackId(waiting + 1))

    assert owing.states() == ["waiting"]


async def test_hundreds_behind_a_parked_one_hide_no_other_mailbox(make: Make, owing: Owing, partner: Partner) -> None:
    receiver = owing.receiver(partner.url)
    for _ in range(200):
        owing.callback(receiver, "cabinet:1")
    partner.script.append(Reply(status=500))
    deliverer = make(plain_sender(waits_s=()))
    assert await deliverer.drain() == 1

    owing.callback(receiver, "cabinet:2")
    assert await deliverer.drain() == 1

    assert partner.numbers == [1, 201]
    assert owing.value("SELECT count(*) FROM callback WHERE due_at = 'infinity'") == 199


async def test_a_switched_off_receiver_keeps_its_callbacks(make: Make, owing: Owing, partner: Partner) -> None:
    owing.callback(owing.receiver(partner.url, active=False))

    assert await make().drain() == 0
    assert owing.states() == ["waiting"]


async def test_another_dialect_is_left_alone(make: Make, owing: Owing, partner: Partner) -> None:
    owing.callback(owing.receiver(partner.url, dialect="elsewhere"))

    assert await make().drain() == 0
    assert owing.states() == ["waiting"]


async def test_a_pass_sends_no_more_than_it_may(make: Make, owing: Owing, partner: Partner) -> None:
    receiver = owing.receiver(partner.url)
    for number in range(4):
        owing.callback(receiver, f"order:{number}")
    deliverer = make()

    assert [await deliverer.drain(3), await deliverer.drain(3), await deliverer.drain(3)] == [3, 1, 0]
