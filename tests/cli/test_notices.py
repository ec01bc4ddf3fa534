"""`crossdock notices`, as an operator types it, and what the doctor says of it."""

import io
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import structs
from rich.console import Console

from crossdock import doctor, notices
from crossdock.base.config import Config
from crossdock.core.accounts.errors import AccountUnknown
from crossdock.core.notices.errors import NoticeUnknown
from crossdock.core.notices.queries import only
from tests.cli.conftest import Terminal
from tests.core.notices.conftest import Told
from tests.delivery.receiver import Partner, Reply
from tests.messages.mailbox import Mailbox
from tests.world import World


@pytest.fixture
def told(quiet_world: World) -> Told:
    return Told(quiet_world)


@pytest.fixture
def config(told: Told) -> Config:
    return told.world.desk.config


async def printed(command: Callable[..., Awaitable[Any]], *given: Any, **more: Any) -> tuple[Any, str]:
    """What a command answers and prints, asked in this process: a process for each would take its time."""
    paper = io.StringIO()
    answer = await command(*given, **more, out=Console(file=paper, width=250, highlight=False))
    return answer, paper.getvalue()


async def parked(told: Told, *numbers: str, channel: str = "email") -> list[int]:
    await told.open(channel)
    for number in numbers:
        await told.ready(number)
    await told.world.rows(
        "WITH n AS (UPDATE notice SET state = 'parked', attempts = 6, refusal = 'no [such] box' RETURNING id)"
        " INSERT INTO notice_attempt (notice_id, number, started_at, ended_at, failure, answer)"
        " SELECT id, 1, now(), now(), 'no [such] box', 'go away' FROM n RETURNING 1"
    )
    return [one.id for one in await told.notices()]


async def states(told: Told) -> list[str]:
    return [one.state for one in await told.notices()]


def mentions(said: str, words: Sequence[str]) -> bool:
    return all(word in said for word in words)


async def test_listed_in_a_terminal(told: Told, terminal: Terminal) -> None:
    await parked(told, "N-1")
    options = ("--kind", "ready", "--channel", "email", "--number", "N-1", "--since", "2024-08-01")
    code, said = await terminal.run("notices", "list", "--state", "parked", *options)
    assert (code, mentions(said, ["N-1", "no [such] box", "1 parked"])) == (0, True)
    code, said = await terminal.run("notices", "resend", "--parked", *options)
    assert (code, said, await states(told)) == (0, "1 go again.\n", ["waiting"])


async def test_one_that_is_not_on_record(terminal: Terminal) -> None:
    code, said = await terminal.run("notices", "show", "4711", "--reveal")
    assert (code, "No notice of this number" in said) == (1, True)


@pytest.mark.parametrize("words", [[], ["1", "--parked"], ["1", "--channel", "email"]])
async def test_ids_or_all_that_are_parked(terminal: Terminal, words: list[str]) -> None:
    code, said = await terminal.run("notices", "resend", *words)
    assert (code, "name ids, or give --parked" in said) == (2, True)


async def test_a_sample_that_cannot_be_sent(terminal: Terminal) -> None:
    code, said = await terminal.run("notices", "test", "sms", "--to", "13800000001", "--language", "zh")
    assert (code, "set CROSSDOCK_SMS_URL" in said) == (1, True)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, ["N-1", "N-2", "N-3"]),
        ({"state": "parked"}, ["N-1", "N-2"]),
        ({"number": "N-1"}, ["N-1"]),
        ({"channel": "log"}, ["N-3"]),
        ({"kind": "reminder"}, []),
        ({"since": datetime(2024, 8, 1, 23, 10, 41, tzinfo=UTC)}, ["N-1", "N-2", "N-3"]),
        ({"since": datetime(2024, 8, 1, 23, 10, 42, tzinfo=UTC)}, []),
    ],
)
async def test_listed_by_what_is_asked(told: Told, config: Config, filters: dict[str, Any], found: list[str]) -> None:
    await parked(told, "N-1", "N-2")
    await told.open()
    await told.ready("N-3")
    _, said = await printed(notices.list_, config, only(**filters), account=None, limit=50)
    assert [number for number in ("N-1", "N-2", "N-3") if number in said] == found
    assert "buyer@" not in said
    if not filters:
        assert mentions(said, ["no [such] box", "…@example.com", "2 parked, 1 waiting"])


async def test_listed_by_account_and_up_to_a_limit(told: Told, config: Config) -> None:
    await parked(told, "N-1", "N-2")
    _, said = await printed(notices.list_, config, {}, account="demo", limit=1)
    assert ("N-1" in said, "N-2" in said, "2 parked" in said) == (False, True, True)
    with pytest.raises(AccountUnknown):
        await printed(notices.list_, config, {}, account="nobody", limit=1)


def test_a_day_without_a_zone_is_one_of_utc() -> None:
    assert notices.in_utc(datetime(2024, 8, 1)) == datetime(2024, 8, 1, tzinfo=UTC)  # noqa: DTZ001
    assert notices.in_utc(None) is None


