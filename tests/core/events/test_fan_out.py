"""A fact is written once, and each receiver that wants it is owed one callback, in its mailbox."""

from datetime import timedelta
from typing import Any

import pytest

from crossdock.base.ids import AccountId, OrderId
from crossdock.core.events import commands, kinds, queries
from crossdock.core.events.commands import CALLBACKS_TOPIC
from crossdock.core.events.model import NewEvent
from tests.world import ACCOUNT, World

ORDER = OrderId(2408020360000001)


class Post:
    def __init__(self, world: World) -> None:
        self.world = world

    async def receiver(self, name: str, *kinds_: str, **more: Any) -> None:
        async with self.world.desk.database.transaction() as tx:
            await commands.set_receiver(
                tx,
                **{
                    "account_id": ACCOUNT,
                    "dialect": "bestwond",
                    "name": name,
                    "url": f"http://127.0.0.1/{name}",
                    "kinds": kinds_ or (kinds.DOOR_CHANGED,),
                    **more,
                },
            )

    async def happens(self, *events: NewEvent) -> None:
        async with self.world.desk.database.transaction() as tx:
            await commands.append_many(tx, events)

    async def owed(self) -> list[tuple[Any, ...]]:
        """receiver, kind, mailbox"""
        return await self.world.rows(
            "SELECT r.name, e.kind, c.mailbox FROM callback c JOIN receiver r ON r.id = c.receiver_id"
            " JOIN event e ON e.id = c.event_id ORDER BY c.id"
        )


def event(kind: str = kinds.DOOR_CHANGED, subject: str = "cabinet:1", **more: Any) -> NewEvent:
    return NewEvent(**{"account_id": ACCOUNT, "kind": kind, "subject": subject, **more})


@pytest.fixture
def post(quiet_world: World) -> Post:
    return Post(quiet_world)


async def test_to_those_who_want_its_kind(post: Post) -> None:
    await post.receiver("a", kinds.DOOR_CHANGED, kinds.DOOR_ALARM)
    await post.receiver("b", kinds.DOOR_CHANGED)
    await post.receiver("c", kinds.DOOR_ALARM)
    await post.happens(event(), event(kinds.DOOR_ALARM), event(kinds.DOOR_QUERIED))
    assert await post.owed() == [
        ("a", "door.changed", "cabinet:1"),
        ("b", "door.changed", "cabinet:1"),
        ("a", "door.alarm", "cabinet:1"),
        ("c", "door.alarm", "cabinet:1"),
    ]


async def test_a_mailbox_is_the_order_or_else_the_subject(post: Post) -> None:
    await post.receiver("a")
    await post.happens(event(subject="cabinet:1"), event(subject="cabinet:2", order_id=ORDER))
    assert [row[2] for row in await post.owed()] == ["cabinet:1", f"order:{ORDER}"]


async def test_one_subject_only(post: Post) -> None:
    await post.receiver("a", subject="cabinet:2")
    await post.happens(event(subject="cabinet:1"), event(subject="cabinet:2"), event(subject="cabinet:22"))
    assert [row[2] for row in await post.owed()] == ["cabinet:2"]


async def test_orders_of_one_dialect_only(post: Post) -> None:
    await post.receiver("a", order_dialect="hongxun")
    await post.happens(
        event(order_id=ORDER, order_dialect="hongxun"),
        event(order_id=OrderId(ORDER + 1), order_dialect="birdsystem"),
        event(order_id=OrderId(ORDER + 2)),
        event(order_dialect=None),
    )
    assert [row[2] for row in await post.owed()] == [f"order:{ORDER}"]


async def test_who_was_switched_off_hears_nothing_until_it_is_on_again(post: Post) -> None:
    await post.receiver("a")
    await post.receiver("a", url="")
    await post.happens(event())
    assert await post.owed() == []

    await post.receiver("a", url="http://127.0.0.1/new", settings={"x": 1})
    await post.happens(event())
    assert len(await post.owed()) == 1
    async with post.world.desk.database.autocommit() as tx:
        found = await queries.receiver(tx, account_id=ACCOUNT, dialect="bestwond", name="a")
        assert await queries.receiver(tx, account_id=AccountId(48), dialect="bestwond", name="a") is None
        assert await queries.receiver(tx, account_id=ACCOUNT, dialect="bestwond", name="b") is None
    assert found is not None
    assert (found.url, found.settings, found.active) == ("http://127.0.0.1/new", {"x": 1}, True)
    assert await post.world.rows("SELECT count(*) FROM receiver WHERE name = 'a'") == [(1,)]


async def test_another_account_hears_nothing(post: Post) -> None:
    async with post.world.desk.database.transaction() as tx:
        await tx.execute("INSERT INTO account (id, code, name, zone, currency) VALUES (48, 'x', 'x', 'UTC', 'CNY')")
    await post.receiver("theirs", account_id=AccountId(48))
    await post.receiver("ours")
    await post.happens(event(), event(account_id=AccountId(48)), event())
    assert [row[0] for row in await post.owed()] == ["ours", "theirs", "ours"]


async def test_what_is_undone_is_owed_to_nobody(post: Post) -> None:
    await post.receiver("a")
    with pytest.raises(ZeroDivisionError):
        await _broken(post)
    assert await post.owed() == []
    assert await post.world.rows("SELECT 1 FROM event") == []


async def _broken(post: Post) -> None:
    async with post.world.desk.database.transaction() as tx:
        await commands.append(tx, event())
        raise ZeroDivisionError


async def test_the_senders_are_woken_when_something_is_owed(post: Post) -> None:
    with (
        post.world.desk.signals.waiting_for(CALLBACKS_TOPIC) as woken,
        post.world.desk.signals.waiting_for("end") as end,
    ):
        await post.happens(event())
        async with post.world.desk.database.transaction() as tx:
            await tx.notify("end")
        await end.wait()
        assert not woken.is_set(), "nobody wants to hear of it"
        await post.receiver("a")
        await post.happens(event())
        await woken.wait()


async def test_the_timeline_tells_it_in_order_with_both_times(post: Post) -> None:
    now = post.world.clock.now()
    before = now - timedelta(hours=1)
    await post.happens(
        event(order_id=ORDER, facts={"门": [1, None]}, happened_at=now, actor="x", dialect="bestwond"),
        event(kinds.DOOR_ALARM, order_id=ORDER, happened_at=before),
        event(order_id=OrderId(1)),
    )
    async with post.world.desk.database.autocommit() as tx:
        told = await queries.timeline(tx, account_id=ACCOUNT, order_id=ORDER)
        assert await queries.timeline(tx, account_id=AccountId(48), order_id=ORDER) == []
    assert [(e.kind, e.happened_at, e.learned_at) for e in told] == [
        (kinds.DOOR_CHANGED, now, now),
        (kinds.DOOR_ALARM, before, now),
    ]
    assert (told[0].facts, told[0].actor, told[0].dialect) == ({"门": [1, None]}, "x", "bestwond")


async def test_nothing_happened(post: Post) -> None:
    await post.happens()
    assert await post.world.rows("SELECT 1 FROM event") == []
