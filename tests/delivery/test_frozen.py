"""A frozen receiver is sent nothing until it is thawed, and a range of callbacks goes again in one go."""

from datetime import timedelta

import pytest

from crossdock.base.clock import HeldClock
from crossdock.base.ids import AccountId, CallbackId, ReceiverId
from crossdock.db.database import Database
from crossdock.delivery import commands, queries
from crossdock.delivery.errors import ReceiverUnknown
from crossdock.delivery.model import Choice
from tests.delivery.conftest import Make
from tests.delivery.owing import Owing
from tests.delivery.receiver import Partner, Reply


async def test_what_a_frozen_receiver_is_owed_gathers_and_goes_in_order(
    make: Make, owing: Owing, partner: Partner, database: Database
) -> None:
    receiver = ReceiverId(owing.receiver(partner.url))
    async with Partner() as other:
        owing.callback(owing.receiver(other.url, name="other"), "order:1")
        async with database.transaction() as tx:
            await commands.freeze(tx, receiver_id=receiver, why="their server moves")
        for _ in range(3):
            owing.callback(receiver, "order:1")
        deliverer = make()
        while await deliverer.drain():
            pass
        assert (partner.numbers, len(other.numbers)) == ([], 1)
    async with database.transaction() as tx:
        again = await commands.freeze(tx, receiver_id=receiver, why="another word")
        assert again.frozen_why == "their server moves"
        row = next(row for row in await queries.receivers(tx) if row.id == receiver)
    assert (row.waiting, row.parked, row.frozen_at is not None) == (3, 0, True)
    async with database.transaction() as tx:
        await commands.thaw(tx, receiver_id=receiver)
    while await deliverer.drain():
        pass
    assert partner.numbers == sorted(partner.numbers)
    assert len(partner.numbers) == 3


async def test_nobody_freezes_the_receiver_of_another_account(owing: Owing, database: Database) -> None:
    receiver = ReceiverId(owing.receiver("http://127.0.0.1:1/"))
    for act in (commands.freeze, commands.thaw):
        more = {"why": "x"} if act is commands.freeze else {}
        with pytest.raises(ReceiverUnknown):
            async with database.transaction() as tx:
                await act(tx, account_id=AccountId(owing.account_id + 1), receiver_id=receiver, **more)
    assert owing.value("SELECT frozen_at FROM receiver WHERE id = %s", receiver) is None


async def test_a_range_goes_again_step_by_step(
    make: Make,
    owing: Owing,
    partner: Partner,
    database: Database,
    clock: HeldClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    receiver = ReceiverId(owing.receiver(partner.url))
    first = clock.now()
    for number in range(5):
        owing.callback(receiver, f"order:{number}")
        clock.advance(timedelta(minutes=1))
    partner.reply = Reply(status=200)
    deliverer = make()
    while await deliverer.drain():
        pass
    assert owing.states() == ["delivered"] * 5
    monkeypatch.setattr(commands, "RESENT_AT_ONCE", 2)
    choice = Choice(
        receiver_id=receiver,
        states=("delivered",),
        since=first + timedelta(minutes=1),
        until=first + timedelta(minutes=4),
    )
    steps, after = [], CallbackId(0)
    while True:
        async with database.transaction() as tx:
            ids = await commands.resend_some(tx, choice=choice, after=after)
        steps.append(len(ids))
        if not ids:
            break
        after = ids[-1]
    assert steps == [2, 1, 0]
    while await deliverer.drain():
        pass
    assert sorted(partner.numbers) == [1, 2, 2, 3, 3, 4, 4, 5]
