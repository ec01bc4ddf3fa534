"""What tills report: kept as sent, once, and found again."""

import asyncio
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from crossdock.dialects.ovopark.report import RECEIPT_BYTES_MAX, RECEIPT_CHARACTERS_MAX, RECEIPT_ZEROS_MAX
from tests.dialects.ovopark.conftest import Gate, signed

TOKEN = "A" * 96
SEND = ("open.ovopark.pos.sendOrder", "v2")
SEARCH = ("open.ovopark.pos.searchPos", "v1")
DELETE = ("open.ovopark.pos.deleteOrder", "v1")
DAILY = "open.ovopark.pos.reportSales"
HOURLY = "open.ovopark.pos.reportSalesHourly"
HERE = {"orgId": "1", "enterpriseId": "1"}


def receipt(**changes: Any) -> str:
    return json.dumps(
        {"depId": 123, "machineId": "001", "ticketId": "T-1", "ticketTimeStr": "2024-01-15 09:15:00", **changes},
        ensure_ascii=False,
    )


def sent(text: str) -> dict[str, str]:
    return signed(*SEND, **HERE, iposJson=text)


@pytest.fixture
async def token(gate: Gate) -> dict[str, str]:
    await gate.execute(
        "UPDATE enterprise_user SET token_hash = encode(sha256(%(token)s::text::bytea), 'hex')", token=TOKEN
    )
    return {"authenticator": TOKEN}


async def rows(gate: Gate, statement: str) -> list[tuple[Any, ...]]:
    async with gate.desk.database.autocommit() as tx:
        return await tx.rows(statement)


async def test_a_receipt_comes_back_as_it_was_sent(gate: Gate, token: dict[str, str]) -> None:
    text = receipt(price=0)[:-1].replace('"price": 0', '"price": 998.10, "a": {"b": [1e3, null, "鞋 €"]}') + "}"
    assert await gate.code(data=sent(text)) == 0

    found = (await gate.send(data=signed(*SEARCH), headers=token))["data"]["list"]

    [one] = found
    assert (one["price"], one["a"]) == (998.10, {"b": [1000, None, "鞋 €"]})
    assert (one["startTime"], one["endTime"]) == ("2024-01-15 09:14:00", "2024-01-15 09:15:30")
    [(details,)] = await rows(gate, "SELECT details::text FROM receipt")
    assert '"price": 998.10' in details


async def test_fields_of_a_receipt_cannot_pass_for_ours(gate: Gate, token: dict[str, str]) -> None:
    assert await gate.code(data=sent(receipt(id=7, startTime="x", shopId="OTHER"))) == 0

    [one] = (await gate.send(data=signed(*SEARCH), headers=token))["data"]["list"]
    [(id_,)] = await rows(gate, "SELECT id FROM receipt")
    assert (one["id"], one["shopId"], one["startTime"]) == (id_, "D001", "2024-01-15 09:14:00")


async def test_of_many_at_once_one_receipt_is_kept(gate: Gate) -> None:
    codes = await asyncio.gather(*(gate.code(data=sent(receipt(cashierId=turn))) for turn in range(12)))

    assert sorted(codes) == [0] + [208003] * 11
    assert await rows(gate, "SELECT count(*) FROM receipt") == [(1,)]


async def test_a_deleted_receipt_stays_on_record(gate: Gate) -> None:
    await gate.send(data=sent(receipt()))
    gone = signed(*DELETE, **HERE, ticketId="T-1", depId="123")

    codes = await asyncio.gather(*(gate.code(data=gone) for _ in range(6)))

    assert sorted(codes) == [0] + [999999] * 5
    assert await rows(gate, "SELECT deleted_at IS NULL, deleted_by FROM receipt") == [(False, "S107-00009901")]
    assert await gate.code(data=sent(receipt())) == 0
    assert await rows(gate, "SELECT count(*) FROM receipt") == [(2,)]


@pytest.mark.parametrize("name", RECEIPT_CHARACTERS_MAX)
async def test_how_long_a_field_may_be(gate: Gate, name: str) -> None:
    most = RECEIPT_CHARACTERS_MAX[name]
    assert await gate.code(data=sent(receipt(**{name: "x" * most}))) == 0
    assert await gate.code(data=sent(receipt(**{name: "x" * (most + 1), "ticketTimeStr": "x"}))) == 999999


async def test_how_large_a_receipt_may_be(gate: Gate) -> None:
    rest = len(receipt(note="").encode())

    def sized(size: int, number: str) -> str:
        return receipt(note="鞋" + "x" * (size - rest - len("鞋".encode())), ticketId=number)

    assert await gate.code(data=sent(sized(RECEIPT_BYTES_MAX, "T-1"))) == 0
    assert await gate.code(data=sent(sized(RECEIPT_BYTES_MAX + 1, "T-2"))) == 999999


