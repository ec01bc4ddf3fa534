"""`crossdock lockers`, as an operator types it."""

import base64
import hashlib
import stat
from pathlib import Path

import pytest

from crossdock.core.lockers import alarms, queries
from tests.cli.conftest import Terminal
from tests.served import SECRET_KEY
from tests.world import ACCOUNT, CABINET, LOCKER_SERVICE, World

BROKER = {
    "CROSSDOCK_SECRET_KEY": SECRET_KEY,
    "CROSSDOCK_MQTT_URL": "mqtt://crossdock:the%20server%27s@broker",
}


async def test_an_alarm_is_shown_and_cleared(quiet_world: World, terminal: Terminal) -> None:
    assert await terminal.run("lockers", "alarms") == (0, "Nothing is wrong.\n")
    async with quiet_world.desk.database.transaction() as tx:
        [cabinet] = await tx.rows("SELECT id, number FROM cabinet")
        [box] = await tx.rows("SELECT id, name FROM box WHERE name = '05'")
        at = {"account_id": ACCOUNT, "cabinet_id": cabinet[0], "cabinet": CABINET, "box": (box[0], box[1])}
        assert await alarms.raise_alarm(tx, **at, kind="dirty", by="courier")
        [(alarm_id,)] = await tx.rows("SELECT id FROM alarm")

    code, said = await terminal.run("lockers", "alarms")
    assert code == 0
    for word in (str(alarm_id), CABINET, "05", "dirty", "by courier", "2024-08-01 23:10:41 UTC"):
        assert word in said
    assert await terminal.run("lockers", "clear", str(alarm_id)) == (
        0,
        f"Cleared: dirty, cabinet {CABINET}, box 05.\n",
    )
    assert await terminal.run("lockers", "alarms") == (0, "Nothing is wrong.\n")
    code, said = await terminal.run("lockers", "clear", str(alarm_id))
    assert (code, said) == (1, f"crossdock: No alarm of this number stands. (id={alarm_id})\n")


async def sent(world: World, number: str) -> str:
    """Its order has left, and it lies in a box since the world's 2024; its pick-up code."""
    await world.shipped(number, service=LOCKER_SERVICE)
    async with world.desk.database.transaction() as tx:
        parcel = await queries.parcel_by_number(tx, account_id=ACCOUNT, number=number)
    assert parcel is not None
    where = {"account_id": ACCOUNT, "cabinet": CABINET, "box_size": parcel.box_size}
    await world.desk.doors.store(**where, save_code=parcel.save_code, asked_by="test", dialect="bestwond")
    return parcel.key


async def policy(world: World, **given: object) -> None:
    columns = {"name": "p", "box_size": None, "keep_h": 72, "remind_h": 24, "extensions": 1, "recall": True, **given}
    async with world.desk.database.transaction() as tx:
        await tx.execute(
            f"INSERT INTO locker_policy (account_id, {', '.join(columns)})"
            f" VALUES (47, {', '.join(f'%({column})s' for column in columns)})",
            **columns,
        )


async def two_late(world: World) -> str:
    """One to be called back, one to be reminded of; the pick-up code of the first."""
    await world.cabinet_answers("accepted")
    await policy(world)
    await policy(world, name="large", box_size="M", recall=False)
    key = await sent(world, "P-1")
    await world.stored("P-2", "M")
    return key


async def test_late_parcels_are_shown_before_anything_is_done(quiet_world: World, terminal: Terminal) -> None:
    assert await terminal.run("lockers", "overdue") == (0, "Nothing is due.\n")
    await two_late(quiet_world)

    code, said = await terminal.run("lockers", "overdue")

    assert code == 0
    for words in (
        ("demo", "P-1", CABINET, "05 S", "p", "2024-08-04 23:10:41 UTC", "0 of 1", "call it back"),
        ("demo", "P-2", CABINET, "19 M", "large", "2024-08-04 23:10:41 UTC", "0 of 1", "remind its customer"),
    ):
        [line] = [line for line in said.splitlines() if words[1] in line]
        assert [cell.strip() for cell in line.strip("│").split("│")] == list(words)
    done = "SELECT 1 FROM event WHERE kind IN ('handover.recalled', 'handover.reminded')"
    assert await quiet_world.rows(done) == []


async def test_what_is_due_is_done_once(quiet_world: World, terminal: Terminal) -> None:
    key = await two_late(quiet_world)

    code, said = await terminal.run("lockers", "overdue", "--run", "--account", "demo")

    [(return_id,)] = await quiet_world.rows("SELECT id FROM orders WHERE kind = 'return'")
    assert (code, said.splitlines()) == (0, [f"demo P-1: called back, return {return_id}", "demo P-2: reminded"])
    [(new_key,)] = await quiet_world.rows("SELECT key FROM handover WHERE order_number = 'P-1'")
    assert new_key != key
    assert await terminal.run("lockers", "overdue", "--run") == (0, "Nothing is due.\n")
    code, said = await terminal.run("lockers", "overdue")
    assert "it waits for its courier" in said
    assert "its policy leaves it there" in said
    await quiet_world.verified()


