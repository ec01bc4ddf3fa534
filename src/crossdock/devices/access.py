"""Who may come to the embedded broker, and what they may say and hear there."""

import asyncio
import hmac
import secrets
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from msgspec import Struct

from crossdock.base.seal import Seal
from crossdock.core.lockers import queries
from crossdock.core.lockers.errors import CabinetUnknown
from crossdock.db.database import Database
from crossdock.devices import topics
from crossdock.devices.bus import CABINET_CLIENT
from crossdock.devices.pauses import Outage

SERVER_USER: Final = "@crossdock"
"""No cabinet can be called so: its number has no @."""
ASK_S_MAX: Final = 3.0
"""For the key of a cabinet; it does not wait longer than 5 s for the broker's answer."""

KeyOf = Callable[[str], Awaitable[str | None]]
"""The key of a cabinet by its number, None when it has none. Errors: CabinetUnknown, and whatever else: refused."""

log = structlog.get_logger(__name__)


class CabinetKeys:
    """Asks the database each time, so that a key that was changed counts from the next connection on."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal

    async def key_of(self, number: str) -> str | None:
        """Errors: CabinetUnknown, SecretKeyWrong, DatabaseUnavailable."""
        async with self._database.autocommit() as tx:
            device = await queries.device(tx, number=number)
        if device is None:
            raise CabinetUnknown(number=number)
        return None if device.key_sealed is None else self._seal.open(device.key_sealed)


class Rights(Struct, frozen=True):
    """Of one cabinet; with `number` None those of the server, the same the other way round for every cabinet."""

    number: str | None

    def may_say(self, topic: str) -> bool:
        number, channel = topics.parts(topic)
        if self.number is None:
            return channel in topics.DOWN and topics.usable(number)
        return channel in topics.UP and number == self.number

    def may_hear(self, topic: str) -> bool:
        """`topic` may be a filter."""
        number, channel = topics.parts(topic)
        if self.number is None:
            return channel in topics.UP and (number == topics.ANY or topics.usable(number))
        return channel in topics.DOWN and number == self.number


class Doorman:
    """Lets the server in with a password that only this process knows, and cabinets with their keys."""

    def __init__(self, key_of: KeyOf) -> None:
        self.server_password = secrets.token_urlsafe(32)
        self._key_of = key_of
        self._outage = Outage("database, for the keys of cabinets")

    async def rights(self, *, client_id: str, username: str | None, password: str | None) -> Rights | None:
        """None for whoever is not let in."""
        if username == SERVER_USER:
            return Rights(None) if _same(password, self.server_password) else None
        number = client_id.removeprefix(CABINET_CLIENT)
        if number == client_id or not topics.usable(number):
            log.warning("MQTT login refused; no cabinet calls itself so", client_id=client_id[:80])
            return None
        try:
            async with asyncio.timeout(ASK_S_MAX):
                key = await self._key_of(number)
        except CabinetUnknown:
            log.warning("MQTT login refused; the cabinet is not known", cabinet=number)
            return None
        except Exception as error:
            self._outage.began(error)
            return None
        self._outage.ended()
        if key is not None and not (username == number and _same(password, key)):
            log.warning("MQTT login refused; user or key is not the cabinet's", cabinet=number)
            return None
        return Rights(number)


def _same(given: str | None, expected: str) -> bool:
    return given is not None and hmac.compare_digest(given.encode(), expected.encode())
