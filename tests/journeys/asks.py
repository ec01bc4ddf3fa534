"""One call that writes in each of the five APIs, what its yes looks like, and how it says that it cannot now."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
from msgspec import Struct

from crossdock.journey.partners import CHINA, Answer, Partners
from crossdock.journey.samples import Samples


class Ask(Struct, frozen=True):
    ask: Callable[[Partners, Samples, str], Awaitable[Answer]]
    """Named anew each time: what is repeated is answered from what is on record."""
    yes: Callable[[Answer], bool]


async def _consignment(partners: Partners, sample: Samples, name: str) -> Answer:
    return await partners.birdsystem(
        "POST", "/client/consignment", form={**sample.to_locker, "sales_reference": name}
    )


async def _inbound(partners: Partners, sample: Samples, name: str) -> Answer:
    return await partners.hongxun("/dtc/logistics/inOrder", {"customerNumber": name, **sample.inbound})


async def _packing(partners: Partners, sample: Samples, name: str) -> Answer:
    now = datetime.now(CHINA)
    report = {
        **sample.packing,
        "orderNo": name,
        "startTime": f"{now - timedelta(seconds=44):%Y-%m-%d %H:%M:%S}",
        "endTime": f"{now:%Y-%m-%d %H:%M:%S}",
        "orderTime": f"{now:%Y-%m-%d %H:%M:%S}",
    }
    business = {"orgId": "1", "enterpriseId": "1", "iposJson": json.dumps(report, ensure_ascii=False)}
    return await partners.ovopark("open.ovopark.storehouse.sendOrder", "v2", business)


async def _booking(partners: Partners, sample: Samples, name: str) -> Answer:
    return await partners.bestwond(
        "/api/iot/kd/set/save/order/", device_number=sample.cabinet.device_number, order_no=name, box_size="S"
    )


async def _login(partners: Partners, sample: Samples, name: str) -> Answer:
    login = sample.keys.heidian
    return await partners.heidian(
        "POST", "/api/shops/staff_login/", body={"username": login.username, "password": login.password}
    )


ASKS: Final[dict[str, Ask]] = {
    "birdsystem": Ask(_consignment, lambda said: said["success"] is True),
    "hongxun": Ask(_inbound, lambda said: said["flag"] is True),
    "ovopark": Ask(_packing, lambda said: said["stat"]["codename"] == "SUCCESS"),
    "bestwond": Ask(_booking, lambda said: said["code"] == 0),
    "heidian": Ask(_login, lambda said: bool(said.get("token"))),
}

UNAVAILABLE: Final = "The system is not available at the moment, nothing was changed. Please try again later."
"""BirdSystem's, for every reason: what is wrong with this server is in its log."""


def refusals(*, stored: tuple[int, str] = (-999, "Open platform system exception")) -> dict[str, Any]:
    """Status and body of each API while it cannot; `stored`: code and text of the method that keeps reports."""
    return {
        "birdsystem": (500, {"success": False, "message": UNAVAILABLE}),
        "hongxun": (200, {"code": 500, "message": "系统异常", "flag": False}),
        "ovopark": (200, {"code": stored[0], "result": stored[1], "data": None}),
        "bestwond": (200, {"code": 503, "msg": "Server error,503"}),
        "heidian": (
            503,
            {"detail": "Service temporarily unavailable, try again later.", "code": "service_unavailable"},
        ),
    }


NOT_STORED: Final = (206999, "business-base服务调用异常")
"""Ovopark's own word for a report that reached the method and was not kept."""


class Asker:
    """The five partners' clients against one server; `async with Asker(base_url, sample) as asker`."""

    def __init__(self, base_url: str, sample: Samples, *, timeout_s: float = 60.0) -> None:
        self._statuses: list[int] = []
        self._http = httpx.AsyncClient(
            base_url=base_url, timeout=timeout_s, event_hooks={"response": [self._remember]}
        )
        self._sample = sample
        self._partners = Partners(self._http, sample)

    async def __aenter__(self) -> "Asker":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def ask(self, dialect: str, name: str) -> tuple[int, Answer]:
        """One at a time: the status is that of the last answer."""
        said = await ASKS[dialect].ask(self._partners, self._sample, name)
        if dialect == "ovopark":  # its stat holds the time and a number of its own as well
            said = {**said, "code": said["stat"]["code"]} if "stat" in said else said
        return self._statuses[-1], said

    async def all_say_yes(self, name: str) -> None:
        for dialect, ask in ASKS.items():
            status, said = await self.ask(dialect, name)
            assert ask.yes(said), (dialect, status, said)

    async def all_refuse(self, name: str, wanted: dict[str, Any]) -> None:
        for dialect in ASKS:
            status, said = await self.ask(dialect, name)
            said.pop("stat", None)
            assert (status, said) == wanted[dialect], dialect

    async def _remember(self, response: httpx.Response) -> None:
        self._statuses.append(response.status_code)
