"""An MQTT broker inside this process, for trial, demo, tests and one small site. Loopback only.

amqtt 0.12 speaks MQTT 3.1.1 and no other version, and without TLS a key could be read on the way, which is why
it is not offered to a network.
"""

import asyncio
import errno
import logging
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

import structlog
from amqtt.adapters import ReaderAdapter, StreamReaderAdapter, StreamWriterAdapter, WriterAdapter
from amqtt.broker import Broker
from amqtt.contexts import Action, BrokerConfig, ListenerConfig, ListenerType
from amqtt.errors import MQTTError
from amqtt.mqtt.connack import NOT_AUTHORIZED, ConnackPacket
from amqtt.mqtt.protocol.broker_handler import BrokerProtocolHandler
from amqtt.session import Session

from crossdock.base.errors import SetupFailed
from crossdock.devices.access import SERVER_USER, Doorman, KeyOf, Rights
from crossdock.devices.bus import BrokerAddress

HOST: Final = "127.0.0.1"
CONNECTIONS_MAX: Final = 500
"""Beyond this a site needs a broker of its own."""
STOP_S_MAX: Final = 5.0
_LISTENER: Final = "default"
_RIGHTS: Final = "crossdock.rights"

log = structlog.get_logger(__name__)


class BrokerPortTaken(SetupFailed):
    """Another program holds the port of the embedded MQTT broker: stop it, set CROSSDOCK_MQTT_PORT to a free
    port, or name its broker in CROSSDOCK_MQTT_URL."""

    @property
    def sentence(self) -> str:
        return (
            f"Port {self.facts.get('port')} of the embedded MQTT broker is in use: set CROSSDOCK_MQTT_PORT to"
            " a free port, or CROSSDOCK_MQTT_URL to the broker that runs there"
        )


class BrokerPortUnusable(SetupFailed):
    """The embedded MQTT broker cannot listen on its port: set CROSSDOCK_MQTT_PORT to a free one above 1023."""


class EmbeddedBroker:
    """`async with EmbeddedBroker(config.mqtt_port, keys.key_of) as broker: Coordinator(..., broker.address, ...)`."""

    def __init__(self, port: int, key_of: KeyOf, *, connections_max: int = CONNECTIONS_MAX) -> None:
        """Port 0 takes any free one."""
        self._port = port
        self._doorman = Doorman(key_of)
        self._connections_max = connections_max
        self._broker: _Broker | None = None
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> "EmbeddedBroker":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def address(self) -> BrokerAddress:
        """The server's, with its password."""
        return self.cabinet_address.login(SERVER_USER, self._doorman.server_password)

    @property
    def cabinet_address(self) -> BrokerAddress:
        """Anybody else's."""
        return BrokerAddress(host=HOST, port=self._port, speaks_five=False)

    async def start(self) -> None:
        """Errors: BrokerPortTaken, BrokerPortUnusable."""
        try:
            server = await asyncio.start_server(self._serve, HOST, self._port, start_serving=False)
        except (OSError, OverflowError) as error:
            if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
                raise BrokerPortTaken(port=self._port) from error
            raise BrokerPortUnusable(port=self._port, cause=str(error)) from error
        self._port = server.sockets[0].getsockname()[1]
        for chatty in ("amqtt", "transitions"):
            logging.getLogger(chatty).setLevel(logging.ERROR)  # a client that leaves is no warning of ours
        self._broker = _Broker(
            BrokerConfig(listeners={_LISTENER: ListenerConfig(type=ListenerType.EXTERNAL)}, plugins={}), self._doorman
        )
        await self._broker.start()
        await server.start_serving()
        self._server = server

    async def stop(self) -> None:
        """Nothing of it is left afterwards; a second call does nothing."""
        if self._server is None or self._broker is None:
            return
        self._server.close()
        with suppress(TimeoutError):  # in the middle of many messages the library waits for clients that are gone
            async with asyncio.timeout(STOP_S_MAX):
                await self._broker.shutdown()
        left = tuple(self._connections)
        for connection in left:
            connection.cancel()
        if left:
            await asyncio.wait(left, timeout=STOP_S_MAX)
        self._server = self._broker = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if self._broker is None or task is None or len(self._connections) >= self._connections_max:
            log.warning("MQTT connection refused; too many are open", connections_max=self._connections_max)
            writer.close()
            return
        self._connections.add(task)
        try:
            await self._broker.external_connected(StreamReaderAdapter(reader), StreamWriterAdapter(writer), _LISTENER)
        except asyncio.CancelledError:
            return  # by stop(); the stream's own callback cannot bear a cancelled task before Python 3.12
        except Exception as error:
            log.warning("MQTT connection ended", cause=f"{type(error).__name__}: {error}"[:200])
        finally:
            self._connections.discard(task)
            writer.close()


class _Subscriptions(dict[str, list[tuple[Session, int]]]):
    """Can be changed while it is walked through: the library waits for clients in the middle of its loops."""

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(super().keys()))

    def items(self) -> Any:
        return tuple(super().items())


class _Broker(Broker):  # type: ignore[misc]  # the library is not typed for us
    """The library's own plugins ask who somebody is only after it has given him the session of that name."""

    def __init__(self, config: BrokerConfig, doorman: Doorman) -> None:
        super().__init__(config)
        self._subscriptions = _Subscriptions()
        self._doorman = doorman

    async def _initialize_client_session(
        self, reader: ReaderAdapter, writer: WriterAdapter, remote_address: str, remote_port: int
    ) -> tuple[BrokerProtocolHandler, Session]:
        """Whoever is let in gets a session of his own and pushes out the one who had his name."""
        handler, session = await BrokerProtocolHandler.init_from_connect(reader, writer, self.plugins_manager)
        rights = await self._doorman.rights(
            client_id=session.client_id, username=session.username, password=session.password
        )
        if rights is None or (session.will_flag and not rights.may_say(session.will_topic)):
            await ConnackPacket.build(0, NOT_AUTHORIZED).to_stream(writer)
            raise MQTTError("not authorised")
        session.attributes[_RIGHTS] = rights
        session.clean_session = True
        _, pushed_out = self._sessions.get(session.client_id, (None, None))
        await self._delete_session(session.client_id)
        if pushed_out is not None:
            await pushed_out.handle_connection_closed()
        return handler, session

    async def _authenticate(self, session: Session, _: ListenerConfig) -> bool:
        return _RIGHTS in session.attributes

    async def _topic_filtering(self, session: Session, topic: str, action: Action) -> bool:
        rights: Rights | None = session.attributes.get(_RIGHTS)
        if rights is None:
            return False
        return rights.may_say(topic) if action is Action.PUBLISH else rights.may_hear(topic)

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        """The library offers a new client what is kept for every subscription of anybody; only its own are due."""
        holders = self._subscriptions.get(subscription[0], ())
        if any(holder.client_id == session.client_id for holder, _ in holders):
            await super()._publish_retained_messages_for_subscription(subscription, session)
