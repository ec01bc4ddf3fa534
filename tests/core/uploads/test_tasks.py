"""A task goes through its rows once, however often it is begun."""

from datetime import timedelta
from typing import Any

import pytest

from crossdock.base.ids import CompanyId, OrderId
from crossdock.core.uploads import commands, queries
from crossdock.core.uploads.errors import RowUnknown, TaskUnknown
from crossdock.core.uploads.model import NewRow, Outcome, Task
from tests.world import ACCOUNT, COMPANY, World

WHO: dict[str, Any] = {"account_id": ACCOUNT, "company_id": COMPANY, "dialect": "birdsystem", "actor": "erp"}


class Office:
    def __init__(self, world: World) -> None:
        self.world = world

    async def keep(self, *keys: str, type_: str = "LOCAL", **who: Any) -> list[int]:
        rows = [NewRow(type=type_, row_key=key, fields={"key": key}) for key in keys]
        async with self.world.desk.database.transaction() as tx:
            return await commands.keep(tx, **(WHO | who), rows=rows)

    async def start(self, **asked: Any) -> Task:
        async with self.world.desk.database.transaction() as tx:
            return await commands.start(tx, **(WHO | {"job": "test.convert", "type_": "LOCAL"} | asked))

    async def step(self, task: Task, order_id: OrderId | None = None) -> str | None:
        """The key of the row that was done with: as that order, or as failed."""
        async with self.world.desk.database.transaction() as tx:
            row = await commands.next_row(tx, task_id=task.id)
            if row is None:
                await commands.finish(tx, task_id=task.id)
                return None
            if order_id is None:
                await commands.failed(tx, task_id=task.id, row=row, failure="no " + "x" * commands.FAILURE_CHARS_MAX)
            else:
                await commands.converted(tx, task_id=task.id, row=row, order_id=order_id)
            return row.row_key

    async def begin(self, task: Task) -> Task | None:
        async with self.world.desk.database.transaction() as tx:
            return await commands.begin(tx, task_id=task.id)

    async def look(self, task: Task, **who: Any) -> tuple[Task, list[Outcome]]:
        asked = {"account_id": ACCOUNT, "company_id": COMPANY} | who
        async with self.world.desk.database.transaction() as tx:
            found = await queries.task(tx, **asked, task_id=task.id)
            return found, await queries.outcomes(tx, task_id=task.id)


@pytest.fixture
def office(quiet_world: World) -> Office:
    return Office(quiet_world)


async def test_ids_come_in_the_order_of_the_rows(office: Office) -> None:
    ids = await office.keep(*(f"k{number}" for number in range(50)))
    keys = await office.world.rows(
        "SELECT row_key FROM temp_consignment WHERE id = ANY (%(ids)s) ORDER BY id", ids=ids
    )
    assert ids == sorted(ids)
    assert [key for (key,) in keys] == [f"k{number}" for number in range(50)]


async def test_from_queued_to_finished(office: Office) -> None:
    first, second = await office.keep("a", "b")
    order = await office.world.order()
    task = await office.start()
    assert (task.state, task.total, task.started_at, task.finished_at) == ("queued", 2, None, None)

    office.world.clock.advance(timedelta(minutes=1))
    begun = await office.begin(task)
    assert begun is not None
    assert (begun.state, begun.started_at) == ("running", office.world.clock.now())
    assert await office.step(task, order.id) == "a"
    office.world.clock.advance(timedelta(minutes=1))
    again = await office.begin(task)
    assert again is not None
    assert again.started_at == begun.started_at
    assert await office.step(task) == "b"
    assert await office.step(task) is None

    found, outcomes = await office.look(task)
    assert (found.state, found.finished_at) == ("finished", office.world.clock.now())
    assert outcomes[0] == Outcome(row_id=first, order_id=order.id, failure=None)
    assert (outcomes[1].row_id, outcomes[1].order_id) == (second, None)
    assert len(outcomes[1].failure or "") == commands.FAILURE_CHARS_MAX
    assert await office.begin(task) is None
    await office.world.verified()


async def test_what_is_an_order_is_not_taken_again_unless_it_is_named(office: Office) -> None:
    [first] = await office.keep("a")
    order = await office.world.order()
    task = await office.start()
    await office.step(task, order.id)
    [second] = await office.keep("b")
    assert (await office.start()).total == 1
    assert (await office.start(row_ids=[first, second])).total == 2


async def test_only_rows_of_the_type_and_the_company(office: Office) -> None:
    await office.keep("a", type_="DIRECT")
    await office.keep("b", dialect="other")
    [mine] = await office.keep("c")
    assert (await office.start()).total == 1
    with pytest.raises(RowUnknown):
        await office.start(row_ids=[mine, mine + 1])
    with pytest.raises(RowUnknown):
        await office.start(row_ids=[mine], type_="DIRECT")


async def test_the_first_are_passed_over_and_the_last_left(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "TASK_ROWS_MAX", 2)
    await office.keep(*"abcd")
    task = await office.start(skip=1)
    assert task.total == 2
    assert [await office.step(task) for _ in range(3)] == ["b", "c", None]


async def test_a_task_of_another_company_is_unknown(office: Office) -> None:
    task = await office.start()
    with pytest.raises(TaskUnknown):
        await office.look(task, company_id=CompanyId(1))
    with pytest.raises(TaskUnknown):
        await office.look(task, account_id=48)
