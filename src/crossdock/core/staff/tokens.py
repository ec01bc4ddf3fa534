"""Tokens of people: shown at every login, so kept sealed; looked up by their hash."""

import secrets
from hashlib import sha256
from typing import Final

TOKEN_BYTES: Final = 20


def new_token() -> str:
    """40 lower-case hex digits."""
    return secrets.token_bytes(TOKEN_BYTES).hex()


def token_hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
