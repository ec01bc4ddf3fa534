"""Six digits that nobody can guess, with their leading zeros."""

import secrets
from typing import Final

CODE_DIGITS: Final = 6
TRIES_MAX: Final = 50
"""A code in use is drawn again; with a thousand live codes at one place two draws in a row are rare."""


def draw() -> str:
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def masked(key: str) -> str:
    """`1****2`: what a shop shows in lists when it fears redemption without the buyer."""
    return key[:1] + "*" * (len(key) - 2) + key[-1:]
