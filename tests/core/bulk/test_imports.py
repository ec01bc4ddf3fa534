"""A file is tried without a trace, done as it was tried, told row by row, and taken back."""

import asyncio
from typing import Any

import pytest

from crossdock.base.ids import AccountId
from crossdock.core.bulk import commands, queries, running, sheets
from crossdock.core.bulk.errors import ImportBusy, ImportUnknown, TooManyAtOnce
from crossdock.core.bulk.model import ALL_ROWS_MAX, MOVES, Run
from crossdock.core.bulk.running import UNITS_AT_ONCE
from crossdock.core.staff import commands as staff
from crossdock.core.staff import passwords
from tests.core.bulk.loading import Loading
from tests.world import ACCOUNT, WAREHOUSE, World

PRODUCTS = (
    "sku,name,weight_g,codes,colour\n"
    "NEW-1,Cup,120,4006381333931,red\n"
    "00131031,Nike,650,,\n"
    "P-7001,测试手机 8GB,,,\n"
    "NEW-2,,,,\n"
    "NEW-1,Mug,,,\n"
    "NEW-3,Plate,heavy,,\n"
)
SAID = [
    ("created", ""),
    ("changed", ""),
    ("unchanged", ""),
    ("failed", "Cells of this row cannot be used. (name=is empty, and there is no product of this sku yet)"),
    ("failed", "Another row of this file says something about the same. (row=2)"),
    ("failed", "Cells of this row cannot be used. (weight_g='heavy': a whole number from 0 to 999999999)"),
]


@pytest.fixture
def loading(quiet_world: World) -> Loading:
    return Loading(quiet_world)


async def products(world: World) -> list[tuple[Any, ...]]:
    return await world.rows(
        "SELECT p.sku, p.name, p.weight_g, p.active, p.deleted_at IS NULL,"
        " ARRAY(SELECT code FROM product_code c WHERE c.product_id = p.id ORDER BY code)"
        " FROM product p WHERE account_id = 47 ORDER BY p.id"
    )


async def test_a_dry_run_says_what_would_be_done_and_leaves_nothing(loading: Loading) -> None:
    before = await products(loading.world)
    run = await loading.tried("products", PRODUCTS)
    assert (run.state, run.rows, run.looked_at, run.wrong, run.worked) == ("checked", 6, 6, 3, 0)
    would = [(f"would be {status}" if status != "failed" else "wrong", reason) for status, reason in SAID]
    assert await loading.said(run) == would
    assert await products(loading.world) == before
    assert await loading.world.rows("SELECT 1 FROM event WHERE kind LIKE 'product.%%'") == []


async def test_rows_are_done_as_they_were_tried_and_all_of_it_is_taken_back(loading: Loading) -> None:
    before = await products(loading.world)
    run = await loading.imported("products", PRODUCTS)
    assert (run.state, run.worked, run.failed) == ("done", 6, 3)
    assert await loading.said(run) == SAID
    changed = {row[0]: row for row in await products(loading.world)}
    assert changed["NEW-1"] == ("NEW-1", "Cup", 120, True, True, ["4006381333931"])
    assert changed["00131031"][2] == 650
    run = await loading.undone(run)
    assert (run.state, run.undone, run.kept) == ("undone", 2, 0)
    assert [row for row in await products(loading.world) if row[4]] == before


async def test_what_was_changed_since_stays_and_says_why(loading: Loading) -> None:
    run = await loading.imported("products", "sku,weight_g,name\n00131031,650,\nP-7001,,Phone\n")
    await loading.imported("products", "sku,weight_g\n00131031,700\n")
    run = await loading.undone(run)
    assert (run.undone, run.kept) == (1, 1)
    assert await loading.said(run) == [
        ("changed", "not undone: It was changed after the import. (what=weight_g)"),
        ("undone", ""),
    ]


async def test_all_or_none_does_nothing_when_one_row_is_refused_and_may_be_tried_again(loading: Loading) -> None:
    before = await products(loading.world)
    text = "sku,name,codes\nNEW-1,Cup,111\nNEW-2,,\nNEW-3,Dish,111\n"
    run = await loading.imported("products", text, mode="all")
    assert (run.state, run.failed) == ("refused", 2)
    said = await loading.said(run)
    assert [status for status, _ in said] == ["would be created", "failed", "failed"]
    assert said[2][1] == "Another product of this account goes by this bar code. (code=111)"
    assert await products(loading.world) == before
    await loading.imported("products", "sku,name\nNEW-2,Saucer\n")
    run = await loading.went_on(await loading.begun(run))
    assert (run.state, run.failed) == ("refused", 1)