async def test_numbers_of_a_receipt_do_not_grow_in_store(gate: Gate) -> None:
    """PostgreSQL writes all zeros out: 128 KiB of such numbers would come back as gigabytes."""

    def holding(number: str, ticket: str) -> str:
        return receipt(ticketId=ticket)[:-1] + f', "a": [{number}]}}'

    for sign in ("", "-"):
        most, more = (f"1e{sign}{zeros}" for zeros in (RECEIPT_ZEROS_MAX, RECEIPT_ZEROS_MAX + 1))
        assert await gate.code(data=sent(holding(most, f"T{sign}"))) == 0
        assert await gate.code(data=sent(holding(more, f"U{sign}"))) == 999999
        assert await gate.code(data=sent(holding(f"1e{sign}16000", f"U{sign}"))) == 999999


async def test_the_last_receipt_of_all_times_spoils_no_search(gate: Gate, token: dict[str, str]) -> None:
    """The end of its film would have no date."""
    assert await gate.code(data=sent(receipt(ticketTimeStr="9999-12-31 23:59:59"))) == 999999
    assert await gate.code(data=sent(receipt(ticketTimeStr="9998-12-31 23:59:59"))) == 0

    [one] = (await gate.send(data=signed(*SEARCH), headers=token))["data"]["list"]
    assert one["endTime"] == "9999-01-01 00:00:29"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        receipt()[:-1],
        receipt(note="a\0b"),
        receipt()[:-1] + ', "a": ' + "[" * 100_000 + "]" * 100_000 + "}",
        receipt()[:-1] + ', "a": "\\ud800"}',
        receipt()[:-1] + ', "a": 1e999999999}',
        receipt(ticketTimeStr="2024-02-30 00:00:00"),
        receipt(depId="12345678901234567890"),
        receipt(ticketId=["T"]),
    ],
)
async def test_receipts_that_cannot_be_taken(gate: Gate, text: str) -> None:
    assert await gate.code(data=sent(text)) in (999999, 100002)
    assert await rows(gate, "SELECT count(*) FROM receipt") == [(0,)]


# What was taken -------------------------------------------------------------------


def sales(method: str, **changes: str) -> dict[str, str]:
    facts = {"dealNum": "20", "total": "1998.50", "dealPersonNum": "17", "createTime": "2024-01-14 10:30:00"}
    return signed(method, "v1", **{"enterpriseId": "1", "depId": "123", **facts, **changes})


async def test_days_and_hours_are_of_china(gate: Gate) -> None:
    for method in (DAILY, HOURLY):
        assert await gate.code(data=sales(method)) == 0
        assert await gate.code(data=sales(method, createTime="2024-01-14 10:00:00")) == 208003
    assert await gate.code(data=sales(HOURLY, createTime="2024-01-14")) == 0

    assert await rows(gate, "SELECT period, begins_at, deals, buyers, amount FROM takings ORDER BY 1, 2") == [
        ("day", datetime(2024, 1, 13, 16, tzinfo=UTC), 20, 17, Decimal("1998.50")),
        ("hour", datetime(2024, 1, 13, 16, tzinfo=UTC), 20, 17, Decimal("1998.50")),
        ("hour", datetime(2024, 1, 14, 2, tzinfo=UTC), 20, 17, Decimal("1998.50")),
    ]


async def test_only_a_cover_replaces(gate: Gate) -> None:
    first = [gate.code(data=sales(DAILY, total=str(turn))) for turn in range(6)]
    assert sorted(await asyncio.gather(*first)) == [0] + [208003] * 5

    assert await gate.code(data=sales(DAILY, total="7", isCover="1")) == 0
    assert await rows(gate, "SELECT amount FROM takings") == [(7,)]


async def test_takings_of_an_enterprise_that_is_not_the_keys(gate: Gate) -> None:
    assert await gate.code(data=sales(DAILY, enterpriseId="12", depId="130")) == 206006
    assert await gate.code(data=sales(DAILY, enterpriseId="x")) == 206006
    await gate.execute("UPDATE credential SET scope = scope - 'organisation' WHERE key = 'S107-00009901'")
    assert await gate.code(data=sales(DAILY)) == 206001


@pytest.mark.parametrize("wrong", ["NaN", "1e999", "0x1", "1,5", "1" * 12, "-", "１２"])
async def test_numbers_that_are_none(gate: Gate, wrong: str) -> None:
    assert await gate.code(data=sales(DAILY, total=wrong)) == 999999
