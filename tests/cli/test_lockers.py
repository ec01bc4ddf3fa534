"""`crossdock lockers`, as an operator types it."""

import base64
import hashlib
import stat
from pathlib import Path

import pytest

from crossdock.core.lockers import alarms
from tests.cli.conftest import Terminal
from tests.served import SECRET_KEY
from tests.world import ACCOUNT, CABINET, World

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
    up = ("answers", "pulses", "doors", "states", "status", "heartbeats")
    assert (folder / "acl").read_text().splitlines() == [
        "user crossdock",
        *(f"topic write crossdock/v1/cabinets/+/{channel}" for channel in ("commands", "receipts")),
        *(f"topic read crossdock/v1/cabinets/+/{channel}" for channel in up),
        "",
        f"user {CABINET}",
        *(f"topic write {cabinet}/{channel}" for channel in up),
        *(f"topic read {cabinet}/{channel}" for channel in ("commands", "receipts")),
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
