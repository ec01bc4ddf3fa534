"""The line to a broker: how an address is read, and which MQTT is spoken."""

import asyncio
from datetime import timedelta

import pytest
from aiomqtt import Will

from crossdock.devices import bus, topics
from crossdock.devices.bus import (
    BrokerAddress,
    Bus,
    Heard,
    Line,
    LineLost,
    MqttUrlMalformed,
    address_of,
    client_id_of,
)
from tests.devices.brokers import WAIT_S_MAX, Amqtt, Mosquitto, free_port

TOPIC = topics.topic("1", "status")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mqtt://broker", BrokerAddress(host="broker", port=1883)),
        ("mqtt://broker:2883/", BrokerAddress(host="broker", port=2883)),
        ("mqtts://broker", BrokerAddress(host="broker", port=8883, tls=True)),
        (
            "mqtt://crossdock:p%40ss%3A1@[::1]:1884",
            BrokerAddress(host="::1", port=1884, username="crossdock", password="p@ss:1"),
        ),
    ],
)
def test_an_address_is_read(url: str, address: BrokerAddress) -> None:
    assert address_of(url) == address


@pytest.mark.parametrize(
    "url",
    ["", "broker", "broker:1883", "http://broker", "mqtt://", "mqtt://b:port", "mqtt://b:65536", "mqtt://b/topic"],
)
def test_any_other_is_refused_and_its_password_not_repeated(url: str) -> None:
    with pytest.raises(MqttUrlMalformed, match="CROSSDOCK_MQTT_URL"):
        address_of(url)
    with pytest.raises(MqttUrlMalformed) as caught:
        address_of("mqtt://user:secret@broker:port")
    assert "secret" not in str(caught.value)


def test_the_highest_port_is_taken() -> None:
    assert address_of("mqtt://b:65535").port == 65535


def test_a_password_is_not_shown() -> None:
    address = address_of("mqtt://user:secret@broker")
    assert "secret" not in f"{address} {address!r}"


def cabinet(broker: Amqtt | Mosquitto, number: str = "1") -> Bus:
    return Bus(broker.cabinet_address, client_id=client_id_of(number))


async def heard_next(line: Line) -> Heard:
    async with asyncio.timeout(WAIT_S_MAX):
        async for heard in line.messages():
            return heard
    raise AssertionError


async def cut_a_line(bus: Bus, will: Will) -> None:
    async with bus.line(will) as line:
        line.cut()
        await heard_next(line)


async def test_a_message_goes_through(broker: Amqtt | Mosquitto) -> None:
    async with cabinet(broker).line() as a, Bus(broker.address, client_id="b").line() as b:
        await b.hear(TOPIC)
        await a.say(TOPIC, b"hello", lives=timedelta(seconds=10))
        assert await heard_next(b) == Heard(topic=TOPIC, payload=b"hello", retained=False)


async def test_mqtt_5_is_spoken_where_the_broker_does(broker: Amqtt | Mosquitto) -> None:
    unasked = BrokerAddress(host=broker.address.host, port=broker.address.port)
    line_maker = Bus(unasked, client_id=client_id_of("1"))
    for _ in range(2):
        async with line_maker.line() as line:
            assert line.speaks_five is isinstance(broker, Mosquitto)


async def test_a_retained_message_waits_for_a_later_line(broker: Amqtt | Mosquitto) -> None:
    async with cabinet(broker).line() as a:
        await a.say(TOPIC, b"online", retain=True)
    async with Bus(broker.address, client_id="b").line() as b:
        await b.hear(TOPIC)
        assert await heard_next(b) == Heard(topic=TOPIC, payload=b"online", retained=True)


async def test_a_cut_line_speaks_its_will_and_a_closed_one_does_not(broker: Amqtt | Mosquitto) -> None:
    async with Bus(broker.address, client_id="b").line() as b:
        await b.hear(topics.of_all_cabinets("status"))
        async with cabinet(broker, "polite").line(Will(topics.topic("polite", "status"), b"", 1)):
            pass
        rude = topics.topic("rude", "status")
        with pytest.raises(LineLost):
            await cut_a_line(cabinet(broker, "rude"), Will(rude, b"", 1))
        assert (await heard_next(b)).topic == rude


async def test_a_broker_that_is_not_there_is_a_lost_line() -> None:
    nobody = Bus(BrokerAddress(host="127.0.0.1", port=free_port()), client_id="a")
    with pytest.raises(LineLost):
        await nobody.line().__aenter__()


async def test_two_processes_have_two_names() -> None:
    assert bus.fresh_client_id("crossdock") != bus.fresh_client_id("crossdock")