@pytest.mark.parametrize("channel", ["email", "sms"])
async def test_shown_with_its_tries_and_without_its_code(told: Told, config: Config, channel: str) -> None:
    [id_] = await parked(told, "N-4711", channel=channel)
    [(key, token)] = await told.world.rows("SELECT h.key, o.token FROM handover h JOIN orders o ON o.id = h.order_id")
    config = structs.replace(config, public_url="https://shop.example.com")

    _, said = await printed(notices.show, config, id_, reveal=False)
    recipient = "buyer@example.com" if channel == "email" else "13800000001"
    assert mentions(said, ["try 1", "no [such] box", "go away", recipient, "******", "静安店"])
    assert key not in said
    assert token not in said

    _, said = await printed(notices.show, config, id_, reveal=True)
    assert (key in said, token in said) == (True, channel == "email")


async def test_sent_again(told: Told, config: Config) -> None:
    first, *_ = await parked(told, "N-1", "N-2", "N-3")
    _, said = await printed(notices.resend, config, [first], parked=None, dry_run=True)
    assert ("1 would go again." in said, await states(told)) == (True, ["parked"] * 3)
    with pytest.raises(NoticeUnknown):
        await printed(notices.resend, config, [first, 4711], parked=None, dry_run=False)
    assert await states(told) == ["parked"] * 3, "all or none"
    await printed(notices.resend, config, [first], parked=None, dry_run=False)
    assert await states(told) == ["waiting", "parked", "parked"]


async def test_all_that_were_given_up(told: Told, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "AT_A_TIME", 2)
    await parked(told, *(f"N-{number}" for number in range(6)))
    count, said = await printed(notices.resend, config, [], parked={"number": "N-1"}, dry_run=True)
    assert (count, "1 would go again." in said) == (1, True)
    assert (await printed(notices.resend, config, [], parked={"channel": "sms"}, dry_run=False))[0] == 0
    assert (await printed(notices.resend, config, [], parked={"number": "N-1"}, dry_run=False))[0] == 1
    _, said = await printed(notices.resend, config, [], parked={}, dry_run=True)
    assert mentions(said, ["5 would go again.", "The newest 2 are shown."])
    assert (await printed(notices.resend, config, [], parked={}, dry_run=False))[0] == 5
    assert await states(told) == ["waiting"] * 6


async def test_a_sample(config: Config) -> None:
    async with Mailbox() as mailbox, Partner() as provider:
        config = structs.replace(
            config,
            smtp_url=f"smtp+plain://{mailbox.address}",
            notice_from="Shop <shop@example.com>",
            sms_url=provider.url,
            sms_secret="s",
        )

        async def tried(channel: str, to: str) -> tuple[bool, str]:
            return await printed(notices.try_out, config, channel, to=to, language="zh")

        assert await tried("log", "13800000001") == (True, "Sent to 13800000001.\n")
        went, said = await tried("email", "me@example.com")
        assert (went, "Sent to me@example.com." in said) == (True, True)
        assert (await tried("sms", "13800000001"))[0]
        assert "提货码000000" in provider.heard[0].said["text"]
        assert provider.heard[0].said["id"] != "0", "a second sample is no repeat of the first"

        mailbox.refusal = "550 5.1.1 No such user"
        went, said = await tried("email", "me@example.com")
        assert (went, "recipient refused: 550 5.1.1 No such user" in said) == (False, True)
        provider.reply = Reply(status=402, body=b"no credit\x1b[2J")
        went, said = await tried("sms", "13800000001")
        assert (went, "HTTP 402 no credit" in said, "\x1b" in said) == (False, True, False)
        went, said = await tried("email", "me")
        assert (went, "not an e-mail address" in said) == (False, True)
    assert len(mailbox.taken) == 1


async def test_the_doctor_looks_at_both(config: Config) -> None:
    async with Mailbox() as mailbox, Partner() as provider:
        settings = {
            "notice_from": "Shop <shop@example.com>",
            "smtp_url": f"smtp+plain://{mailbox.address}",
            "sms_url": provider.url,
            "sms_secret": "s",
        }
        config = structs.replace(config, **settings)
        _, said = await printed(doctor.look, config)
        assert mentions(said, ["what CROSSDOCK_SMTP_URL names answers", "what CROSSDOCK_SMS_URL names answers"])
        assert "set CROSSDOCK_PUBLIC_URL" in said
        _, said = await printed(doctor.look, structs.replace(config, public_url="https://shop.example.com"))
        assert "set CROSSDOCK_PUBLIC_URL" not in said
    assert (mailbox.taken, provider.heard) == ([], [])

    well, said = await printed(doctor.look, config)
    assert (well, mentions(said, ["SMTPConnectError", "ConnectionRefusedError"])) == (False, True)


async def test_the_doctor_where_none_is_set_up_and_where_one_is_wrong(config: Config) -> None:
    _, said = await printed(doctor.look, config)
    assert mentions(said, ["CROSSDOCK_SMTP_URL is not set", "CROSSDOCK_SMS_URL is not set"])
    well, said = await printed(doctor.look, structs.replace(config, sms_url="https://sms.example/"))
    assert (well, "CROSSDOCK_SMS_SECRET" in said) == (False, True)
