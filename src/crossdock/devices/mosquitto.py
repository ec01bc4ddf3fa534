"""Files for a Mosquitto of the operator's own: who may come, and what each may say and hear."""

import hashlib
import os
import re
import secrets
from base64 import b64encode
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from crossdock.base.errors import SetupFailed
from crossdock.devices import topics
from crossdock.devices.bus import BrokerAddress

ITERATIONS: Final = 1_000
"""Mosquitto serves nobody else while it hashes, about a millisecond each time."""
SALT_BYTES: Final = 12
"""Mosquitto 2.0 takes no other number."""

_USER: Final = re.compile(r"[^\s:#]([^:\x00-\x1f\x7f]*[^\s:])?")


class BrokerLoginMissing(SetupFailed):
    """CROSSDOCK_MQTT_URL must name the server's user and password: mqtt://user:password@host:port."""


class BrokerUserUnusable(SetupFailed):
    """The user in CROSSDOCK_MQTT_URL cannot be the server's: a cabinet has it, or it cannot stand in these files."""


def write_files(directory: Path, *, server: BrokerAddress, keys: Mapping[str, str]) -> None:
    """`passwd` and `acl`, for the server and for cabinets by number; those of before are replaced.

    Errors: BrokerLoginMissing, BrokerUserUnusable, CabinetNumberUnusable, OSError.
    """
    if not server.username or not server.password:
        raise BrokerLoginMissing()
    if server.username in keys or _USER.fullmatch(server.username) is None:
        raise BrokerUserUnusable()
    files = {
        "passwd": passwd({server.username: server.password, **keys}),
        "acl": acl(server.username, keys),
    }
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, text in files.items():
        _replace(directory / name, text)


def passwd(users: Mapping[str, str]) -> str:
    """As mosquitto_passwd writes it: PBKDF2 with HMAC-SHA512."""
    return "".join(f"{user}:{_hashed(password)}\n" for user, password in users.items())


def acl(server: str, numbers: Iterable[str]) -> str:
    """Whoever is not named may nothing."""
    blocks = [
        _block(server, says=map(topics.of_all_cabinets, topics.DOWN), hears=map(topics.of_all_cabinets, topics.UP)),
        *(
            _block(
                number,
                says=[topics.topic(number, channel) for channel in topics.UP],
                hears=[topics.topic(number, channel) for channel in topics.DOWN],
            )
            for number in numbers
        ),
    ]
    return "\n".join(blocks)


def _block(user: str, *, says: Iterable[str], hears: Iterable[str]) -> str:
    lines = [f"user {user}", *(f"topic write {topic}" for topic in says), *(f"topic read {topic}" for topic in hears)]
    return "".join(f"{line}\n" for line in lines)


def _hashed(password: str) -> str:
    salt = secrets.token_bytes(SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return f"$7${ITERATIONS}${b64encode(salt).decode()}${b64encode(digest).decode()}"


def _replace(path: Path, text: str) -> None:
    """At once, so that a broker that is told to read it never finds a half of it."""
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)
