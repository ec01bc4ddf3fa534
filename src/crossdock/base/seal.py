"""Secrets at rest: sealed with one key, opened only where a signature needs them.

The key comes from `CROSSDOCK_SECRET_KEY`, or is made once as `<var>/secret.key` (mode 0600).
"""

import hmac
import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from crossdock.base.errors import PlaceNotWritable, SetupFailed


class SecretKeyWrong(SetupFailed):
    """Secrets on record were sealed with another key: set CROSSDOCK_SECRET_KEY to it, or bring secret.key back."""


class SecretKeyMalformed(SetupFailed):
    """CROSSDOCK_SECRET_KEY is not a key: it must be 32 bytes in URL-safe base64."""


class Seal:
    def __init__(self, key: str) -> None:
        try:
            self._fernet = Fernet(key.encode("ascii"))
        except ValueError as error:
            raise SecretKeyMalformed() from error
        self._key = key.encode("ascii")

    def key_for(self, purpose: str) -> bytes:
        """32 bytes that belong to this purpose alone; what is made of them tells nothing of the key."""
        return hmac.digest(self._key, purpose.encode(), "sha256")

    def seal(self, secret: str) -> bytes:
        return self._fernet.encrypt(secret.encode())

    def open(self, sealed: bytes) -> str:
        """The secret in clear. Errors: SecretKeyWrong."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise SecretKeyWrong() from error


def secret_key(given: str | None, var: Path) -> str:
    """The key that was given, or the one in `var`, made there when it is the first time."""
    if given:
        return given
    path = var / "secret.key"
    try:
        var.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    except OSError as error:
        raise PlaceNotWritable(path=path, cause=error.strerror) from error
    key = Fernet.generate_key().decode()
    with os.fdopen(handle, "w") as file:
        file.write(key + "\n")
    return key
