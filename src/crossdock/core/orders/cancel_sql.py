"""Statements on what owners asked to call off."""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

from crossdock.base import json
from crossdock.base.ids import AccountId
from crossdock.db.tx import Tx, columns

State = Literal["asked", "granted", "refused"]


class CancelRequest(Struct, frozen=True, kw_only=True):
    """What an owner asked to call off under an order's number."""

    id: int
    account_id: AccountId
    number: str
    batch_key: str | None
    """The owner's own name for it; None for one that cannot be told from another."""
    content_hash: bytes
    reason: str
    state: State
    wanted: dict[str, Any]
    """Line key -> pieces; empty: all of the order."""
    dialect: str
    actor: str


_REQUEST = columns(CancelRequest)


async def of_batch(tx: Tx, *, account_id: AccountId, number: str, batch_key: str) -> CancelRequest | None:
    """Key: cancel_request_account_id_number_batch_key_key."""
    return await tx.one_or_none(
        CancelRequest,
        f"SELECT {_REQUEST} FROM cancel_request"
        " WHERE account_id = %(account_id)s AND number = %(number)s AND batch_key = %(batch_key)s",
        account_id=account_id,
        number=number,
        batch_key=batch_key,
    )


async def waiting(tx: Tx, *, account_id: AccountId, number: str) -> list[CancelRequest]:
    """Those that nobody has decided yet, oldest first. Index: cancel_request_open_idx."""
    return await tx.many(
        CancelRequest,
        f"SELECT {_REQUEST} FROM cancel_request"
        " WHERE account_id = %(account_id)s AND number = %(number)s AND state = 'asked' ORDER BY id",
        account_id=account_id,
        number=number,
    )


async def all_waiting(tx: Tx, *, limit: int) -> list[CancelRequest]:
    """Index: cancel_request_open_idx."""
    return await tx.many(
        CancelRequest,
        f"SELECT {_REQUEST} FROM cancel_request WHERE state = 'asked' ORDER BY id LIMIT %(limit)s",
        limit=limit,
    )


async def account_of(tx: Tx, *, request_id: int) -> AccountId | None:
    found = await tx.rows("SELECT account_id FROM cancel_request WHERE id = %(id)s", id=request_id)
    return AccountId(found[0][0]) if found else None


async def lock(tx: Tx, *, account_id: AccountId, request_id: int) -> CancelRequest | None:
    return await tx.one_or_none(
        CancelRequest,
        f"SELECT {_REQUEST} FROM cancel_request WHERE account_id = %(account_id)s AND id = %(id)s FOR NO KEY UPDATE",
        account_id=account_id,
        id=request_id,
    )


async def put(
    tx: Tx,
    *,
    account_id: AccountId,
    number: str,
    batch_key: str | None,
    content_hash: bytes,
    reason: str,
    state: State,
    wanted: Mapping[str, int],
    dialect: str,
    actor: str,
) -> None:
    await tx.execute(
        """
INSERT INTO cancel_request (account_id, number, batch_key, content_hash, reason, state, wanted, dialect, actor,
                            asked_at, decided_at)
VALUES (%(account_id)s, %(number)s, %(batch_key)s, %(content_hash)s, %(reason)s, %(state)s, %(wanted)s::jsonb,
        %(dialect)s, %(actor)s, %(now)s, CASE WHEN %(state)s <> 'asked' THEN %(now)s::timestamptz END)
""",
        account_id=account_id,
        number=number,
        batch_key=batch_key,
        content_hash=content_hash,
        reason=reason,
        state=state,
        wanted=json.text(dict(wanted)),
        dialect=dialect,
        actor=actor,
        now=tx.now,
    )


async def decide(tx: Tx, *, account_id: AccountId, request_id: int, state: State) -> None:
    await tx.execute(
        "UPDATE cancel_request SET state = %(state)s, decided_at = %(now)s"
        " WHERE account_id = %(account_id)s AND id = %(id)s",
        account_id=account_id,
        id=request_id,
        state=state,
        now=tx.now,
    )
