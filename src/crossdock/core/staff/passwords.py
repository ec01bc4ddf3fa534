"""Passwords at rest: argon2id, computed in a thread because one takes tens of milliseconds.

A stored hash carries its own parameters, so hashes of another profile stay good when the profile changes.
"""

import asyncio
from base64 import b64encode
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import Struct

from crossdock.core.staff.errors import PasswordUnusable
from crossdock.core.staff.model import PASSWORD_CHARACTERS_MAX


class Profile(Struct, frozen=True, kw_only=True):
    """How much work one hash is."""

    memory_kib: int
    passes: int
    lanes: int


STANDARD: Final = Profile(memory_kib=19_456, passes=2, lanes=1)
"""OWASP's smallest for argon2id: about 20 ms; a dozen logins at one time still fit into a small server."""
CHEAP: Final = Profile(memory_kib=8, passes=1, lanes=1)
"""For tests only."""

HASH_BYTES: Final = 32
SALT_BYTES: Final = 16


def check(password: str, *, characters_min: int = 1) -> None:
    """Whether it can be one, where nothing else has looked at it. Errors: PasswordUnusable."""
    if not characters_min <= len(password) <= PASSWORD_CHARACTERS_MAX or "\0" in password:
        raise PasswordUnusable(characters_min=characters_min, characters_max=PASSWORD_CHARACTERS_MAX)


async def hashed(password: str, *, profile: Profile = STANDARD) -> str:
    """What is stored instead of the password."""
    return await asyncio.to_thread(_hasher(profile).hash, password)


async def matches(password: str, password_hash: str) -> bool:
    """Whether this is the password behind the hash."""
    return await asyncio.to_thread(_matches, password, password_hash)


def nobodys_hash(profile: Profile = STANDARD) -> str:
    """A hash no password fits, and as much work as a real one: an unknown name must not be told by time."""
    salt, digest = (b64encode(bytes(size)).decode().rstrip("=") for size in (SALT_BYTES, HASH_BYTES))
    return f"$argon2id$v=19$m={profile.memory_kib},t={profile.passes},p={profile.lanes}${salt}${digest}"


def _matches(password: str, password_hash: str) -> bool:
    try:
        return _hasher(STANDARD).verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _hasher(profile: Profile) -> PasswordHasher:
    return PasswordHasher(
        time_cost=profile.passes,
        memory_cost=profile.memory_kib,
        parallelism=profile.lanes,
        hash_len=HASH_BYTES,
        salt_len=SALT_BYTES,
    )
