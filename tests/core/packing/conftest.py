"""The demo world, and short ways to reports."""

from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import EnterpriseId
from crossdock.core.packing.commands import report_many
from crossdock.core.packing.model import PackedItem, PackingReport, Reported
from crossdock.db.tx import Tx
from tests.world import ACCOUNT, World

ENTERPRISE = EnterpriseId(1)
NOW = datetime(2024, 1, 15, 1, 30, tzinfo=UTC)
FILMED_FROM = datetime(2024, 1, 15, 1, 0, tzinfo=UTC)


def item(code: str = "00131031", quantity: str = "1", **facts: Any) -> PackedItem:
    return PackedItem(
        **{"goods_code": code, "goods_name": "Nike", "price": Decimal(998), "quantity": Decimal(quantity), **facts}
    )


def report(number: str = "N-1", *items: PackedItem, **facts: Any) -> PackingReport:
    return PackingReport(
        **{
            "account_id": ACCOUNT,
            "enterprise_id": ENTERPRISE,
            "department_id": 123,
            "order_number": number,
            "station": "001",
            "filmed_from": FILMED_FROM,
            "filmed_to": FILMED_FROM + timedelta(seconds=44),
            "ordered_at": FILMED_FROM,
            "items": items or (item(),),
            "dialect": "ovopark",
            "actor": "S107-00009901",
            **facts,
        }
    )


class Bench:
    """The packing bench: reports in, what is on record out."""

    def __init__(self, world: World) -> None:
        self.order = world.order
        self.rows = world.rows
        self._world = world
        self.database = world.desk.database

    def transaction(self) -> AbstractAsyncContextManager[Tx]:
        return self._world.desk.database.transaction()

    async def report(self, *reports: PackingReport) -> list[Reported | CrossdockError]:
        """One batch, as the intake hands it over."""
        async with self.transaction() as tx:
            return await report_many(tx, list(reports))

    async def reported(self, one: PackingReport) -> Reported:
        [answer] = await self.report(one)
        assert isinstance(answer, Reported)
        return answer


@pytest.fixture
def bench(quiet_world: World) -> Bench:
    quiet_world.clock.set(NOW)
    return Bench(quiet_world)
