"""Cabinets log in with their keys, speak and hear for themselves only, and strangers stay outside."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from aiomqtt import Will
from structlog.testing import capture_logs

from crossdock.base.errors import DatabaseUnavailable
from crossdock.base.seal import Seal, SecretKeyWrong
from crossdock.core.lockers.errors import CabinetUnknown
from crossdock.devices import access, mosquitto, topics
from crossdock.devices.access import SERVER_USER, CabinetKeys, Doorman, Rights
from crossdock.devices.broker import EmbeddedBroker
from crossdock.devices.bus import BrokerAddress, Bus, Line, LineLost, SubscriptionRefused, client_id_of
from crossdock.devices.coordinator import Coordinator
from crossdock.devices.simulator import SimulatedCabinet
from tests.devices.brokers import WAIT_S_MAX, Mosquitto
from tests.devices.world import until
from tests.world import ACCOUNT, CABINET, World

A, B, KEYLESS = CABINET, "2100013076", "2100013077"
KEYS = {A: "a's own key", B: "钥匙:b$#"}
FOREIGN = ["#", "+/#", "$SYS/#", "$share/x/crossdock/#", f"{topics.ROOT}/#", f"{topics.ROOT}/+/commands", "x"]


class Guarded:
    """A broker that knows the cabinets of the world."""

    def __init__(self, server: BrokerAddress, *, refuses_filters: bool) -> None:
        self.server = server
        self.outside = server.login(None, None)
        self.refuses_filters = refuses_filters
        """Mosquitto grants any and then gives nothing."""

    def line(self, number: str, key: str | None = None, *, user: str | None = None, name: str | None = None) -> Bus:
        address = self.outside if key is None else self.outside.login(user or number, key)
        return Bus(address, client_id=name or client_id_of(number))

    async def refuses(self, bus: Bus) -> None:
        with pytest.raises(LineLost):
            async with bus.line():
                raise AssertionError("was let in")


async def with_keys(world: World) -> None:
    async with world.desk.database.transaction() as tx:
        for number in (B, KEYLESS):
            await tx.execute(
                "INSERT INTO cabinet (account_id, site_id, number, name, created_at, updated_at)"
                " SELECT account_id, site_id, %(number)s, %(number)s, now(), now() FROM cabinet WHERE number = %(a)s",
                number=number,
                a=A,
            )
        for number, key in KEYS.items():
            await tx.execute(
                "UPDATE cabinet SET key_sealed = %(key)s WHERE number = %(number)s",
                number=number,
                key=world.desk.seal.seal(key),
            )


@asynccontextmanager
async def embedded(world: World) -> AsyncIterator[Guarded]:
    async with EmbeddedBroker(0, CabinetKeys(world.desk.database, world.desk.seal).key_of) as broker:
        yield Guarded(broker.address, refuses_filters=True)


@asynccontextmanager
async def of_our_own(directory: Path) -> AsyncIterator[Guarded]:
    files = directory / "mosquitto"
    broker = Mosquitto(
        directory,
        f"allow_anonymous false\npassword_file {files}/passwd\nacl_file {files}/acl\nper_listener_settings false",
    )
    server = broker.address.login("crossdock", "the server's")
    mosquitto.write_files(files, server=server, keys=KEYS)
    await broker.start()
    try:
        yield Guarded(server, refuses_filters=False)
    finally:
        await broker.stop()


@pytest.fixture(params=["amqtt", "mosquitto"])
async def guarded(request: pytest.FixtureRequest, quiet_world: World, tmp_path: Path) -> AsyncIterator[Guarded]:
    await with_keys(quiet_world)
    async with embedded(quiet_world) if request.param == "amqtt" else of_our_own(tmp_path) as guarded:
        yield guarded


@pytest.fixture
async def guarded_amqtt(quiet_world: World) -> AsyncIterator[Guarded]:
    await with_keys(quiet_world)
    async with embedded(quiet_world) as guarded:
        yield guarded


@asynccontextmanager
async def server(guarded: Guarded) -> AsyncIterator[Line]:
    async with Bus(guarded.server, client_id="server").line() as line:
        for channel in topics.UP:
            await line.hear(topics.of_all_cabinets(channel))
        yield line


async def first_heard(line: Line) -> tuple[str, bytes]:
    async with asyncio.timeout(WAIT_S_MAX):
        async for heard in line.messages():
            return heard.topic, heard.payload
    raise AssertionError


async def test_a_cabinet_with_its_key_works_with_the_coordinator(guarded: Guarded, quiet_world: World) -> None:
    desk = quiet_world.desk
    coordinator = Coordinator(desk.database, desk.signals, guarded.server, quiet_world.clock)
    running = asyncio.create_task(coordinator.run())
    async with SimulatedCabinet(
        guarded.outside, A, ["0105"], quiet_world.clock, key=KEYS[A], close_after_s=None, resend_s=0.1
    ) as cabinet:
        async with asyncio.timeout(WAIT_S_MAX):
            while not (await quiet_world.rows("SELECT online FROM cabinet WHERE number = %(a)s", a=A))[0][0]:
                await asyncio.sleep(0.01)
        outcome = await desk.doors.open(
            account_id=ACCOUNT, cabinet=A, lock_address="0105", use_type="O", asked_by="test", dialect="bestwond"
        )
        assert (outcome.accepted, cabinet.openings) == (True, {"0105": 1})
        await until(lambda: not len(cabinet.outbox))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_wrong_key_or_none_is_refused(guarded: Guarded) -> None:
    for key in ("", "a's own ke", "a's own key ", KEYS[B], None):
        await guarded.refuses(guarded.line(A, key))
    await guarded.refuses(guarded.line(A, KEYS[B], user=A))
    async with guarded.line(A, KEYS[A]).line(), guarded.line(B, KEYS[B]).line():
        pass


async def test_a_stranger_is_refused(guarded: Guarded) -> None:
    for name in ("stranger", client_id_of("9999999999"), client_id_of("#"), "crossdock-00000000"):
        await guarded.refuses(guarded.line("", name=name))
        await guarded.refuses(guarded.line("stranger", "key", name=name))
    await guarded.refuses(Bus(guarded.server.login(guarded.server.username, "wrong"), client_id="server"))
    await guarded.refuses(Bus(guarded.server.login(guarded.server.username, None), client_id="server"))


async def test_one_cabinet_does_not_hear_what_is_said_to_another_or_by_it(guarded: Guarded) -> None:
    async with server(guarded) as speaker, guarded.line(A, KEYS[A]).line() as a, guarded.line(B, KEYS[B]).line() as b:
        await a.say(topics.topic(A, "status"), b"kept", retain=True)
        for wanted in [*FOREIGN, *(topics.topic(A, channel) for channel in (*topics.DOWN, *topics.UP))]:
            if guarded.refuses_filters:
                with pytest.raises(SubscriptionRefused):
                    await b.hear(wanted)
            else:
                await b.hear(wanted)
        await b.hear(topics.topic(B, "commands"))
        await a.hear(topics.topic(A, "commands"))
        await a.say(topics.topic(A, "answers"), b"mine")
        await speaker.say(topics.topic(A, "commands"), b"for a")
        await speaker.say(topics.topic(A, "receipts"), b"for a")
        assert await first_heard(a) == (topics.topic(A, "commands"), b"for a")
        await speaker.say(topics.topic(B, "commands"), b"for b")
        assert await first_heard(b) == (topics.topic(B, "commands"), b"for b")


async def test_one_cabinet_does_not_speak_as_another_or_as_the_server(guarded: Guarded) -> None:
    async with (
        server(guarded) as listener,
        guarded.line(A, KEYS[A]).line() as a,
        guarded.line(B, KEYS[B]).line() as b,
    ):
        await a.hear(topics.topic(A, "commands"))
        with suppress(LineLost):
            for channel in (*topics.DOWN, *topics.UP):
                await b.say(topics.topic(A, channel), b"forged", retain=True)
            await b.say(topics.topic(B, "commands"), b"forged")
            await b.say("elsewhere", b"forged")
        await b.say(topics.topic(B, "doors"), b"its own")
        assert await first_heard(listener) == (topics.topic(B, "doors"), b"its own")
        await listener.say(topics.topic(A, "commands"), b"from the server")
        assert await first_heard(a) == (topics.topic(A, "commands"), b"from the server")


async def test_a_last_will_is_not_spoken_in_anothers_name(guarded: Guarded) -> None:
    async with server(guarded) as listener:
        with suppress(LineLost):
            async with guarded.line(B, KEYS[B]).line(Will(topics.topic(A, "status"), b"forged", 1)) as b:
                b.cut()
                await first_heard(b)
        with suppress(LineLost):
            async with guarded.line(B, KEYS[B]).line(Will(topics.topic(B, "status"), b"its own", 1)) as b:
                b.cut()
                await first_heard(b)
        assert await first_heard(listener) == (topics.topic(B, "status"), b"its own")


async def test_a_new_connection_pushes_out_the_one_of_before(guarded: Guarded) -> None:
    async with server(guarded) as speaker, guarded.line(A, KEYS[A]).line() as before:
        await before.hear(topics.topic(A, "commands"))
        async with guarded.line(A, KEYS[A]).line() as new:
            await new.hear(topics.topic(A, "commands"))
            with pytest.raises(LineLost):
                await first_heard(before)
            await speaker.say(topics.topic(A, "commands"), b"once")
            assert await first_heard(new) == (topics.topic(A, "commands"), b"once")


async def test_a_refused_one_takes_nothing_from_the_cabinet_whose_name_it_gave(guarded: Guarded) -> None:
    async with server(guarded) as speaker, guarded.line(A, KEYS[A]).line() as a:
        await a.hear(topics.topic(A, "commands"))
        for imposter in (guarded.line(A), guarded.line(A, "wrong")):
            await guarded.refuses(imposter)
        await speaker.say(topics.topic(A, "commands"), b"still here")
        assert await first_heard(a) == (topics.topic(A, "commands"), b"still here")


async def test_one_cabinet_cannot_take_anothers_name(guarded_amqtt: Guarded) -> None:
    """The files of Mosquitto cannot say this."""
    await guarded_amqtt.refuses(guarded_amqtt.line(B, KEYS[B], name=client_id_of(A)))
    await guarded_amqtt.refuses(guarded_amqtt.line(B, KEYS[B], name="server"))


async def test_a_cabinet_without_a_key_comes_as_itself(guarded_amqtt: Guarded) -> None:
    async with server(guarded_amqtt) as listener, guarded_amqtt.line(KEYLESS).line() as line:
        await line.say(topics.topic(A, "doors"), b"forged")
        await line.say(topics.topic(KEYLESS, "doors"), b"its own")
        assert await first_heard(listener) == (topics.topic(KEYLESS, "doors"), b"its own")
        with pytest.raises(SubscriptionRefused):
            await line.hear(topics.topic(A, "commands"))


async def test_a_key_that_was_changed_counts_from_the_next_connection_on(
    guarded_amqtt: Guarded, quiet_world: World
) -> None:
    async with guarded_amqtt.line(A, KEYS[A]).line() as line:
        async with quiet_world.desk.database.transaction() as tx:
            new = quiet_world.desk.seal.seal("new")
            await tx.execute("UPDATE cabinet SET key_sealed = %(new)s WHERE number = %(a)s", new=new, a=A)
        await line.hear(topics.topic(A, "commands"))
    await guarded_amqtt.refuses(guarded_amqtt.line(A, KEYS[A]))
    async with guarded_amqtt.line(A, "new").line():
        pass


async def test_a_key_that_cannot_be_opened_refuses(quiet_world: World) -> None:
    await with_keys(quiet_world)
    other = Seal("A" * 43 + "=")
    keys = CabinetKeys(quiet_world.desk.database, other)
    with pytest.raises(SecretKeyWrong):
        await keys.key_of(A)
    assert await Doorman(keys.key_of).rights(client_id=client_id_of(A), username=A, password=KEYS[A]) is None


async def test_a_database_that_fails_or_does_not_answer_refuses_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(access, "ASK_S_MAX", 0.01)
    faults: list[Any] = [DatabaseUnavailable(), RuntimeError("a fault of ours"), None]

    async def key_of(_: str) -> str | None:
        fault = faults.pop(0)
        if fault is None:
            await asyncio.sleep(WAIT_S_MAX)
        if fault == "well":
            return None
        raise fault

    doorman = Doorman(key_of)
    with capture_logs() as logs:
        for _ in range(3):
            assert await doorman.rights(client_id=client_id_of(A), username=A, password="") is None
        faults.append("well")
        assert await doorman.rights(client_id=client_id_of(A), username=None, password=None) == Rights(A)
    assert [entry["event"] for entry in logs] == ["lost; trying again until it is back", "is back"]


async def test_no_password_is_in_the_log() -> None:
    async def key_of(number: str) -> str | None:
        if number == B:
            raise CabinetUnknown(number=number)
        return "secret"

    doorman = Doorman(key_of)
    with capture_logs() as logs:
        for name in (client_id_of(A), client_id_of(B), "x" * 1_000):
            assert await doorman.rights(client_id=name, username=A, password="hidden") is None
    assert len(logs) == 3
    assert not {"hidden", "secret"} & set(str(logs).replace("'", " ").split())
    assert len(str(logs)) < 600


@pytest.mark.parametrize("number", [None, A])
def test_rights_are_the_two_lists_and_nothing_else(number: str | None) -> None:
    says, hears = (topics.DOWN, topics.UP) if number is None else (topics.UP, topics.DOWN)
    rights = Rights(number)
    for channel in (*topics.UP, *topics.DOWN):
        own, other = topics.topic(A, channel), topics.topic(B, channel)
        assert rights.may_say(own) is (channel in says)
        assert rights.may_hear(own) is (channel in hears)
        assert rights.may_say(other) is (number is None and channel in says)
        assert rights.may_hear(other) is (number is None and channel in hears)
        assert rights.may_hear(topics.of_all_cabinets(channel)) is (number is None and channel in hears)
        assert not rights.may_say(topics.of_all_cabinets(channel))
    own = f"{topics.ROOT}/{A}"
    for topic in ("", "#", "$SYS/x", topics.ROOT, own, f"{own}/#", f"{own}/+", f"/{own}/status", f"{own}/status/x"):
        assert not rights.may_say(topic)
        assert not rights.may_hear(topic)


def test_no_cabinet_can_have_the_servers_user() -> None:
    assert not topics.usable(SERVER_USER)
