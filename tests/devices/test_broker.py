"""The embedded broker starts on loopback, says what to do when it cannot, and leaves nothing behind."""

import asyncio
import socket
from contextlib import closing

import pytest

from crossdock.devices import topics
from crossdock.devices.broker import BrokerPortTaken, BrokerPortUnusable, EmbeddedBroker
from crossdock.devices.bus import Bus, LineLost, client_id_of
from tests.devices.brokers import WAIT_S_MAX, keyless
from tests.devices.world import until


async def test_a_port_in_use_is_refused_in_one_sentence() -> None:
    async with EmbeddedBroker(0, keyless) as broker:
        port = broker.address.port
        with pytest.raises(BrokerPortTaken) as caught:
            await EmbeddedBroker(port, keyless).start()
    assert str(caught.value) == (
        f"Port {port} of the embedded MQTT broker is in use: set CROSSDOCK_MQTT_PORT to a free port,"
        " or CROSSDOCK_MQTT_URL to the broker that runs there"
    )


@pytest.mark.parametrize("port", [-1, 65536])
async def test_a_port_that_is_none_is_refused(port: int) -> None:
    with pytest.raises(BrokerPortUnusable, match="CROSSDOCK_MQTT_PORT"):
        await EmbeddedBroker(port, keyless).start()


async def test_it_listens_on_loopback_only() -> None:
    async with EmbeddedBroker(0, keyless) as broker:
        assert broker._server is not None
        assert [listening.getsockname()[0] for listening in broker._server.sockets] == ["127.0.0.1"]


async def listen_until_lost(broker: EmbeddedBroker, listening: asyncio.Event) -> None:
    async with Bus(broker.address, client_id="a").line() as line:
        await line.hear(topics.of_all_cabinets("status"))
        listening.set()
        async for _ in line.messages():
            pass


async def test_it_stops_while_clients_are_there_and_starts_again_on_its_port() -> None:
    tasks_before = asyncio.all_tasks()
    broker = EmbeddedBroker(0, keyless)
    await broker.start()
    port = broker.address.port
    for _ in range(2):
        listening = asyncio.Event()
        client = asyncio.create_task(listen_until_lost(broker, listening))
        await listening.wait()
        _, mute = await asyncio.open_connection(broker.address.host, port)
        await until(lambda: len(broker._connections) == 2)
        await broker.stop()
        with pytest.raises(LineLost):
            await client
        mute.close()
        with closing(socket.socket()) as probe:
            assert probe.connect_ex((broker.address.host, port)) != 0
        await until(lambda: asyncio.all_tasks() <= tasks_before)
        await broker.start()
        assert broker.address.port == port
    await broker.stop()
    await broker.stop()


async def test_one_connection_more_than_it_takes_is_closed() -> None:
    async with EmbeddedBroker(0, keyless, connections_max=2) as broker:
        async with Bus(broker.address, client_id="a").line(), Bus(broker.address, client_id="b").line():
            reader, writer = await asyncio.open_connection(broker.address.host, broker.address.port)
            async with asyncio.timeout(WAIT_S_MAX):
                assert await reader.read() == b""
            writer.close()
        await until(lambda: not broker._connections)
        async with Bus(broker.address, client_id="c").line():
            pass


@pytest.mark.parametrize(
    "garbage", [b"GET / HTTP/1.1\r\n\r\n", b"\x10\xff\xff\xff\xff\xff", b"\x10\x02\x00\x00", b""]
)
async def test_garbage_on_its_port_harms_nobody(garbage: bytes) -> None:
    async with EmbeddedBroker(0, keyless) as broker:
        _, writer = await asyncio.open_connection(broker.address.host, broker.address.port)
        writer.write(garbage)
        await writer.drain()
        writer.close()
        async with Bus(broker.address, client_id="a").line() as server, cabinet(broker, "1").line() as line:
            await line.hear(topics.topic("1", "commands"))
            await server.say(topics.topic("1", "commands"), b"x")
            async with asyncio.timeout(WAIT_S_MAX):
                async for heard in line.messages():
                    assert heard.payload == b"x"
                    break


async def test_what_is_kept_for_others_is_not_given_to_a_new_client() -> None:
    async with EmbeddedBroker(0, keyless) as broker, Bus(broker.address, client_id="server").line() as server:
        await server.hear(topics.of_all_cabinets("status"))
        async with cabinet(broker, "1").line() as first:
            await first.say(topics.topic("1", "status"), b"online", retain=True)
        async with cabinet(broker, "2").line() as second:
            await second.hear(topics.topic("2", "commands"))
            await server.say(topics.topic("2", "commands"), b"open")
            async with asyncio.timeout(WAIT_S_MAX):
                async for heard in second.messages():
                    assert heard.topic == topics.topic("2", "commands")
                    break


async def test_many_clients_that_come_at_once_are_all_served() -> None:
    async with EmbeddedBroker(0, keyless) as broker, Bus(broker.address, client_id="server").line() as server:
        await server.hear(topics.of_all_cabinets("status"))

        async def come(number: str) -> None:
            async with cabinet(broker, number).line() as line:
                await line.hear(topics.topic(number, "commands"))
                await line.say(topics.topic(number, "status"), b"online", retain=True)

        await asyncio.gather(*(come(str(number)) for number in range(20)))
        said: set[str] = set()
        async with asyncio.timeout(WAIT_S_MAX):
            async for heard in server.messages():
                said.add(heard.topic)
                if len(said) == 20:
                    break


def cabinet(broker: EmbeddedBroker, number: str) -> Bus:
    return Bus(broker.cabinet_address, client_id=client_id_of(number))
