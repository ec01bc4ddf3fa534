"""What counts as heard, how much of an answer is read, and what is kept of a try."""

import asyncio
from datetime import datetime

import pytest
from structlog.testing import capture_logs

from crossdock.delivery.model import ANSWER_BYTES_MAX, ANSWER_CHARS_KEPT_MAX, BODY_CHARS_MAX, FAILURE_CHARS_MAX
from crossdock.edge.callback import Outgoing, Owed
from tests.delivery.conftest import Make, plain_sender
from tests.delivery.owing import SECRET, Owing
from tests.delivery.receiver import ENDLESS, Partner, Reply


async def test_a_post_says_what_the_dialect_composed(make: Make, owing: Owing, partner: Partner) -> None:
    def compose(owed: Owed, now: datetime) -> Outgoing:
        return Outgoing(
            url=owed.receiver.url + "?sign=a%2Bb", body='{"m":"钥匙"}'.encode(), headers={"X-Sign": "abc"}
        )

    owing.callback(owing.receiver(partner.url))
    await make(plain_sender(compose=compose)).drain()

    [heard] = partner.heard
    assert heard.path == "/heard?sign=a%2Bb"
    assert heard.body == '{"m":"钥匙"}'.encode()
    assert heard.headers["x-sign"] == "abc"
    assert heard.headers["host"] == f"127.0.0.1:{partner.port}"
    assert heard.headers["user-agent"] == "Crossdock"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed_and_no_yes(make: Make, owing: Owing, partner: Partner, status: int) -> None:
    async with Partner() as elsewhere:
        partner.reply = Reply(status=status, headers={"Location": elsewhere.url})
        owing.callback(owing.receiver(partner.url))
        await make(plain_sender(accepted=lambda status, head: None)).drain()

    assert len(partner.heard) == 1
    assert elsewhere.heard == []
    [kept] = owing.tries()
    assert (kept.status, kept.failure) == (status, f"HTTP {status}: redirects are not followed")
    assert owing.states() == ["waiting"]


@pytest.mark.parametrize("size", [0, ANSWER_BYTES_MAX - 1, ANSWER_BYTES_MAX, ANSWER_BYTES_MAX + 1, 300_000])
async def test_an_answer_is_judged_up_to_its_bound(make: Make, owing: Owing, partner: Partner, size: int) -> None:
    judged = []

    def accepted(status: int, head: bytes) -> None:
        judged.append(head)

    partner.reply = Reply(body=b"a" * size)
    owing.callback(owing.receiver(partner.url))
    await make(plain_sender(accepted=accepted)).drain()

    assert judged == [b"a" * min(size, ANSWER_BYTES_MAX)]


@pytest.mark.parametrize("size", [ANSWER_CHARS_KEPT_MAX - 1, ANSWER_CHARS_KEPT_MAX, ANSWER_CHARS_KEPT_MAX + 1])
async def test_an_answer_is_kept_up_to_its_bound(make: Make, owing: Owing, partner: Partner, size: int) -> None:
    partner.reply = Reply(body=("线" * size).encode())
    owing.callback(owing.receiver(partner.url))
    await make().drain()

    assert owing.tries()[0].answer == "线" * min(size, ANSWER_CHARS_KEPT_MAX)


async def test_an_endless_answer_ends_at_the_bound(make: Make, owing: Owing, partner: Partner) -> None:
    partner.reply = Reply(body=ENDLESS)
    owing.callback(owing.receiver(partner.url))
    await make().drain()

    [kept] = owing.tries()
    assert (kept.status, kept.answer, kept.failure) == (200, "x" * ANSWER_CHARS_KEPT_MAX, None)
    assert owing.states() == ["delivered"]


async def test_a_squeezed_answer_is_not_blown_up(make: Make, owing: Owing, partner: Partner) -> None:
    partner.reply = Reply(body=b"\x1f\x8b not gzip at all", headers={"Content-Encoding": "gzip"})
    owing.callback(owing.receiver(partner.url))
    await make().drain()

    assert partner.heard[0].headers["accept-encoding"] == "identity"
    assert owing.tries()[0].answer == "\x1f\N{REPLACEMENT CHARACTER} not gzip at all"


