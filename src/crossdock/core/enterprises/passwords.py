"""Passwords that come in clear or as their md5: what is kept is argon2id of the md5, which both lead to."""

import re
from hashlib import md5
from typing import Final

from crossdock.core.staff import passwords

_DIGEST: Final = re.compile(r"[0-9a-f]{32}")


def digest(password: str) -> str:
    """32 hex digits in lower case: what partners' clients send instead of the password."""
    return md5(password.encode(), usedforsecurity=False).hexdigest()


async def matches(given: str, password_hash: str) -> bool:
    """Whether `given` is the password, or its md5. One that looks like an md5 may be either."""
    if _DIGEST.fullmatch(given) and await passwords.matches(given, password_hash):
        return True
    return await passwords.matches(digest(given), password_hash)
