"""Statements on operators, their sessions and their history."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from crossdock.base import json
from crossdock.base.ids import AccountId, OperatorId, OrderId
from crossdock.core.operators.model import Listed, OpenSession, Operator, Session
from crossdock.db.tx import Tx, columns

_OPERATOR = columns(Operator)
_OPERATOR_OF = columns(Operator, "o")


class Known(Operator, frozen=True, kw_only=True):
    """What a login is checked against."""

    password_hash: str


class Done(Struct, frozen=True):
    """What an operation did."""

    action: str
    subject: str


class Secret(Operator, frozen=True, kw_only=True):
    """What a second factor is checked against; the row is locked."""

    totp_sealed: bytes | None
    totp_step: int
    recovery_hashes: list[str]


async def by_username(tx: Tx, *, username: str) -> Known | None:
    """Index: operator_username_key."""
    return await tx.one_or_none(
        Known, f"SELECT {_OPERATOR}, password_hash FROM operator WHERE username = %(username)s", username=username
    )


async def locked(tx: Tx, *, operator_id: OperatorId) -> Secret | None:
    return await tx.one_or_none(
        Secret,
        f"SELECT {_OPERATOR}, totp_sealed, totp_step, recovery_hashes FROM operator"
        " WHERE id = %(operator_id)s FOR UPDATE",
        operator_id=operator_id,
    )


_ADD = f"""
INSERT INTO operator (username, role, account_id, password_hash, created_at, updated_at)
SELECT %(username)s, %(role)s, %(account_id)s, %(password_hash)s, %(now)s, %(now)s
 WHERE NOT EXISTS (SELECT FROM staff WHERE username = %(username)s)
ON CONFLICT ON CONSTRAINT operator_username_key DO NOTHING
RETURNING {_OPERATOR}
"""


async def add(
    tx: Tx, *, username: str, role: str, account_id: AccountId | None, password_hash: str
) -> Operator | None:
    """None when the name is taken, also by somebody of a shop: both log in at one place."""
    return await tx.one_or_none(
        Operator,
        _ADD,
        username=username,
        role=role,
        account_id=account_id,
        password_hash=password_hash,
        now=tx.now,
    )


async def arrive(tx: Tx, *, operator_id: OperatorId, password_hash: str) -> Operator | None:
    """Note that the password was right. None when it, or the access, changed since it was looked up."""
    return await tx.one_or_none(
        Operator,
        "UPDATE operator SET last_login = %(now)s"
        f" WHERE id = %(operator_id)s AND password_hash = %(password_hash)s AND active RETURNING {_OPERATOR}",
        operator_id=operator_id,
        password_hash=password_hash,
        now=tx.now,
    )


async def set_active(tx: Tx, *, operator_id: OperatorId, active: bool) -> Operator:
    return await tx.one(
        Operator,
        f"UPDATE operator SET active = %(active)s, updated_at = %(now)s WHERE id = %(operator_id)s"
        f" RETURNING {_OPERATOR}",
        operator_id=operator_id,
        active=active,
        now=tx.now,
    )


async def set_password(tx: Tx, *, operator_id: OperatorId, password_hash: str) -> None:
    await tx.execute(
        "UPDATE operator SET password_hash = %(password_hash)s, updated_at = %(now)s WHERE id = %(operator_id)s",
        operator_id=operator_id,
        password_hash=password_hash,
        now=tx.now,
    )


async def keep_secret(tx: Tx, *, operator_id: OperatorId, totp_sealed: bytes | None) -> None:
    """One that is not confirmed; None forgets everything of the second factor."""
    await tx.execute(
        "UPDATE operator SET totp_sealed = %(totp_sealed)s, totp_step = 0, totp_confirmed_at = NULL,"
        " recovery_hashes = '{}', updated_at = %(now)s WHERE id = %(operator_id)s",
        operator_id=operator_id,
        totp_sealed=totp_sealed,
        now=tx.now,
    )


async def confirm_secret(tx: Tx, *, operator_id: OperatorId, step: int, recovery_hashes: list[str]) -> None:
    await tx.execute(
        "UPDATE operator SET totp_confirmed_at = %(now)s, totp_step = %(step)s,"
        " recovery_hashes = %(recovery_hashes)s::text[], updated_at = %(now)s WHERE id = %(operator_id)s",
        operator_id=operator_id,
        step=step,
        recovery_hashes=recovery_hashes,
        now=tx.now,
    )


async def spend_step(tx: Tx, *, operator_id: OperatorId, step: int) -> bool:
    """False when a code of this step, or of a later one, was used before."""
    return bool(
        await tx.execute(
            "UPDATE operator SET totp_step = %(step)s WHERE id = %(operator_id)s AND totp_step < %(step)s",
            operator_id=operator_id,
            step=step,
        )
    )


async def spend_recovery(tx: Tx, *, operator_id: OperatorId, code_hash: str) -> bool:
    return bool(
        await tx.execute(
            "UPDATE operator SET recovery_hashes = array_remove(recovery_hashes, %(code_hash)s)"
            " WHERE id = %(operator_id)s AND %(code_hash)s = ANY(recovery_hashes)",
            operator_id=operator_id,
            code_hash=code_hash,
        )
    )


# Sessions -------------------------------------------------------------------------


async def add_session(
    tx: Tx, *, operator_id: OperatorId, token_hash: str, whole: bool, ends_at: datetime, kept: int
) -> None:
    """And of more than `kept` the oldest end; the person's row is locked. Index: operator_session_operator_id_idx."""
    await tx.execute(
        "INSERT INTO operator_session (operator_id, token_hash, whole, created_at, ends_at)"
        " VALUES (%(operator_id)s, %(token_hash)s, %(whole)s, %(now)s, %(ends_at)s)",
        operator_id=operator_id,
        token_hash=token_hash,
        whole=whole,
        ends_at=ends_at,
        now=tx.now,
    )
    await tx.execute(
        "DELETE FROM operator_session WHERE id IN"
        " (SELECT id FROM operator_session WHERE operator_id = %(operator_id)s ORDER BY id DESC OFFSET %(kept)s)",
        operator_id=operator_id,
        kept=kept,
    )


