"""Finding orders by any field, and only those of the account and company that asks."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from crossdock.base.ids import AccountId, CompanyId
from crossdock.core.catalog import queries as catalog
from crossdock.core.orders import queries
from crossdock.core.orders.model import Criterion, OrderPage, SortKey
from tests import statements
from tests.core.orders.conftest import Counter, ask
from tests.world import ACCOUNT, COMPANY, PARCEL_SERVICE, START


@pytest.fixture
async def shelf(counter: Counter) -> Counter:
    """Three orders, a minute apart."""
    await counter.placed(
        ask("A-1", {"00131031": 1}, recipient={"post_code": "E1 6AN"}, reference="R", service_id=PARCEL_SERVICE)
    )
    counter.world.clock.advance(timedelta(minutes=1))
    await counter.placed(ask("B-1", {"P-7001": 2}, recipient={"post_code": "%_'"}, partner_fields={"urgent": "1"}))
    counter.world.clock.advance(timedelta(minutes=1))
    await counter.placed(ask("C-2", kind="inbound", state="announced", type="CI", reference="R"))
    return counter


async def found(shelf: Counter, *criteria: Criterion, **more: Any) -> OrderPage:
    async with shelf.world.desk.database.autocommit() as tx:
        return await queries.search(
            tx, **{"account_id": ACCOUNT, "company_id": COMPANY, "criteria": criteria, "limit": 10, **more}
        )


def numbers(page: OrderPage) -> list[str]:
    return [order.number for order in page.orders]


@pytest.mark.parametrize(
    ("criterion", "expected"),
    [
        (Criterion("number", "eq", "A-1"), ["A-1"]),
        (Criterion("number", "contains", "-1"), ["A-1", "B-1"]),
        (Criterion("number", "contains", "a-"), ["A-1"]),
        (Criterion("number", "contains", "%"), []),
        (Criterion("id", "contains", "0000003"), ["C-2"]),
        (Criterion("id", "ge", 240802_036_0000002), ["B-1", "C-2"]),
        (Criterion("id", "in", [240802_036_0000001, 7]), ["A-1"]),
        (Criterion("id", "in", []), []),
        (Criterion("kind", "eq", "inbound"), ["C-2"]),
        (Criterion("type", "ne", "CI"), ["A-1", "B-1"]),
        (Criterion("state", "in", ["announced", "shipped"]), ["C-2"]),
        (Criterion("service_id", "eq", PARCEL_SERVICE), ["A-1"]),
        (Criterion("service_id", "ne", PARCEL_SERVICE), ["B-1", "C-2"]),
        (Criterion("service_id", "is_null", True), ["B-1", "C-2"]),
        (Criterion("service_id", "is_null", False), ["A-1"]),
        (Criterion("created_at", "ge", START + timedelta(minutes=1)), ["B-1", "C-2"]),
        (Criterion("created_at", "le", START), ["A-1"]),
        (Criterion("created_at.second", "in", [START, START + timedelta(minutes=1)]), ["A-1", "B-1"]),
        (Criterion("created_at.second", "ne", START), ["B-1", "C-2"]),
        (Criterion("finished_at.second", "eq", START), []),
        (Criterion("pieces", "le", 1), ["A-1", "C-2"]),
        (Criterion("pieces", "gt", 1), ["B-1"]),
        (Criterion("pieces", "lt", 1), ["C-2"]),
        (Criterion("recipient.post_code", "eq", "E1 6AN"), ["A-1"]),
        (Criterion("recipient.post_code", "contains", "%_'"), ["B-1"]),
        (Criterion("recipient.post_code", "ne", "E1 6AN"), ["B-1", "C-2"]),
        (Criterion("partner_fields.urgent", "is_null", False), ["B-1"]),
        (Criterion("partner_fields.it's 100%", "is_null", True), ["A-1", "B-1", "C-2"]),
        (Criterion("product_id", "eq", 2989068), ["A-1"]),
        (Criterion("product_id", "in", [2989068, 2989352]), ["A-1", "B-1"]),
        (Criterion("product_id", "is_null", True), ["C-2"]),
        (Criterion("product_id", "is_null", False), ["A-1", "B-1"]),
    ],
    ids=lambda value: f"{value.field} {value.operator} {value.value}" if isinstance(value, Criterion) else "",
)
async def test_each_field_and_operator(shelf: Counter, criterion: Criterion, expected: list[str]) -> None:
    page = await found(shelf, criterion)
    assert (numbers(page), page.total) == (expected, len(expected))


async def test_all_criteria_hold(shelf: Counter) -> None:
    page = await found(shelf, Criterion("number", "contains", "1"), Criterion("pieces", "ge", 2))
    assert numbers(page) == ["B-1"]


@pytest.mark.parametrize(
    ("start", "limit", "expected"),
    [(0, 2, ["A-1", "B-1"]), (2, 2, ["C-2"]), (3, 2, []), (0, None, ["A-1", "B-1", "C-2"])],
)
async def test_pages(shelf: Counter, start: int, limit: int | None, expected: list[str]) -> None:
    page = await found(shelf, start=start, limit=limit)
    assert (numbers(page), page.total) == (expected, 3)


async def test_a_page_and_its_count_are_one_statement(shelf: Counter) -> None:
    with statements.listed() as sent:
        await found(shelf, Criterion("product_id", "eq", 2989068), limit=1)
    assert len(sent) == 1


async def test_sorting(shelf: Counter) -> None:
    assert numbers(await found(shelf, sort=[SortKey("created_at", descending=True)])) == ["C-2", "B-1", "A-1"]
    assert numbers(await found(shelf, sort=[SortKey("kind"), SortKey("number", descending=True)])) == [
        "C-2",
        "B-1",
        "A-1",
    ]
    assert numbers(await found(shelf, sort=[SortKey("dialect")])) == ["A-1", "B-1", "C-2"], "by id where it is equal"
    assert numbers(await found(shelf, sort=[SortKey("recipient.post_code", descending=True)]))[0] == "C-2"


async def test_others_see_nothing(shelf: Counter) -> None:
    assert (await found(shelf, account_id=AccountId(48))).total == 0
    assert (await found(shelf, company_id=CompanyId(37))).total == 0
    assert (await found(shelf, company_id=None)).total == 3


@pytest.mark.parametrize("name", ["token", "content_hash", "account_id", "id; DROP TABLE orders", "secrets.key", ""])
async def test_a_field_that_is_not_offered(shelf: Counter, name: str) -> None:
    with pytest.raises(LookupError):
        await found(shelf, Criterion(name, "eq", "x"))
    with pytest.raises(LookupError):
        await found(shelf, sort=[SortKey(name)])
    with pytest.raises(LookupError):
        await found(shelf, Criterion("id", "like", "x"))


async def test_by_reference_and_by_token(shelf: Counter) -> None:
    async with shelf.world.desk.database.autocommit() as tx:
        both = await queries.orders_of_reference(tx, account_id=ACCOUNT, company_id=COMPANY, reference="R")
        assert [order.number for order in both] == ["A-1", "C-2"]
        assert await queries.orders_of_reference(tx, account_id=ACCOUNT, company_id=CompanyId(7), reference="R") == []
        assert await queries.by_token(tx, both[0].token) == both[0]
        assert await queries.by_token(tx, both[0].token[:-1]) is None
        lines = await queries.lines_of(tx, account_id=ACCOUNT, order_ids=[order.id for order in both])
    assert [len(lines[order.id]) for order in both] == [1, 0]


@pytest.mark.parametrize(
    ("criterion", "expected"),
    [
        (Criterion("partner_fields.price.number", "ge", 9), ["A-1", "B-1"]),
        (Criterion("partner_fields.price.number", "eq", 10), ["A-1"]),
        (Criterion("partner_fields.price.number", "is_null", True), ["C-2"]),
        (Criterion("partner_fields.price.amount", "le", 9), ["B-1", "C-2"]),
        (Criterion("partner_fields.none.amount", "eq", 0), ["A-1", "B-1", "C-2"]),
    ],
)
async def test_a_number_in_a_document_is_compared_as_one(shelf: Counter, criterion, expected) -> None:
    """Also beside texts that are none."""
    async with shelf.world.desk.database.transaction() as tx:
        for number, price in (("A-1", "10.0"), ("B-1", "9"), ("C-2", "x; 1")):
            await tx.execute(
                "UPDATE orders SET partner_fields = jsonb_build_object('price', %(price)s::text)"
                " WHERE number = %(number)s",
                number=number,
                price=price,
            )

    assert numbers(await found(shelf, criterion)) == expected
    by_price = [SortKey("partner_fields.price.number")]
    assert numbers(await found(shelf, sort=by_price)) == ["B-1", "A-1", "C-2"]


async def test_a_statement_that_is_kept_takes_other_values_each_time(shelf: Counter) -> None:
    announced, draft = (Criterion("state", "in", states) for states in (["announced"], ["draft"]))
    both = Criterion("state", "in", ["announced", "draft"])
    twice = Criterion("state", "in", ["announced", "announced"])

    for _ in range(2):
        assert numbers(await found(shelf, announced)) == ["C-2"]
        assert "C-2" not in numbers(await found(shelf, draft))
        assert "C-2" in numbers(await found(shelf, both))
        assert numbers(await found(shelf, twice)) == ["C-2"]
        assert numbers(await found(shelf, Criterion("number", "eq", "A-1"))) == ["A-1"]
        assert numbers(await found(shelf, Criterion("number", "eq", "B-1"))) == ["B-1"]
        assert numbers(await found(shelf, Criterion("number", "ne", "B-1"))) == ["A-1", "C-2"]
        assert (await found(shelf, Criterion("number", "eq", "A-1"), company_id=CompanyId(1))).total == 0


async def test_a_page_with_goods_is_the_page_its_lines_and_their_products(shelf: Counter) -> None:
    await shelf.placed(ask("D-1", {"P-7001": 2, "00131031": 1}, reference="R"))
    asked: dict[str, Any] = {"criteria": [Criterion("number", "contains", "-1")], "start": 1, "limit": 2}
    asked |= {"account_id": ACCOUNT, "company_id": COMPANY, "sort": [SortKey("number", descending=True)]}
    async with shelf.world.desk.database.autocommit() as tx:
        await tx.execute("UPDATE product SET price = 1234567.90, partner_fields = '{\"deep\": [0.1, null]}'")
        await tx.execute('UPDATE order_line SET partner_fields = \'{"note": "\\"王\\""}\'')
        page = await queries.search(tx, **asked)
        with statements.listed() as sent:
            found = await queries.search_with_goods(tx, **asked)
        none = await queries.search_with_goods(tx, **asked | {"start": 7})
        of_order = await queries.lines_of(tx, account_id=ACCOUNT, order_ids=[order.id for order in page.orders])
        products = await catalog.products(tx, account_id=ACCOUNT, ids=[2989068, 2989352])

    assert len(sent) == 1
    assert found.total == page.total == none.total == 3
    assert [one.order.number for one in found.orders] == numbers(page) == ["B-1", "A-1"]
    assert [structs.asdict(one.order)["recipient"] for one in found.orders] == [row.recipient for row in page.orders]
    assert [one.lines for one in found.orders] == list(of_order.values())
    for one in found.orders:
        assert one.products == {line.product_id: products[line.product_id] for line in one.lines if line.product_id}
        assert all(str(product.price) == "1234567.90" for product in one.products.values())
    assert none.orders == []
