"""Notices go out once, are tried again when they fail, and wait for somebody in the end."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from crossdock.base.errors import DatabaseUnavailable
from crossdock.core.lockers import keeping, sql
from crossdock.core.notices.commands import remind_due
from crossdock.core.notices.model import ANSWER_CHARS_MAX, FAILURE_CHARS_MAX, PAUSES_S
from crossdock.messages.port import Message, Sent
from crossdock.messages.worker import IN_FLIGHT_OF_CHANNEL_MAX, LEASE_S, MISSING, Notifier
from tests.core.lockers.test_keeping import policy
from tests.core.notices.conftest import Told
from tests.delivery.receiver import Partner, Reply
from tests.delivery.test_workers import until
from tests.messages.conftest import Make
from tests.messages.mailbox import Mailbox
from tests.world import ACCOUNT

POOLED = 20
"""More connections than the pool has: each may still be one of those that were ended."""

A_MOMENT = timedelta(microseconds=1)
BAD_MAILBOX = "550 5.1.1 No such user"


async def states(told: Told) -> list[str]:
    return [one.state for one in await told.notices()]


async def tries(told: Told) -> list[tuple[Any, ...]]:
    return await told.world.rows("SELECT number, failure, answer FROM notice_attempt ORDER BY id")


async def test_by_mail_and_by_sms_once(told: Told, make: Make, mailbox: Mailbox, provider: Partner) -> None:
    await told.open("email", "sms")
    await told.ready()
    assert await make().drain() == 2
    assert await make().drain() == 0

    assert (mailbox.recipients, mailbox.senders) == ([["buyer@example.com"]], ["shop@example.com"])
    assert [heard.said["to"] for heard in provider.heard] == ["13800000001"]
    assert await states(told) == ["sent", "sent"]
    assert [(number, failure) for number, failure, _ in await tries(told)] == [(1, None), (1, None)]


async def test_a_running_worker_says_what_it_can_send_and_is_woken(
    told: Told, make: Make, mailbox: Mailbox, provider: Partner
) -> None:
    task = asyncio.create_task(make().run())
    try:
        async with asyncio.timeout(30):
            while not await told.world.rows("SELECT 1 FROM notice_channel"):
                await asyncio.sleep(0.01)
        await told.ready()
        await mailbox.has_taken(1)
        await provider.has_heard(1)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert await states(told) == ["sent", "sent"], "what was in flight is noted before it stops"


async def test_a_mailbox_that_is_not_there_is_tried_after_each_pause_and_parked(
    told: Told, make: Make, mailbox: Mailbox
) -> None:
    await told.open("email")
    await told.ready()
    mailbox.refusal = BAD_MAILBOX
    assert await make().drain() == 1
    for pause_s in PAUSES_S:
        assert await states(told) == ["waiting"]
        told.world.clock.advance(timedelta(seconds=pause_s) - A_MOMENT)
        assert await make().drain() == 0
        told.world.clock.advance(A_MOMENT)
        assert await make().drain() == 1
    assert await states(told) == ["parked"]
    told.world.clock.advance(timedelta(days=1))
    assert await make().drain() == 0
    assert [failure for _, failure, _ in await tries(told)] == [f"recipient refused: {BAD_MAILBOX}"] * (
        len(PAUSES_S) + 1
    )

    mailbox.refusal = None
    [parked] = await told.notices()
    await told.resend([parked.id])
    assert await make().drain() == 1
    assert await states(told) == ["sent"]
    assert [number for number, _, _ in await tries(told)] == list(range(1, len(PAUSES_S) + 3))


async def test_a_server_that_is_down_and_back(told: Told, make: Make, mailbox: Mailbox, provider: Partner) -> None:
    await told.open("email", "sms")
    await told.ready()
    await mailbox.__aexit__()
    provider.script.append(Reply(status=503, body=b"later"))
    await make().drain()
    assert await states(told) == ["waiting", "waiting"]
    failures = {failure for _, failure, _ in await tries(told)}
    assert "HTTP 503" in failures
    assert any(failure.startswith("SMTPConnectError") for failure in failures)

    await mailbox.__aenter__()
    told.world.clock.advance(timedelta(seconds=PAUSES_S[0]))
    await make().drain()
    assert await states(told) == ["sent", "sent"]


async def test_a_killed_workers_notice_is_sent_again_when_its_claim_ends(
    told: Told, make: Make, mailbox: Mailbox, provider: Partner
) -> None:
    await told.open("email", "sms")
    await told.ready()
    mailbox.open.clear()
    provider.open.clear()
    killed = asyncio.create_task(make().drain())
    await mailbox.has_taken(1)
    await provider.has_heard(1)
    killed.cancel()
    with suppress(asyncio.CancelledError):
        await killed
    mailbox.open.set()
    provider.open.set()
    assert await states(told) == ["waiting", "waiting"]

    assert await make().drain() == 0
    told.world.clock.advance(timedelta(seconds=LEASE_S) - A_MOMENT)
    assert await make().drain() == 0
    told.world.clock.advance(A_MOMENT)
    assert await make().drain() == 2

    assert await states(told) == ["sent", "sent"]
    first, second = mailbox.taken
    assert first["Message-ID"] == second["Message-ID"], "a repeat can be told"
    keys = [heard.headers["idempotency-key"] for heard in provider.heard]
    assert keys[0] == keys[1]


async def test_who_comes_back_after_its_claim_ended_settles_nothing_but_keeps_its_try(
    told: Told, make: Make, provider: Partner
) -> None:
    await told.open("sms")
    await told.ready()
    provider.open.clear()
    provider.script.append(Reply(status=500))
    slow = asyncio.create_task(make().drain())
    await provider.has_heard(1)
    told.world.clock.advance(timedelta(seconds=LEASE_S))
    second = asyncio.create_task(make().drain())
    await provider.has_heard(2)
    provider.open.set()
    await asyncio.gather(slow, second)

    assert await states(told) == ["sent"]
    assert sorted(failure or "" for _, failure, _ in await tries(told)) == ["", "HTTP 500"]


async def test_two_workers_never_send_the_same(told: Told, make: Make, provider: Partner) -> None:
    await told.open("sms")
    for number in range(6):
        await told.ready(f"N-{number}")
    assert sum(await asyncio.gather(*(make().drain() for _ in range(4)))) == 6
    assert len({heard.headers["idempotency-key"] for heard in provider.heard}) == len(provider.heard) == 6


@pytest.mark.parametrize("more", [-1, 0, 1])
async def test_a_mail_server_that_hangs_holds_up_no_sms(
    told: Told, make: Make, mailbox: Mailbox, provider: Partner, more: int
) -> None:
    await told.open("email")
    for number in range(IN_FLIGHT_OF_CHANNEL_MAX + more):
        await told.ready(f"N-{number}")
    mailbox.open.clear()
    notifier = make()
    hanging = asyncio.create_task(notifier.run())
    await mailbox.has_taken(min(IN_FLIGHT_OF_CHANNEL_MAX, IN_FLIGHT_OF_CHANNEL_MAX + more))
    await told.ready("S-1", email="")
    await provider.has_heard(1)
    assert len(mailbox.taken) == min(IN_FLIGHT_OF_CHANNEL_MAX, IN_FLIGHT_OF_CHANNEL_MAX + more)
    mailbox.open.set()
    await mailbox.has_taken(IN_FLIGHT_OF_CHANNEL_MAX + more)
    hanging.cancel()
    with suppress(asyncio.CancelledError):
        await hanging


# What is not worth sending any more -----------------------------------------------------


@pytest.mark.parametrize(
    ("state", "columns", "refusal"),
    [
        ("used", {}, "it was handed over"),
        ("expired", {}, "its code has expired"),
        ("canceled", {}, "its code was canceled"),
        ("unused", {"expires_at": timedelta(0)}, "its code has expired"),
        ("unused", {"expires_at": A_MOMENT}, None),
    ],
)
async def test_what_is_over_is_not_told(
    told: Told, make: Make, mailbox: Mailbox, state: str, columns: dict[str, timedelta], refusal: str | None
) -> None:
    await told.open("email")
    pick_up = await told.ready()
    moments = {name: told.world.clock.now() + later for name, later in columns.items()}
    await told.counter.set(pick_up, state=state, **moments)
    assert await make().drain() == 1

    [notice] = await told.notices()
    assert (notice.state, notice.refusal) == (("skipped", refusal) if refusal else ("sent", None))
    assert len(mailbox.taken) == (0 if refusal else 1)
    assert len(await tries(told)) == (0 if refusal else 1)


async def test_one_that_was_used_and_taken_back_is_told_after_all(told: Told, make: Make, mailbox: Mailbox) -> None:
    await told.open("email")
    pick_up = await told.ready()
    await told.counter.consume(pick_up)
    await told.counter.roll_back(pick_up)
    await make().drain()
    assert len(mailbox.taken) == 1


async def test_a_reminder_of_an_end_that_moved_is_not_sent(told: Told, make: Make, provider: Partner) -> None:
    await told.wish("site", 12, reminder_h=24, notices={"ready": False})
    await told.open("sms")
    pick_up = await told.ready()
    soon = told.world.clock.now() + timedelta(hours=1)
    await told.counter.set(pick_up, expires_at=soon)
    await remind_due(told.world.desk.database)
    await told.counter.set(pick_up, expires_at=soon + timedelta(days=9))
    await make().drain()
    [notice] = await told.notices()
    assert (notice.state, notice.refusal, provider.heard) == ("skipped", "its code has another end by now", [])


async def locker(told: Told) -> None:
    await policy(told.lockers)
    await told.wish("site", 90, notices={"ready": True, "reminder": True})
    await told.open("sms")


async def test_the_code_of_a_courier_is_not_told_to_the_buyer(told: Told, make: Make, provider: Partner) -> None:
    await locker(told)
    parcel = await told.stored()
    told.world.clock.advance(timedelta(hours=72))
    [(step, kept)] = await told.lockers.do(keeping.overdue)
    await keeping.carry_out(told.world.desk.database, step, kept, actor="test")
    await make().drain()
    [notice] = await told.notices()
    assert (notice.state, notice.refusal) == ("skipped", "it was called back, and its code is its courier's")
    assert (await told.lockers.parcel("P-1")).key != parcel.key
    assert provider.heard == []


async def test_a_locker_reminds_until_it_may_lie_for_longer(told: Told, make: Make, provider: Partner) -> None:
    await locker(told)
    await told.stored()
    await make().drain()
    told.world.clock.advance(timedelta(hours=48))
    by: dict[str, Any] = {"account_id": ACCOUNT, "number": "P-1", "actor": "test"}
    await told.lockers.do(keeping.remind, **by)
    await told.lockers.do(keeping.extend, **by)
    await make().drain()
    assert [(one.kind, one.state, one.refusal) for one in await told.notices()] == [
        ("ready", "sent", None),
        ("reminder", "skipped", "it may lie for longer"),
    ]
    told.world.clock.advance(timedelta(hours=24))
    await told.lockers.do(keeping.remind, **by)
    await make().drain()
    assert [heard.said["kind"] for heard in provider.heard] == ["ready", "reminder"]


@pytest.mark.parametrize(
    ("state", "refusal"),
    [("taken", "it was taken"), ("booked", "it does not lie in a box"), ("deleted", "its booking was deleted")],
)
async def test_a_parcel_that_left_its_box_is_not_told_of(
    told: Told, make: Make, provider: Partner, state: str, refusal: str
) -> None:
    await locker(told)
    parcel = await told.stored()
    await told.world.rows(
        "UPDATE handover SET state = %(state)s WHERE id = %(id)s RETURNING 1", state=state, id=parcel.id
    )
    await make().drain()
    assert [one.refusal for one in await told.notices()] == [refusal]
    assert provider.heard == []


async def test_a_parcel_that_is_stored_anew_is_told_anew_and_not_twice(
    told: Told, make: Make, provider: Partner
) -> None:
    await locker(told)
    parcel = await told.stored()
    await told.lockers.do(sql.keep, account_id=ACCOUNT, handover_id=parcel.id)
    await told.world.rows('UPDATE box SET "full" = false RETURNING 1')
    told.world.clock.advance(timedelta(minutes=1))
    again = await told.lockers.parcel("P-1")
    await told.lockers.answer(await told.lockers.ask_store(again))
    await make().drain()
    assert [(one.state, one.refusal) for one in await told.notices()] == [
        ("skipped", "it was stored anew, which is told by itself"),
        ("sent", None),
    ]
    assert len(provider.heard) == 1


# What cannot be sent -----------------------------------------------------------------------


async def test_what_no_worker_can_send_is_parked_and_goes_once_it_can(
    told: Told, make: Make, mailbox: Mailbox, provider: Partner
) -> None:
    await told.open("email", "sms")
    await told.ready()
    await make(smtp_url=None, sms_url=None).drain()
    assert [(one.state, one.refusal) for one in await told.notices()] == [
        ("parked", MISSING["email"]),
        ("parked", MISSING["sms"]),
    ]
    await told.resend([one.id for one in await told.notices()])
    await make().drain()
    assert await states(told) == ["sent", "sent"]


async def test_an_address_that_cannot_be_sent_to_stays_parked_also_when_it_is_sent_again(
    told: Told, make: Make, mailbox: Mailbox, provider: Partner
) -> None:
    await told.open("email", "sms")
    await told.ready(email="a@b.example\r\nBcc: all@b.example", telephone="call me")
    await told.resend([one.id for one in await told.notices()])
    await make().drain()
    assert await states(told) == ["parked", "parked"]
    assert (mailbox.taken, provider.heard) == ([], [])


@pytest.mark.parametrize("networks", [(), ("10.0.0.0/8",)])
async def test_a_private_network_is_refused(
    told: Told, make: Make, provider: Partner, networks: tuple[str, ...]
) -> None:
    await told.open("sms")
    await told.ready()
    await make(callback_networks=networks).drain()
    [(_, failure, _)] = await tries(told)
    assert failure == "127.0.0.1 is loopback; CROSSDOCK_CALLBACK_NETWORKS does not list it"
    assert (provider.heard, await states(told)) == ([], ["waiting"])


async def test_a_redirect_is_not_followed(told: Told, make: Make, provider: Partner) -> None:
    await told.open("sms")
    await told.ready()
    async with Partner() as elsewhere:
        provider.reply = Reply(status=307, headers={"Location": elsewhere.url})
        await make().drain()
    assert [failure for _, failure, _ in await tries(told)] == ["HTTP 307"]
    assert elsewhere.heard == []


@pytest.mark.parametrize(
    ("status", "sent"), [(199, False), (200, True), (202, True), (299, True), (300, False), (400, False)]
)
async def test_any_status_of_two_hundred_is_a_yes(
    told: Told, make: Make, provider: Partner, status: int, sent: bool
) -> None:
    await told.open("sms")
    await told.ready()
    provider.reply = Reply(status=status)
    await make().drain()
    assert await states(told) == ["sent" if sent else "waiting"]


class Broken:
    """A carrier with a fault of its own."""

    async def send(self, message: Message) -> Sent:
        raise RuntimeError(f"code {message.short}")

    async def reach(self) -> str | None:
        return None

    async def close(self) -> None:
        pass


async def test_a_fault_of_ours_is_a_try_that_failed_and_its_words_are_not_kept(told: Told) -> None:
    desk = told.world.desk
    await told.ready()
    notifier = Notifier(database=desk.database, signals=desk.signals, channels={"log": Broken()}, clock=desk.clock)
    with capture_logs() as lines:
        await notifier.drain()
    assert [failure for _, failure, _ in await tries(told)] == ["a fault of this server: RuntimeError"]
    assert "code" not in str(lines)


# What is kept and what is not ------------------------------------------------------------------


@pytest.mark.parametrize("size", [ANSWER_CHARS_MAX - 1, ANSWER_CHARS_MAX, ANSWER_CHARS_MAX + 1])
async def test_an_answer_is_kept_up_to_its_bound(told: Told, make: Make, provider: Partner, size: int) -> None:
    await told.open("sms")
    await told.ready()
    provider.reply = Reply(body=("线" * size).encode())
    await make().drain()
    assert await tries(told) == [(1, None, "线" * min(size, ANSWER_CHARS_MAX))]


@pytest.mark.parametrize("size", [FAILURE_CHARS_MAX - 1, FAILURE_CHARS_MAX, FAILURE_CHARS_MAX + 1])
async def test_a_reason_is_kept_up_to_its_bound(told: Told, size: int) -> None:
    class Wordy(Broken):
        async def send(self, message: Message) -> Sent:
            return Sent(outcome="refused", failure="n\x00" * (size // 2) + "n" * (size % 2))

    desk = told.world.desk
    await told.ready()
    await Notifier(database=desk.database, signals=desk.signals, channels={"log": Wordy()}, clock=desk.clock).drain()
    [(_, failure, _)] = await tries(told)
    assert len(failure) == min(size, FAILURE_CHARS_MAX)


async def test_no_secret_reaches_a_log_and_no_code_is_kept(
    told: Told, make: Make, mailbox: Mailbox, provider: Partner
) -> None:
    await told.open("email", "sms")
    pick_up = await told.ready()
    [(token,)] = await told.world.rows("SELECT token FROM orders WHERE number = 'N-1'")
    echo = f"no: {pick_up.key} {token}"
    mailbox.after_data = f"554 5.6.0 {echo}"
    provider.reply = Reply(status=400, body=echo.encode())
    await told.ready("N-2", email="", telephone="")
    with capture_logs() as lines:
        await make().drain()
        await make(smtp_url=None, sms_url=None).drain()

    kept = str(
        await told.world.rows(
            "SELECT to_jsonb(a), to_jsonb(n) FROM notice n LEFT JOIN notice_attempt a ON a.notice_id = n.id"
        )
    )
    assert "no: [code] [code]" in kept
    assert len(lines) >= 4
    said = str(lines)
    for secret in (pick_up.key, token, "13800000001", "buyer@example.com", "s3cr3t", "shared with"):
        assert secret not in said, secret
    for secret in (pick_up.key, token):
        assert secret not in kept


async def test_the_log_says_that_somebody_is_to_be_told(told: Told, make: Make) -> None:
    await told.ready(email="", telephone="")
    with capture_logs() as lines:
        await make().drain()
    [notice] = await told.notices()
    assert [line["event"] for line in lines] == ["buyer to be told", "notice"]
    assert (lines[0]["notice"], lines[0]["kind"], lines[0]["language"]) == (str(notice.id), "ready", "zh")
    assert notice.state == "sent"


async def test_a_database_that_goes_away_does_not_stop_it(told: Told, make: Make, provider: Partner) -> None:
    await told.open("sms")
    task = asyncio.create_task(make().run())
    await told.world.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid()"
    )
    for _ in range(POOLED):
        with suppress(DatabaseUnavailable):
            await told.ready(email="")
            break
    await provider.has_heard(1)
    await until(lambda: bool(provider.heard))
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
