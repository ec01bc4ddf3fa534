"""Products are made, changed and taken out of use; whoever listens is told, whole."""

import asyncio

import pytest

from crossdock.core.catalog import commands, queries
from crossdock.core.catalog.errors import CodeTaken, ProductDeleted, ProductInUse, ProductUnknown, SkuTaken
from crossdock.core.catalog.model import NewProduct, Product, ProductChange
from crossdock.core.catalog.sql import OVER
from crossdock.core.events import kinds
from crossdock.core.orders import commands as orders
from crossdock.core.orders.model import LOCKED_STATES, MOVES, NewLine
from tests.world import ACCOUNT, World

WHO = {"dialect": "birdsystem", "actor": "erp"}


async def made(world: World, sku: str | None = "A", **more) -> Product:
    async with world.desk.database.transaction() as tx:
        return await commands.create_product(
            tx, NewProduct(account_id=ACCOUNT, sku=sku, name=more.pop("name", "a"), **more), **WHO
        )


async def changed(world: World, product: Product, **more) -> Product:
    async with world.desk.database.transaction() as tx:
        return await commands.update_product(
            tx, account_id=ACCOUNT, product_id=product.id, change=ProductChange(**more), **WHO
        )


async def deleted(world: World, product_id: int) -> Product:
    async with world.desk.database.transaction() as tx:
        return await commands.delete_product(tx, account_id=ACCOUNT, product_id=product_id, **WHO)


async def told(world: World, product: Product) -> list[tuple[str, str]]:
    return [
        tuple(row)
        for row in await world.rows(
            "SELECT kind, facts #>> '{product,sku}' FROM event WHERE subject = %(subject)s ORDER BY id",
            subject=f"product:{product.id}",
        )
    ]


async def test_its_whole_life(quiet_world):
    product = await made(quiet_world, partner_fields={"brand": "B", "url": "u"})
    assert (product.state, product.active) == ("preparing", False)

    product = await changed(quiet_world, product, active=True, name="b", partner_fields={"brand": None, "color": "c"})
    assert (product.state, product.name, product.partner_fields) == ("active", "b", {"url": "u", "color": "c"})
    product = await changed(quiet_world, product, sku="B")
    product = await deleted(quiet_world, product.id)

    assert (product.state, product.active, product.sku) == ("deleted", False, "B")
    assert await told(quiet_world, product) == [
        (kinds.PRODUCT_CREATED, "A"),
        (kinds.PRODUCT_UPDATED, "A"),
        (kinds.PRODUCT_UPDATED, "B"),
        (kinds.PRODUCT_DELETED, "B"),
    ]
    assert await deleted(quiet_world, product.id) == product
    assert len(await told(quiet_world, product)) == 4
    with pytest.raises(ProductDeleted):
        await changed(quiet_world, product, name="c")


async def test_without_a_sku_it_goes_by_the_house_name(quiet_world):
    product = await made(quiet_world, None)

    assert product.sku == f"{ACCOUNT}-{product.id}"


async def test_a_sku_is_given_once(quiet_world):
    one, other = await made(quiet_world, "A"), await made(quiet_world, "B")

    with pytest.raises(SkuTaken):
        await made(quiet_world, "A")
    with pytest.raises(SkuTaken):
        await changed(quiet_world, other, sku="A")
    found = await asyncio.gather(*(made(quiet_world, "C") for _ in range(4)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in found) == ["Product", "SkuTaken", "SkuTaken", "SkuTaken"]
    await deleted(quiet_world, one.id)
    with pytest.raises(SkuTaken):
        await made(quiet_world, "A")


async def test_a_code_names_one_product(quiet_world):
    one = await made(quiet_world, "A", codes=("1", "2", "2"))

    with pytest.raises(CodeTaken) as refused:
        await made(quiet_world, "B", codes=("2", "3"))
    assert refused.value.facts == {"code": "2"}
    await changed(quiet_world, one, codes=("1", "4"))
    assert await quiet_world.rows(
        "SELECT code FROM product_code WHERE product_id = %(id)s ORDER BY 1", id=one.id
    ) == [
        ("1",),
        ("2",),
        ("4",),
    ]


async def test_what_is_unknown(quiet_world):
    with pytest.raises(ProductUnknown):
        await deleted(quiet_world, 7)
    async with quiet_world.desk.database.transaction() as tx:
        with pytest.raises(ProductUnknown):
            await commands.update_product(tx, account_id=ACCOUNT, product_id=7, change=ProductChange(name="b"), **WHO)


async def test_what_lies_on_a_shelf_stays(quiet_world):
    product = await made(quiet_world, "A")
    await quiet_world.stock("A", 1)

    with pytest.raises(ProductInUse):
        await deleted(quiet_world, product.id)
    assert (await told(quiet_world, product))[-1][0] == kinds.PRODUCT_CREATED


async def test_what_an_open_order_names_stays(quiet_world):
    product = await made(quiet_world, "A", active=True)
    order = await quiet_world.order("1", lines={"A": 1})

    with pytest.raises(ProductInUse):
        await deleted(quiet_world, product.id)
    async with quiet_world.desk.database.transaction() as tx:
        await orders.cancel(tx, account_id=ACCOUNT, order_id=order.id, **WHO)
    assert (await deleted(quiet_world, product.id)).state == "deleted"


async def test_a_line_and_a_deletion_at_once(quiet_world):
    """Whichever comes first: no open order is left with a product that was deleted after it was ordered."""
    for number in range(8):
        product = await made(quiet_world, f"A-{number}", active=True)
        order = await quiet_world.order(str(number))
        await asyncio.gather(
            deleted(quiet_world, product.id), _line(quiet_world, order.id, product), return_exceptions=True
        )

        async with quiet_world.desk.database.autocommit() as tx:
            found = await queries.product(tx, account_id=ACCOUNT, product_id=product.id)
        lines = await quiet_world.rows("SELECT 1 FROM order_line WHERE product_id = %(id)s", id=product.id)
        assert found.state == "deleted" or lines


async def _line(world: World, order_id: int, product: Product) -> None:
    async with world.desk.database.transaction() as tx:
        line = NewLine(line_key="1", product_id=product.id, quantity=1)
        await orders.add_line(tx, account_id=ACCOUNT, order_id=order_id, line=line, **WHO)


def test_no_open_state_counts_as_over():
    states = {state for moves in MOVES.values() for state in moves}

    assert set(OVER) <= states
    assert not LOCKED_STATES & set(OVER)
    for kind, moves in MOVES.items():
        for state, following in moves.items():
            if not following:
                assert state in OVER, (kind, state)
    assert not {"draft", "pending", "held", "announced", "accepted", "receiving"} & set(OVER)
