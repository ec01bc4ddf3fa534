"""The gateway of the demo world, asked over HTTP at the contract's moment."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import httpx
import pytest

from crossdock.base.clock import HeldClock
from crossdock.db.intake import Intake
from crossdock.dialects.ovopark import DIALECT
from crossdock.edge.asgi import App
from crossdock.edge.desk import Desk
from tests.world import World

SECRET = "6f1c0a9d5be24738a1d2c3b4e5f60718"
NOW = datetime(2024, 1, 15, 1, 30, tzinfo=UTC)
SEND_ORDER = "open.ovopark.storehouse.sendOrder"
IPOS_JSON = (
    '{"shopId":"D001","orderNo":"21382148343292","userName":"Cashier A","machineId":"001",'
    '"startTime":"2019-07-03 01:01:01","endTime":"2019-07-03 01:01:45","orderTime":"2019-07-03 01:01:15",'
    '"orderType":"Online orders","goods":[{"goodsId":"00131031","goodsPrice":998,"goodsName":"Nike","goodsNums":1,'
    '"boxNo":"box001","batchNo":"B20190703","scanTime":"2019-07-03 01:01:10",'
    '"skus":[{"skuKeyId":2,"skuValue":"Sports"}]}]}'
)


def signature(parameters: Mapping[str, str]) -> str:
    """Written anew here, so that the tests do not ask the server what is right."""
    pairs = "".join(name + parameters[name] for name in sorted(parameters))
    return hashlib.md5(f"{SECRET}{pairs}{SECRET}".encode()).hexdigest().upper()


def signed(method: str = SEND_ORDER, version: str = "v2", **changes: str) -> dict[str, str]:
    parameters = {
        "_aid": "S107",
        "_akey": "S107-00009901",
        "_format": "json",
        "_mt": method,
        "_requestMode": "POST",
        "_sm": "md5",
        "_timestamp": "20240115093000",
        "_version": version,
        **changes,
    }
    return {**parameters, "_sig": signature(parameters)}


def order(**changes: str) -> dict[str, str]:
    return signed(**{"enterpriseId": "1", "orgId": "1", "iposJson": IPOS_JSON, **changes})


class Gate:
    """What a client sees of the gateway."""

    def __init__(self, desk: Desk, clock: HeldClock) -> None:
        self.desk = desk
        self.clock = clock
        self.http = self._client(desk)

    async def send(self, **request: Any) -> dict[str, Any]:
        """The envelope; whatever happened, its HTTP status is 200."""
        answer = await self.http.request(**{"method": "POST", "url": "/cloud.api", **request})
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json;charset=utf-8"
        return cast(dict[str, Any], answer.json())

    async def code(self, **request: Any) -> int:
        return int((await self.send(**request))["stat"]["code"])

    async def execute(self, statement: str, **params: Any) -> None:
        async with self.desk.database.transaction() as tx:
            await tx.execute(statement, **params)
        self.desk.accounts.forget()

    def with_packings(self, packings: Intake[Any, Any]) -> "Gate":
        """The same house with another packing intake."""
        return Gate(replace(self.desk, packings=packings), self.clock)

    def _client(self, desk: Desk) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(App(desk, [DIALECT])), base_url="http://gate", verify=False
        )


@pytest.fixture
def gate(quiet_world: World) -> Gate:
    """Asked without a socket: what an early refusal does to a large body on one is not the gateway's matter."""
    quiet_world.clock.set(NOW)
    return Gate(quiet_world.desk, quiet_world.clock)