async def test_no_answer_in_time_is_a_failure(make: Make, owing: Owing, partner: Partner) -> None:
    partner.open.clear()
    owing.callback(owing.receiver(partner.url))
    await make(plain_sender(timeout_s=0.2)).drain()

    [kept] = owing.tries()
    assert (kept.status, kept.failure) == (None, "no whole answer within 0.2 s")
    assert owing.states() == ["waiting"]


async def test_half_an_answer_in_time_keeps_what_came(make: Make, owing: Owing, partner: Partner) -> None:
    partner.reply = Reply(body=b"half", headers={"Content-Length": "9"})
    owing.callback(owing.receiver(partner.url))
    await make().drain()

    [kept] = owing.tries()
    assert (kept.status, kept.answer) == (200, "half")
    assert kept.failure.startswith("ClientPayloadError")


@pytest.mark.parametrize("raw", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\x00\xff" * 50])
async def test_nonsense_instead_of_an_answer_is_a_failure(
    make: Make, owing: Owing, partner: Partner, raw: bytes
) -> None:
    partner.reply = Reply(raw=raw)
    owing.callback(owing.receiver(partner.url))
    await make().drain()

    [kept] = owing.tries()
    assert kept.status is None
    assert kept.failure.startswith(("ServerDisconnectedError", "ClientResponseError"))
    assert owing.states() == ["waiting"]


async def test_a_closed_port_is_a_failure(make: Make, owing: Owing) -> None:
    async with Partner() as gone:
        url = gone.url
    owing.callback(owing.receiver(url))
    await make().drain()

    assert owing.tries()[0].failure.startswith("ClientConnectorError")


@pytest.mark.parametrize("body", [b"nul \x00 here", b"\xff\xfe\x00", "钥匙".encode()])
async def test_any_bytes_of_an_answer_can_be_kept(make: Make, owing: Owing, partner: Partner, body: bytes) -> None:
    partner.reply = Reply(status=400, body=body)
    owing.callback(owing.receiver(partner.url))
    await make().drain()

    expected = body.decode(errors="replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")
    [kept] = owing.tries()
    assert (kept.answer, kept.failure) == (expected, f"HTTP 400: {expected}")


@pytest.mark.parametrize("size", [FAILURE_CHARS_MAX - 1, FAILURE_CHARS_MAX, FAILURE_CHARS_MAX + 1])
async def test_a_reason_is_kept_up_to_its_bound(make: Make, owing: Owing, partner: Partner, size: int) -> None:
    owing.callback(owing.receiver(partner.url))
    await make(plain_sender(accepted=lambda status, head: "n" * size)).drain()

    assert owing.tries()[0].failure == "n" * min(size, FAILURE_CHARS_MAX)


@pytest.mark.parametrize("size", [BODY_CHARS_MAX - 1, BODY_CHARS_MAX, BODY_CHARS_MAX + 1])
async def test_a_body_is_sent_whole_and_kept_up_to_its_bound(
    make: Make, owing: Owing, partner: Partner, size: int
) -> None:
    def compose(owed: Owed, now: datetime) -> Outgoing:
        return Outgoing(url=owed.receiver.url, body=b"b" * size)

    owing.callback(owing.receiver(partner.url))
    await make(plain_sender(compose=compose)).drain()

    assert len(partner.heard[0].body) == size
    assert len(owing.tries()[0].body) == min(size, BODY_CHARS_MAX)


async def test_the_secret_signs_and_is_kept_nowhere(make: Make, owing: Owing, partner: Partner) -> None:
    def compose(owed: Owed, now: datetime) -> Outgoing:
        assert owed.credential is not None
        return Outgoing(url=owed.receiver.url, body=f"signed with {owed.credential.secret}".encode())

    partner.reply = Reply(status=400, body=f"wrong secret: {SECRET}".encode())
    owing.callback(owing.receiver(partner.url, credential_id=owing.credential()))
    with capture_logs() as logs:
        await make(plain_sender(compose=compose)).drain()

    assert partner.heard[0].body == f"signed with {SECRET}".encode()
    [kept] = owing.tries()
    assert (kept.body, kept.answer) == ("signed with [secret]", "wrong secret: [secret]")
    assert SECRET not in str(owing.rows("SELECT * FROM callback")) + str(owing.tries()) + str(logs)


async def test_half_a_secret_at_the_end_of_what_is_kept_is_none(make: Make, owing: Owing, partner: Partner) -> None:
    before = "x" * (ANSWER_CHARS_KEPT_MAX - len(SECRET) + 1)
    partner.reply = Reply(body=f"{before}{SECRET}".encode())
    owing.callback(owing.receiver(partner.url, credential_id=owing.credential()))
    await make().drain()

    assert owing.tries()[0].answer == f"{before}[secret]"[:ANSWER_CHARS_KEPT_MAX]


async def test_a_log_line_names_the_callback_and_quotes_nothing(make: Make, owing: Owing, partner: Partner) -> None:
    partner.reply = Reply(status=400, body=b"key 633225 is wrong")
    callback = owing.callback(owing.receiver(partner.url), save_code="633225")
    with capture_logs() as logs:
        await make().drain()

    assert logs == [
        {
            "event": "callback",
            "log_level": "info",
            "callback_id": callback,
            "dialect": "test",
            "receiver": "erp",
            "kind": "order.state",
            "attempt": 1,
            "outcome": "refused",
            "status": 400,
            "state": "waiting",
        }
    ]


async def test_a_fault_while_composing_is_a_failed_try_and_quotes_nothing(
    make: Make, owing: Owing, partner: Partner
) -> None:
    def compose(owed: Owed, now: datetime) -> Outgoing:
        raise KeyError(SECRET)

    owing.callback(owing.receiver(partner.url))
    with capture_logs() as logs:
        await make(plain_sender(compose=compose)).drain()

    assert owing.tries()[0].failure == "a fault of this server: KeyError"
    assert owing.states() == ["waiting"]
    assert [line["event"] for line in logs] == ["callback fault", "callback"]
    assert SECRET not in str(logs)


async def test_a_fault_while_judging_is_a_failed_try(make: Make, owing: Owing, partner: Partner) -> None:
    def accepted(status: int, head: bytes) -> str | None:
        raise ValueError(head)

    owing.callback(owing.receiver(partner.url))
    await make(plain_sender(accepted=accepted)).drain()

    [kept] = owing.tries()
    assert kept.failure == "a fault of this server: ValueError"
    assert kept.body.encode() == partner.heard[0].body


async def test_a_secret_that_cannot_be_opened_is_a_failed_try(make: Make, owing: Owing, partner: Partner) -> None:
    owing.callback(owing.receiver(partner.url, credential_id=owing.credential(secret=b"sealed elsewhere")))
    await make().drain()

    assert partner.heard == []
    assert owing.tries()[0].failure == "a fault of this server: SecretKeyWrong"


async def test_a_cookie_of_one_partner_is_not_shown_to_another(make: Make, owing: Owing, partner: Partner) -> None:
    partner.reply = Reply(headers={"Set-Cookie": "session=1; Path=/"})
    receiver = owing.receiver(partner.url)
    owing.callback(receiver)
    owing.callback(receiver)
    deliverer = make()
    while await deliverer.drain():
        pass

    assert len(partner.heard) == 2
    assert all("cookie" not in heard.headers for heard in partner.heard)


async def test_a_body_that_drips_is_cut_at_the_timeout(make: Make, owing: Owing) -> None:
    stop = asyncio.Event()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not stop.is_set() and not writer.is_closing():
            writer.write(b".")
            await asyncio.sleep(0.02)
        writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    owing.callback(owing.receiver(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"))
    await make(plain_sender(timeout_s=0.3)).drain()
    stop.set()
    server.close()

    [kept] = owing.tries()
    assert (kept.status, kept.failure) == (200, "no whole answer within 0.3 s")
    assert set(kept.answer) <= {"."}