async def test_a_parcel_gets_more_time_once(quiet_world: World, terminal: Terminal) -> None:
    await quiet_world.cabinet_answers("accepted")
    await policy(quiet_world)
    await quiet_world.stored("P-1", "S")
    assert await terminal.run("lockers", "extend", "P-1") == (
        0,
        "P-1 may lie until 2024-08-05 23:10:41 UTC; extensions left: 0.\n",
    )
    code, said = await terminal.run("lockers", "extend", "P-1", "--account", "demo")
    assert (code, said) == (
        1,
        "crossdock: This parcel was extended as often as its policy allows. (number=P-1, extensions=1)\n",
    )
    code, said = await terminal.run("lockers", "extend", "P-1", "--account", "nobody")
    assert (code, said) == (1, "crossdock: The account has no such parcel. (number=P-1)\n")


async def test_the_couriers_code_is_told_to_who_asks(quiet_world: World, terminal: Terminal) -> None:
    await quiet_world.cabinet_answers("accepted")
    await policy(quiet_world)
    await sent(quiet_world, "P-1")
    code, said = await terminal.run("lockers", "recall-code", "P-1")
    assert (code, said) == (1, "crossdock: This parcel still waits for its customer. (number=P-1)\n")
    code, said = await terminal.run("lockers", "overdue", "--run")
    [(key,)] = await quiet_world.rows("SELECT key FROM handover WHERE order_number = 'P-1'")
    assert key not in said
    assert await terminal.run("lockers", "recall-code", "P-1") == (
        0,
        f"P-1: cabinet {CABINET}, box 05, code {key}.\n",
    )


async def test_a_refusal_is_told_and_the_others_go_on(quiet_world: World, terminal: Terminal) -> None:
    await quiet_world.cabinet_answers("accepted")
    await policy(quiet_world)
    await sent(quiet_world, "P-1")
    await quiet_world.stored("P-2", "S")
    [(id_,)] = await quiet_world.rows("SELECT id FROM handover WHERE order_number = 'P-1'")
    for number in ("R-P-1", f"R-P-1-{id_}"):
        await quiet_world.order(number, kind="return", lines={"00131031": 1})

    code, said = await terminal.run("lockers", "overdue", "--run")

    assert code == 1
    assert said.splitlines() == [
        f"demo P-1: Another order of this account already carries this number. (number=R-P-1-{id_})",
        "demo P-2: called back",
    ]


async def test_files_for_a_broker_are_written_for_the_cabinets_that_have_a_key(
    quiet_world: World, terminal: Terminal, tmp_path: Path
) -> None:
    folder = tmp_path / "broker"
    code, said = await terminal.run("lockers", "broker-files", str(folder), **BROKER)
    assert code == 0
    assert said.splitlines() == [
        f"Written: passwd and acl in {folder}, for the server and 0 cabinets.",
        "Left out: 1 cabinet without a key.",
    ]
    await give_key(quiet_world, "k:e y")
    code, said = await terminal.run("lockers", "broker-files", str(folder), **BROKER)
    assert (code, said) == (0, f"Written: passwd and acl in {folder}, for the server and 1 cabinet.\n")
    assert sorted(path.name for path in folder.iterdir()) == ["acl", "passwd"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    users = dict(line.split(":") for line in (folder / "passwd").read_text().splitlines())
    assert {user: opens(hashed, password) for (user, hashed), password in zip(
        users.items(), ("the server's", "k:e y"), strict=True
    )} == {"crossdock": True, CABINET: True}  # fmt: skip
    cabinet = f"crossdock/v1/cabinets/{CABINET}"
    up = ("answers", "pulses", "doors", "states", "uses", "status", "heartbeats")
    down = ("commands", "receipts", "codes")
    assert (folder / "acl").read_text().splitlines() == [
        "user crossdock",
        *(f"topic write crossdock/v1/cabinets/+/{channel}" for channel in down),
        *(f"topic read crossdock/v1/cabinets/+/{channel}" for channel in up),
        "",
        f"user {CABINET}",
        *(f"topic write {cabinet}/{channel}" for channel in up),
        *(f"topic read {cabinet}/{channel}" for channel in down),
    ]


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "CROSSDOCK_MQTT_URL must name the server's user and password: mqtt://user:password@host:port."),
        ("mqtt://broker", "CROSSDOCK_MQTT_URL must name the server's user"),
        ("mqtt://crossdock@broker", "CROSSDOCK_MQTT_URL must name the server's user"),
        (f"mqtt://{CABINET}:x@broker", "The user in CROSSDOCK_MQTT_URL cannot be the server's"),
        ("mqtt://a%3Ab:x@broker", "The user in CROSSDOCK_MQTT_URL cannot be the server's"),
        ("mqtt://a%0Auser:x@broker", "The user in CROSSDOCK_MQTT_URL cannot be the server's"),
    ],
)
async def test_files_for_a_broker_need_a_user_for_the_server(
    quiet_world: World, terminal: Terminal, tmp_path: Path, url: str, sentence: str
) -> None:
    await give_key(quiet_world, "key")
    code, said = await terminal.run(
        "lockers", "broker-files", str(tmp_path / "broker"), **BROKER | {"CROSSDOCK_MQTT_URL": url}
    )
    assert (code, said.count("\n")) == (1, 1)
    assert sentence in said
    assert not (tmp_path / "broker").exists()


async def give_key(world: World, key: str) -> None:
    async with world.desk.database.transaction() as tx:
        await tx.execute("UPDATE cabinet SET key_sealed = %(key)s", key=world.desk.seal.seal(key))


def opens(hashed: str, password: str) -> bool:
    _, kind, iterations, salt, digest = hashed.split("$")
    made = hashlib.pbkdf2_hmac("sha512", password.encode(), base64.b64decode(salt), int(iterations))
    return kind == "7" and base64.b64decode(digest) == made
