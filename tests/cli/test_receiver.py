"""`crossdock receiver`: what a partner's side says to good and bad callbacks."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from rich.console import Console

from crossdock import receiver
from crossdock.receiver import Behaviour, DialectSilent, PortTaken, Receiver, listen
from tests.dialects.hongxun.samples import SECRETS, sample

CONFIRM = sample("8.7")
YES = {"code": 200, "message": "ok", "flag": True}


@asynccontextmanager
async def listening(**behaviour: Any) -> AsyncIterator[tuple[httpx.AsyncClient, io.StringIO]]:
    printed = io.StringIO()
    out = Console(file=printed, width=200, highlight=False)
    partner = Receiver("hongxun", secret=SECRETS["HXDEMO"], behaviour=Behaviour(**behaviour), out=out, bodies=True)
    task = asyncio.create_task(listen(partner, port=0, out=out))
    while "listening on" not in printed.getvalue():
        await asyncio.sleep(0.01)
    url = printed.getvalue().split()[-1]
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        yield client, printed
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def tell(client: httpx.AsyncClient, body: Any = CONFIRM, path: str = "/inOrderStatusConfirm") -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await client.post(path, content=content)


async def test_news_repeats_and_the_rest() -> None:
    async with listening() as (client, printed):
        assert (await tell(client)).json() == YES
        assert (await tell(client)).json() == YES
        wrong = await tell(client, CONFIRM | {"sign": "0" * 32})
        assert (wrong.status_code, wrong.json()["flag"]) == (200, False)
        for nonsense in (b"", b"<html>", b"[]", b'{"request": {}}', b"\xff\x00"):
            assert (await tell(client, nonsense)).json()["flag"] is False
    lines = printed.getvalue()
    assert "1 new             /inOrderStatusConfirm RK2024080200017 -> ok" in lines
    assert "2 again           /inOrderStatusConfirm" in lines
    assert "3 wrong signature" in lines
    assert lines.count("not understood") == 5
    assert lines.rstrip().endswith("8 heard, 1 of them new")


@pytest.mark.parametrize(
    ("answer", "status", "flag"), [("refuse", 200, False), ("error", 500, False), ("nonsense", 200, None)]
)
async def test_it_misbehaves_as_told_and_then_well(answer: receiver.Answer, status: int, flag: bool | None) -> None:
    async with listening(answer=answer, first=2) as (client, printed):
        for _ in range(2):
            said = await tell(client)
            assert said.status_code == status
            assert (b"<html>" in said.content) if flag is None else (said.json()["flag"] is flag)
        assert (await tell(client)).json() == YES
        assert "3 new " in printed.getvalue(), "what was refused has not been heard"


async def test_silence() -> None:
    async with listening(answer="silence") as (client, _):
        with pytest.raises(httpx.ReadTimeout):
            await client.post("/inOrderStatusConfirm", json=CONFIRM, timeout=0.5)


async def test_a_port_that_is_taken() -> None:
    async with listening() as (client, _):
        partner = Receiver("hongxun", secret="", behaviour=Behaviour(), out=Console(file=io.StringIO()))
        with pytest.raises(PortTaken):
            await listen(partner, port=client.base_url.port or 0, out=Console(file=io.StringIO()))


def test_a_partner_whose_callbacks_are_not_signed() -> None:
    with pytest.raises(DialectSilent):
        Receiver("heidian", secret="", behaviour=Behaviour(), out=Console(file=io.StringIO()))
