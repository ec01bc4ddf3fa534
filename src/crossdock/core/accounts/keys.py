"""Keys of accounts in each dialect: several may live at one time, so that one replaces another without a break."""

import re
import secrets
import string
from datetime import timedelta
from typing import Any, Final

from msgspec import Struct

from crossdock.base.ids import AccountId, CredentialId
from crossdock.base.seal import Seal
from crossdock.core.accounts import keys_sql
from crossdock.core.accounts.errors import KeyMustBeNamed, KeyTaken, KeyUnknown, KeyUnusable, OverlapInvalid
from crossdock.core.accounts.model import Credential, Key
from crossdock.db.tx import Tx

KEY_CHARACTERS_MAX: Final = 64
KEY_PATTERN: Final = re.compile(r"[!-~]{1,64}")
SECRET_BYTES: Final = 24
OVERLAP_H_MAX: Final = 90 * 24
"""So long at most an old key goes on beside the one that replaces it."""
NAMED_BY_PARTNER: Final = frozenset("&")
"""A key with one of these is made of names that the partner knows: none can be invented."""


class Issued(Struct, frozen=True, kw_only=True):
    """A new key, and its secret: shown this once."""

    key: Key
    secret: str

    def __repr__(self) -> str:
        return f"Issued({self.key.dialect} {self.key.key})"


async def keys_of(tx: Tx, *, account_id: AccountId, dialect: str | None = None) -> list[Key]:
    """Revoked ones too, by dialect and age."""
    return await keys_sql.keys(tx, account_id=account_id, dialect=dialect)


async def key(tx: Tx, *, account_id: AccountId, credential_id: int) -> Key:
    """Errors: KeyUnknown."""
    for found in await keys_sql.keys(tx, account_id=account_id, credential_id=credential_id):
        return found
    raise KeyUnknown(id=credential_id)


async def opened(tx: Tx, seal: Seal, *, account_id: AccountId, dialect: str, limit: int) -> list[Credential]:
    """With their secrets, newest first; those that were revoked too. Never shown."""
    return [
        Credential(
            id=CredentialId(row.id),
            account_id=AccountId(row.account_id),
            dialect=row.dialect,
            key=row.key,
            secret="" if row.secret_sealed is None else seal.open(row.secret_sealed),
            scope=row.scope,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            revoked_at=row.revoked_at,
        )
        for row in await keys_sql.sealed(tx, account_id=account_id, dialect=dialect, limit=limit)
    ]


async def issue(
    tx: Tx, seal: Seal, *, account_id: AccountId, dialect: str, key_text: str, scope: dict[str, Any] | None = None
) -> Issued:
    """One more key of an account, good from now on. Errors: KeyUnusable, KeyTaken."""
    if not KEY_PATTERN.fullmatch(key_text):
        raise KeyUnusable(characters_max=KEY_CHARACTERS_MAX)
    secret = secrets.token_hex(SECRET_BYTES)
    id_ = await keys_sql.insert(
        tx,
        account_id=account_id,
        dialect=dialect,
        key=key_text,
        secret_sealed=seal.seal(secret),
        scope=scope or {},
    )
    if id_ is None:
        raise KeyTaken(dialect=dialect)
    return Issued(key=await key(tx, account_id=account_id, credential_id=id_), secret=secret)


async def rotate(
    tx: Tx,
    seal: Seal,
    *,
    account_id: AccountId,
    credential_id: int,
    overlap_h: int,
    key_text: str = "",
    move_receivers: bool = False,
) -> Issued:
    """A key that replaces this one, with all that the dialect knows of it; the old one ends after the overlap.

    `key_text` is the new key where the partner names it, else one like the old one is made. With `move_receivers`
    callbacks are signed with the new one at once. Errors: KeyUnknown, KeyMustBeNamed, OverlapInvalid, KeyUnusable,
    KeyTaken.
    """
    if not 0 <= overlap_h <= OVERLAP_H_MAX:
        raise OverlapInvalid(hours_max=OVERLAP_H_MAX)
    old = await key(tx, account_id=account_id, credential_id=credential_id)
    if not key_text and NAMED_BY_PARTNER & set(old.key):
        raise KeyMustBeNamed()
    issued = await issue(
        tx,
        seal,
        account_id=account_id,
        dialect=old.dialect,
        key_text=key_text or _like(old.key),
        scope=old.scope,
    )
    await keys_sql.end(tx, account_id=account_id, credential_id=old.id, at=tx.now + timedelta(hours=overlap_h))
    if move_receivers:
        await keys_sql.move_receivers(tx, account_id=account_id, old=old.id, new=issued.key.id)
    return issued


async def revoke(tx: Tx, *, account_id: AccountId, credential_id: int) -> Key:
    """It opens nothing any more, within the few seconds that each process keeps keys. Errors: KeyUnknown."""
    await key(tx, account_id=account_id, credential_id=credential_id)
    await keys_sql.revoke(tx, account_id=account_id, credential_id=credential_id)
    return await key(tx, account_id=account_id, credential_id=credential_id)


def _like(text: str) -> str:
    """Of the same length and the same kinds of signs, with what stands before its last separator kept."""
    cut = max(text.rfind(sign) for sign in "-_.:") + 1
    head, tail = text[:cut], text[cut:]
    digits = string.digits if tail.isdigit() else string.hexdigits[:16] if _is_hex(tail) else string.ascii_lowercase
    letters = digits if tail.isdigit() or _is_hex(tail) else string.ascii_lowercase + string.digits
    made = "".join(secrets.choice(letters) for _ in tail)
    return head + (made.upper() if tail.isupper() else made)


def _is_hex(text: str) -> bool:
    return bool(text) and set(text.lower()) <= set(string.hexdigits)
