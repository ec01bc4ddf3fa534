"""The line to an MQTT broker: one address, MQTT 5 where the broker speaks it, 3.1.1 where it does not.

Everything of ours that knows the client library is in this file.
"""

import asyncio
import math
import secrets
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Final
from urllib.parse import unquote, urlsplit

import structlog
from aiomqtt import Client, MqttError, Will
from aiomqtt.client import ProtocolVersion
from aiomqtt.exceptions import MqttConnectError
from msgspec import Struct
from msgspec.structs import replace
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from crossdock.base.errors import SetupFailed

KEEPALIVE_S: Final = 20
"""A broken line is noticed after one and a half of these."""
WAIT_S_MAX: Final = 5.0
"""For one acknowledgement of the broker; it is on the same site or close to it."""
INBOX_MAX: Final = 10_000
"""Messages that may wait to be read; more are dropped, and said again by their cabinets."""
AT_LEAST_ONCE: Final = 1
AT_MOST_ONCE: Final = 0
CABINET_CLIENT: Final = "cabinet-"

LineLost = MqttError
"""The broker does not answer, refuses, or has gone."""

_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
_REFUSED: Final = 0x80
_PROTOCOL_UNKNOWN: Final = "Unsupported protocol version"

log = structlog.get_logger(__name__)


class MqttUrlMalformed(SetupFailed):
    """CROSSDOCK_MQTT_URL cannot be used: write mqtt://user:password@host:port, or mqtts:// for TLS."""


class SubscriptionRefused(MqttError):
    """The broker does not let this client hear a topic."""


class BrokerAddress(Struct, frozen=True, kw_only=True):
    host: str
    port: int
    username: str | None = None
    password: str | None = None
    tls: bool = False
    speaks_five: bool | None = None
    """Whether the broker speaks MQTT 5; None when it is to be found out."""

    def __repr__(self) -> str:
        return f"BrokerAddress({self.host}:{self.port})"

    __str__ = __repr__

    def login(self, username: str | None, password: str | None) -> "BrokerAddress":
        """The same broker for somebody else; None for whoever has no login."""
        return replace(self, username=username, password=password)


def address_of(url: str) -> BrokerAddress:
    """Read `CROSSDOCK_MQTT_URL`; user and password may be percent-encoded. Errors: MqttUrlMalformed."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise MqttUrlMalformed() from error
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
        raise MqttUrlMalformed()
    return BrokerAddress(
        host=parts.hostname,
        port=port if port is not None else _PORTS[parts.scheme],
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=parts.scheme == "mqtts",
    )


class Heard(Struct, frozen=True, kw_only=True):
    """One message from the broker."""

    topic: str
    payload: bytes
    retained: bool
    """Kept by the broker from before this line was there."""


class Line:
    """An open connection. What fails raises LineLost; then the line is dead and another is needed."""

    def __init__(self, client: Client, *, speaks_five: bool) -> None:
        self._client = client
        self.speaks_five = speaks_five

    async def hear(self, topic: str) -> None:
        """Errors: SubscriptionRefused, LineLost."""
        async with _in_time():
            grants = await self._client.subscribe(topic, qos=AT_LEAST_ONCE)
        for granted in grants:
            if (granted.value if isinstance(granted, ReasonCode) else granted) >= _REFUSED:
                raise SubscriptionRefused(f"not allowed to hear {topic}")

    async def say(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = AT_LEAST_ONCE,
        retain: bool = False,
        lives: timedelta | None = None,
    ) -> None:
        """Returns when the broker has it. `lives`: after this the broker forgets it, where it speaks MQTT 5."""
        async with _in_time():
            await self._client.publish(topic, payload, qos=qos, retain=retain, properties=self._expiry(lives))

    async def messages(self) -> AsyncIterator[Heard]:
        """Until the line is lost."""
        async for message in self._client.messages:
            payload = message.payload if isinstance(message.payload, bytes) else b""
            yield Heard(topic=message.topic.value, payload=payload, retained=message.retain)

    def cut(self) -> None:
        """End without a goodbye, as a power cut does: the broker speaks the last will."""
        _shut(self._client)

    def _expiry(self, lives: timedelta | None) -> Properties | None:
        if lives is None or not self.speaks_five:
            return None
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.MessageExpiryInterval = max(1, math.ceil(lives.total_seconds()))
        return properties


class Bus:
    """Makes lines to one broker, one at a time."""

    def __init__(self, address: BrokerAddress, *, client_id: str) -> None:
        """`client_id` is this client's alone: a second client of that name pushes the first one out."""
        self.address = address
        self._client_id = client_id
        self._speaks_five = address.speaks_five

    @asynccontextmanager
    async def line(self, will: Will | None = None) -> AsyncIterator[Line]:
        """Errors: LineLost.

        Nothing is kept for a client that is away: a command that waited would come too late, and what
        cabinets report is said again until it has a receipt.
        """
        if self._speaks_five is None:
            self._speaks_five = await self._ask_for_five()
        speaks_five = self._speaks_five
        async with _connected(self._client(five=speaks_five, will=will)) as client:
            yield Line(client, speaks_five=speaks_five)

    async def _ask_for_five(self) -> bool:
        """A broker that knows only 3.1.1 says so in its refusal."""
        try:
            async with _connected(self._client(five=True, will=None)):
                return True
        except MqttConnectError as error:
            if str(error.rc) != _PROTOCOL_UNKNOWN:
                raise
        return False

    def _client(self, *, five: bool, will: Will | None) -> Client:
        client = Client(
            self.address.host,
            self.address.port,
            username=self.address.username,
            password=self.address.password,
            identifier=self._client_id,
            protocol=ProtocolVersion.V5 if five else ProtocolVersion.V311,
            clean_session=None if five else True,
            will=will,
            keepalive=KEEPALIVE_S,
            timeout=math.inf,
            socket_options=((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),),
            max_queued_incoming_messages=INBOX_MAX,
            tls_context=ssl.create_default_context() if self.address.tls else None,
        )
        client.pending_calls_threshold = INBOX_MAX  # a batch of commands is no reason to warn
        return client


@asynccontextmanager
async def _connected(client: Client) -> AsyncIterator[Client]:
    try:
        async with _in_time():
            await client.__aenter__()
    except BaseException:
        _shut(client)
        raise
    try:
        yield client
    finally:
        with suppress(MqttError):
            async with _in_time():
                await client.__aexit__(None, None, None)
        _shut(client)


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    """Our own bound on each call: the library's is wait_for, which before Python 3.12 can swallow a cancellation."""
    try:
        async with asyncio.timeout(WAIT_S_MAX):
            yield
    except TimeoutError as error:
        raise MqttError("the broker does not answer") from error


def _shut(client: Client) -> None:
    """Without a goodbye; the library sees the end of its socket and tidies up."""
    link = client._client.socket()  # the library has no public way to be rude
    if isinstance(link, socket.socket):
        with suppress(OSError):
            link.shutdown(socket.SHUT_RDWR)


def client_id_of(number: str) -> str:
    """What a cabinet calls itself, so that its new connection pushes out a broken old one."""
    return f"{CABINET_CLIENT}{number}"


def fresh_client_id(name: str) -> str:
    """One that no other process has."""
    return f"{name}-{secrets.token_hex(4)}"
