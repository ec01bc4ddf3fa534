"""What people did, from every source, newest first."""

from datetime import timedelta
from typing import Any

import pytest

from crossdock.base.ids import AccountId
from crossdock.core.history import queries
from crossdock.core.history.model import Key, Told, Wanted
from tests.world import ACCOUNT, SHOP, WAREHOUSE, World

OTHER = AccountId(48)
ALL = Wanted(account_id=None)
DEEDS = """
INSERT INTO account (id, code, name, zone, currency) VALUES (48, 'other', 'Other', 'UTC', 'GBP');
INSERT INTO site (id, account_id, kind, code, name, zone, created_at, updated_at)
VALUES (180, 48, 'warehouse', 'WH-X', 'x', 'UTC', now(), now());
INSERT INTO operator (id, username, role, password_hash, created_at, updated_at)
VALUES (1, 'ada', 'operator', '', now(), now());
INSERT INTO staff_action (id, account_id, site_id, staff_id, about_staff_id, actor, action, created_at)
OVERRIDING SYSTEM VALUE VALUES
    (1001, 47, 12, 31, NULL, '', 'consume', %(at)s), (1002, 47, 12, 31, NULL, '', 'consume', %(at)s),
    (1003, 47, 80, 51, 52, '', 'disable_staff', %(at)s),
    (1004, 47, 80, NULL, 52, 'operator ada', 'enable_staff', %(at)s),
    (1005, 48, 180, NULL, NULL, 'operator', 'create_staff', %(at)s);
INSERT INTO operator_action (id, operator_id, action, account_id, created_at) OVERRIDING SYSTEM VALUE VALUES
    (2001, 1, 'login', NULL, %(at)s), (2002, 1, 'open_door', 47, %(at)s), (2003, 1, 'open_door', 48, %(at)s);
INSERT INTO bulk_run (id, account_id, kind, mode, file_name, headings, rows, actor, created_at)
OVERRIDING SYSTEM VALUE VALUES
    (3001, 47, 'staff', 'rows', 'people.csv', '{}', 2, 'operator ada', %(at)s),
    (3002, 48, 'staff', 'rows', 'theirs.csv', '{}', 2, 'operator bob', %(at)s)
"""
"""All of one moment: an import's people share theirs."""


@pytest.fixture
async def lived(quiet_world: World) -> World:
    at = quiet_world.clock.now()
    async with quiet_world.desk.database.transaction() as tx:
        await tx.execute("DELETE FROM staff_action")
        for statement in DEEDS.split(";"):
            await tx.execute(statement, at=at)
    return quiet_world


async def told(world: World, wanted: Wanted, *, limit: int = 100, after: Key | None = None) -> list[Told]:
    async with world.desk.database.autocommit() as tx:
        return await queries.told(tx, wanted, after=after, limit=limit)


async def ids(world: World, **wanted: Any) -> list[int]:
    return [row.id for row in await told(world, Wanted(**{"account_id": None, **wanted}))]


EVERYTHING = [1005, 1004, 1003, 1002, 1001, 2003, 2002, 2001, 3002, 3001]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 10])
async def test_pages_of_any_size_show_each_deed_once_in_one_order(lived: World, limit: int) -> None:
    found: list[int] = []
    after = None
    while rows := await told(lived, ALL, limit=limit, after=after):
        found += [row.id for row in rows]
        after = rows[-1].key
    assert found == EVERYTHING


async def test_what_one_may_see(lived: World) -> None:
    assert await ids(lived, account_id=ACCOUNT) == [1004, 1003, 1002, 1001, 2002, 3001]
    assert await ids(lived, account_id=OTHER) == [1005, 2003, 3002]
    assert await ids(lived, account_id=ACCOUNT, site_id=WAREHOUSE) == [1004, 1003]
    assert await ids(lived, account_id=ACCOUNT, site_id=SHOP) == [1002, 1001]
    assert await ids(lived, account_id=OTHER, site_id=SHOP) == []
    assert await ids(lived, account_id=OTHER, person="floor1") == []


async def test_what_was_asked_for(lived: World) -> None:
    assert await ids(lived, person="floor1") == [1004, 1003]
    assert await ids(lived, person="xxx") == [1002, 1001]
    assert await ids(lived, person="ada") == [1004, 2003, 2002, 2001, 3001]
    assert await ids(lived, person="nobody") == []
    assert await ids(lived, actions=frozenset({"consume"})) == [1002, 1001]
    assert await ids(lived, actions=frozenset({"import", "open_door"})) == [2003, 2002, 3002, 3001]
    assert await ids(lived, person="ada", actions=frozenset({"enable_staff"})) == [1004]
    now = lived.clock.now()
    assert await ids(lived, since=now) == EVERYTHING
    assert await ids(lived, since=now + timedelta(microseconds=1)) == []
    assert await ids(lived, until=now) == []
    assert await ids(lived, until=now + timedelta(microseconds=1)) == EVERYTHING


async def test_a_row_says_who_what_to_whom_and_where(lived: World) -> None:
    by_id = {row.id: row for row in await told(lived, ALL)}
    assert [(row.source, row.who, row.action, row.about, row.subject, row.place, row.account) for row in (
        by_id[1003], by_id[1004], by_id[2001], by_id[3001])] == [
        ("place", "boss1", "disable_staff", "floor1", "", "WH-GZ01", "demo"),
        ("place", "operator ada", "enable_staff", "floor1", "", "WH-GZ01", "demo"),
        ("console", "ada", "login", None, "", None, None),
        ("import", "operator ada", "import", None, "people.csv", None, "demo"),
    ]  # fmt: skip


@pytest.mark.parametrize(("rows_max", "expected"), [(9, 9), (10, 10), (11, 10)])
async def test_an_export_has_an_end(lived: World, rows_max: int, expected: int) -> None:
    found = [row.id async for row in queries.export(lived.desk.database, ALL, rows_max=rows_max)]
    assert found == EVERYTHING[:expected]