async def test_all_or_none_holds_so_many_rows(loading: Loading) -> None:
    async def taken(rows: int) -> Run:
        text = "sku,name\n" + "".join(f"S{number},x\n" for number in range(rows))
        file = await commands.prepared("products", sheets.read(text.encode()))
        asked: dict[str, Any] = {"account_id": ACCOUNT, "site_id": None, "file_name": "f", "actor": "a"}
        async with loading.world.desk.database.transaction() as tx:
            return await commands.take_in(tx, file, mode="all", in_background=False, **asked)

    assert (await taken(ALL_ROWS_MAX)).rows == ALL_ROWS_MAX
    with pytest.raises(TooManyAtOnce):
        await taken(ALL_ROWS_MAX + 1)


async def test_a_file_holds_so_many_passwords() -> None:
    def people(count: int) -> sheets.Sheet:
        return sheets.read(("username,password\n" + "".join(f"u{n},pw\n" for n in range(count))).encode())

    file = await commands.prepared("staff", people(commands.PASSWORDS_MAX), profile=passwords.CHEAP)
    assert len(file.rows) == commands.PASSWORDS_MAX
    with pytest.raises(TooManyAtOnce):
        await commands.prepared("staff", people(commands.PASSWORDS_MAX + 1), profile=passwords.CHEAP)


async def test_stopped_in_the_middle_it_goes_on_and_does_each_row_once(loading: Loading) -> None:
    rows = 3 * UNITS_AT_ONCE
    text = "sku,quantity,owner\n" + "".join(f"S{number},5,OWN-A\n" for number in range(rows))
    names = "sku,name\n" + "".join(f"S{number},x\n" for number in range(rows))
    await loading.imported("products", names)
    run = await loading.begun(await loading.tried("stock", text))

    class Stopped(Exception):
        pass

    def stop(now: Run) -> None:
        raise Stopped

    for _ in range(2):
        with pytest.raises(Stopped):
            await running.go_on(loading.world.desk.database, account_id=ACCOUNT, run_id=run.id, progress=stop)
    [(worked, moves)] = await loading.world.rows(
        "SELECT worked, (SELECT count(*) FROM stock_move) FROM bulk_run WHERE id = %(id)s", id=run.id
    )
    assert (worked, moves) == (2 * UNITS_AT_ONCE, 2 * UNITS_AT_ONCE)
    both = await asyncio.gather(loading.went_on(run), loading.went_on(run))
    assert {one.state for one in both} == {"done"}
    assert await loading.world.rows("SELECT count(*), sum(quantity) FROM stock_move") == [(rows, 5 * rows)]


async def test_the_same_operation_is_taken_in_once(loading: Loading) -> None:
    first = await loading.tried("products", PRODUCTS, operation_id="op-1")
    again = await loading.tried("products", PRODUCTS, operation_id="op-1")
    assert again.id == first.id
    assert await loading.world.rows("SELECT count(*) FROM bulk_row") == [(6,)]


async def test_an_import_only_goes_where_its_table_lets_it(loading: Loading) -> None:
    run = await loading.tried("products", PRODUCTS)
    async with loading.world.desk.database.transaction() as tx:
        await commands.drop(tx, account_id=ACCOUNT, run_id=run.id)
    with pytest.raises(ImportBusy):
        await loading.begun(run)
    with pytest.raises(ImportBusy):
        await loading.undone(run)
    assert MOVES["dropped"] == MOVES["undone"] == frozenset()


async def test_stock_follows_the_count_but_never_below_what_orders_hold(loading: Loading) -> None:
    world = loading.world
    await world.stock("00131031", 10)
    await world.order("N-1", lines={"00131031": 4}, state="allocated")
    run = await loading.imported("stock", "sku,quantity,lot\n00131031,3,\nP-7001,7,L1\n")
    assert await loading.said(run) == [
        ("failed", "Orders have these pieces set aside. (sku=00131031, on_hand=10, allocated=4, orders=N-1)"),
        ("changed", ""),
    ]
    more = await loading.imported("stock", "sku,quantity\n00131031,6\n")
    assert (await loading.said(more)) == [("changed", "")]
    assert await world.rows("SELECT on_hand FROM stock ORDER BY id") == [(6,), (7,)]
    await world.order("N-2", lines={"P-7001": 1}, state="allocated", new_lines=None)
    assert (await loading.undone(more)).undone == 1
    assert await world.rows("SELECT on_hand FROM stock ORDER BY id") == [(10,), (7,)]
    await world.verified()


ORDERS = (
    "number,sku,quantity,contact,country_iso,service\n"
    "SO-1,00131031,2,李一,CN,飞鸟小包\n"
    "SO-1,P-7001,1,,,\n"
    "SO-2,00131031,1,Ann,GB,\n"
    "SO-2,00131031,1,Bob,GB,\n"
    "SO-3,NOPE,1,Ann,GB,\n"
    "SO-4,00131031,none,Ann,GB,\n"
    "SO-4,00131031,1,Ann,GB,\n"
)