_SESSION = f"""
SELECT {_OPERATOR_OF}, s.whole, cardinality(o.recovery_hashes) AS recovery_left
  FROM operator_session s JOIN operator o ON o.id = s.operator_id
 WHERE s.token_hash = %(token_hash)s AND s.ends_at > %(now)s AND o.active
"""


async def by_session(tx: Tx, *, token_hash: str) -> Session | None:
    """Index: operator_session_token_hash_key."""
    return await tx.one_or_none(Session, _SESSION, token_hash=token_hash, now=tx.now)


async def end_session(tx: Tx, *, token_hash: str) -> OperatorId | None:
    """Whose it was. Index: operator_session_token_hash_key."""
    found = await tx.value(
        "DELETE FROM operator_session WHERE token_hash = %(token_hash)s RETURNING operator_id", token_hash=token_hash
    )
    return None if found is None else OperatorId(found)


async def end_sessions(tx: Tx, *, operator_id: OperatorId) -> int:
    return await tx.execute("DELETE FROM operator_session WHERE operator_id = %(id)s", id=operator_id)


async def sessions(tx: Tx, *, operator_id: OperatorId, token_hash: str) -> list[OpenSession]:
    """Newest first. Index: operator_session_operator_id_idx."""
    return await tx.many(
        OpenSession,
        "SELECT id, created_at, ends_at, token_hash = %(token_hash)s AS this FROM operator_session"
        " WHERE operator_id = %(operator_id)s AND ends_at > %(now)s ORDER BY id DESC",
        operator_id=operator_id,
        token_hash=token_hash,
        now=tx.now,
    )


async def end_session_of(tx: Tx, *, operator_id: OperatorId, session_id: int) -> bool:
    """False when it was over. Index: operator_session_pkey."""
    return bool(
        await tx.execute(
            "DELETE FROM operator_session WHERE id = %(session_id)s AND operator_id = %(operator_id)s",
            session_id=session_id,
            operator_id=operator_id,
        )
    )


async def sweep_sessions(tx: Tx) -> None:
    await tx.execute("DELETE FROM operator_session WHERE ends_at <= %(now)s", now=tx.now)


_LISTED = f"""
SELECT {_OPERATOR_OF}, a.code AS account,
       (SELECT count(*) FROM operator_session s WHERE s.operator_id = o.id AND s.ends_at > %(now)s) AS sessions,
       (SELECT t.wrong_at + %(locked_s)s * interval '1 second' FROM login_try t
         WHERE t.name_hash = encode(sha256(convert_to(o.username, 'UTF8')), 'hex') AND t.wrong >= %(tries_max)s
           AND t.wrong_at > %(now)s - %(locked_s)s * interval '1 second') AS locked_until
  FROM operator o LEFT JOIN account a ON a.id = o.account_id
 ORDER BY o.username
 LIMIT %(limit)s
"""


async def listed(tx: Tx, *, tries_max: int, locked_s: int, limit: int) -> list[Listed]:
    return await tx.many(Listed, _LISTED, tries_max=tries_max, locked_s=locked_s, limit=limit, now=tx.now)


# History --------------------------------------------------------------------------


async def lock_operation(tx: Tx, *, operator_id: OperatorId, operation_id: str) -> None:
    """Those whose hashes are the same wait for each other too, which does no harm."""
    await tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%(operation)s, 0))",
        operation=f"operator:{operator_id}:{operation_id}",
    )


async def operation_done(tx: Tx, *, operator_id: OperatorId, operation_id: str) -> Done | None:
    """Index: operator_action_operation_key."""
    return await tx.one_or_none(
        Done,
        "SELECT action, subject FROM operator_action"
        " WHERE operator_id = %(operator_id)s AND operation_id = %(operation_id)s",
        operator_id=operator_id,
        operation_id=operation_id,
    )


_ADD_ACTION = """
INSERT INTO operator_action (operator_id, actor, action, account_id, subject, order_id, about_operator_id, reason,
                             before, after, operation_id, created_at)
VALUES (%(operator_id)s, %(actor)s, %(action)s, %(account_id)s, %(subject)s, %(order_id)s, %(about_operator_id)s,
        %(reason)s, %(before)s::jsonb, %(after)s::jsonb, %(operation_id)s, %(now)s)
"""


async def add_action(
    tx: Tx,
    *,
    operator_id: OperatorId | None,
    actor: str,
    action: str,
    account_id: AccountId | None,
    subject: str,
    order_id: OrderId | None,
    about_operator_id: OperatorId | None,
    reason: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    operation_id: str | None,
) -> None:
    await tx.execute(
        _ADD_ACTION,
        operator_id=operator_id,
        actor=actor,
        action=action,
        account_id=account_id,
        subject=subject,
        order_id=order_id,
        about_operator_id=about_operator_id,
        reason=reason,
        before=None if before is None else json.text(before),
        after=None if after is None else json.text(after),
        operation_id=operation_id,
        now=tx.now,
    )