async def test_rows_of_one_number_are_one_order(loading: Loading) -> None:
    world = loading.world
    await world.stock("00131031", 10)
    await world.stock("P-7001", 1)
    run = await loading.imported("orders", ORDERS)
    assert await loading.said(run) == [
        ("created", ""),
        ("created", ""),
        ("failed", "The rows of this order say different things. (column=contact)"),
        ("failed", "The rows of this order say different things. (column=contact)"),
        ("failed", "The account has no such product. (sku=NOPE)"),
        ("failed", "Cells of this row cannot be used. (quantity='none': a whole number from 0 to 999999999)"),
        ("failed", "Another row that belongs to the same cannot be used. (row=7)"),
    ]
    placed = await world.rows(
        "SELECT number, state, service_id, recipient->>'contact', pieces FROM orders WHERE kind = 'outbound'"
    )
    assert placed == [("SO-1", "allocated", 5217, "李一", 3)]
    again = await loading.imported("orders", "\n".join(ORDERS.splitlines()[:3]))
    assert await loading.said(again) == [("unchanged", ""), ("unchanged", "")]
    assert (await loading.undone(again)).undone == 0
    assert (await loading.undone(run)).undone == 2
    assert await world.rows("SELECT state FROM orders WHERE number = 'SO-1'") == [("cancelled",)]
    await world.verified()


async def test_an_order_that_left_is_not_taken_back(loading: Loading) -> None:
    world = loading.world
    await world.stock("00131031", 10)
    run = await loading.imported("orders", "number,sku,quantity\nSO-1,00131031,2\n")
    [(order_id,)] = await world.rows("SELECT id FROM orders WHERE number = 'SO-1'")
    await world.ship(order_id)
    run = await loading.undone(run)
    assert (run.undone, run.kept) == (0, 1)
    assert (await loading.said(run))[0][1].startswith("not undone: ")


async def test_people_come_with_a_password_that_is_never_kept(loading: Loading) -> None:
    world = loading.world
    text = "username,site,role,password\nnew1,SHOP-12,manager,s3cret-word\nclerk1,SHOP-13,,\nnew2,SHOP-12,,\n"
    run = await loading.tried("staff", text)
    assert "s3cret-word" not in str(await world.rows("SELECT given::text, hidden FROM bulk_row"))
    run = await loading.went_on(await loading.begun(run))
    assert [status for status, _ in await loading.said(run)] == ["created", "changed", "failed"]
    assert await world.rows("SELECT hidden FROM bulk_row WHERE hidden IS NOT NULL") == []
    assert "password" not in [column async for row in queries.result(world.desk.database, run) for column in row][:5]
    people = "SELECT s.username, w.code, s.manager, s.active FROM staff s JOIN site w ON w.id = s.site_id"
    found = {row[0]: row[1:] for row in await world.rows(people)}
    assert (found["new1"], found["clerk1"]) == (("SHOP-12", True, True), ("SHOP-13", False, True))
    opened = await staff.open_session(world.desk.database, username="new1", password="s3cret-word")
    assert opened.staff.manager
    run = await loading.undone(run)
    assert (run.undone, run.kept) == (2, 0)
    found = {row[0]: row[1:] for row in await world.rows(people)}
    assert (found["new1"], found["clerk1"]) == (("SHOP-12", True, False), ("SHOP-12", False, True))


@pytest.mark.parametrize("kind", ["products", "stock", "orders", "staff"])
async def test_what_is_exported_changes_nothing_when_it_is_imported(loading: Loading, kind: Any) -> None:
    world = loading.world
    await world.stock("00131031", 10, lot="L-1")
    await loading.imported("orders", "number,sku,quantity,service\nSO-1,00131031,2,飞鸟小包\nSO-1,00131031,1,\n")
    exported = [row async for row in queries.export(world.desk.database, kind_name=kind, account_id=ACCOUNT)]
    assert len(exported) > 1
    text = "\n".join(",".join(f'"{cell}"' for cell in row) for row in exported)
    run = await loading.imported(kind, text)
    unchanged = {status for status, _ in await loading.said(run)}
    if kind != "orders":
        assert unchanged == {"unchanged"}
    assert run.rows == len(exported) - 1


async def test_exports_keep_to_one_place(loading: Loading) -> None:
    await loading.world.stock("00131031", 10)
    rows = [
        row
        async for row in queries.export(
            loading.world.desk.database, kind_name="stock", account_id=ACCOUNT, site_id=WAREHOUSE
        )
    ]
    assert rows[1][:4] == ["00131031", "10", "WH-GZ01", "OWN-A"]


async def test_another_account_neither_sees_nor_moves_an_import(loading: Loading) -> None:
    run = await loading.imported("products", PRODUCTS)
    other: dict[str, Any] = {"account_id": AccountId(48), "run_id": run.id}
    for act in (queries.run, commands.begin, commands.undo, commands.drop):
        with pytest.raises(ImportUnknown):
            async with loading.world.desk.database.transaction() as tx:
                await act(tx, **other)
    async with loading.world.desk.database.autocommit() as tx:
        assert await queries.runs(tx, account_ids=[AccountId(48)]) == []
        assert await queries.rows(tx, **other) == []
        assert await queries.deeds(tx, **other) == {}
