"""Statements on people, their tokens and what they did."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from crossdock.base import json
from crossdock.base.ids import AccountId, HandoverId, SiteId, StaffId
from crossdock.core.staff.model import Action, ActionFilter, Staff, StaffFilter
from crossdock.db.compose import SQL, Composed
from crossdock.db.tx import Tx, columns

_STAFF = columns(Staff)


class Known(Struct, frozen=True):
    """What a login is checked against."""

    id: StaffId
    password_hash: str
    active: bool


class SignedIn(Staff, frozen=True, kw_only=True):
    token_sealed: bytes


async def by_username(tx: Tx, *, username: str) -> Known | None:
    """Index: staff_username_key."""
    return await tx.one_or_none(
        Known, "SELECT id, password_hash, active FROM staff WHERE username = %(username)s", username=username
    )


async def by_token_hash(tx: Tx, *, token_hash: str) -> Staff | None:
    """Index: staff_token_hash_key."""
    return await tx.one_or_none(
        Staff, f"SELECT {_STAFF} FROM staff WHERE token_hash = %(token_hash)s", token_hash=token_hash
    )


class _Token(Staff, frozen=True, kw_only=True):
    token_hash: str


async def by_token_hashes(tx: Tx, *, token_hashes: Sequence[str]) -> dict[str, Staff]:
    """Index: staff_token_hash_key."""
    rows = await tx.many(
        _Token,
        f"SELECT {_STAFF}, token_hash FROM staff WHERE token_hash = ANY (%(token_hashes)s::text[])",
        token_hashes=list(token_hashes),
    )
    return {row.token_hash: row for row in rows}


async def arrive(tx: Tx, *, staff_id: StaffId, password_hash: str) -> Staff | None:
    """Note a login. None when the password or the access changed since it was looked up."""
    return await tx.one_or_none(
        Staff,
        "UPDATE staff SET last_login = %(now)s"
        f" WHERE id = %(staff_id)s AND password_hash = %(password_hash)s AND active RETURNING {_STAFF}",
        staff_id=staff_id,
        password_hash=password_hash,
        now=tx.now,
    )


_GIVE_TOKEN = f"""
UPDATE staff
   SET token_hash = coalesce(token_hash, %(token_hash)s),
       token_sealed = CASE WHEN token_hash IS NULL THEN %(token_sealed)s ELSE token_sealed END
 WHERE id = %(staff_id)s
RETURNING {_STAFF}, token_sealed
"""


async def give_token(tx: Tx, *, staff_id: StaffId, token_hash: str, token_sealed: bytes) -> SignedIn:
    """A token already given stays."""
    return await tx.one(SignedIn, _GIVE_TOKEN, staff_id=staff_id, token_hash=token_hash, token_sealed=token_sealed)


async def add_session(
    tx: Tx, *, account_id: AccountId, staff_id: StaffId, token_hash: str, ends_at: datetime
) -> None:
    await tx.execute(
        "INSERT INTO staff_session (account_id, staff_id, token_hash, created_at, ends_at)"
        " VALUES (%(account_id)s, %(staff_id)s, %(token_hash)s, %(now)s, %(ends_at)s)",
        account_id=account_id,
        staff_id=staff_id,
        token_hash=token_hash,
        ends_at=ends_at,
        now=tx.now,
    )


async def end_oldest_sessions(tx: Tx, *, staff_id: StaffId, kept: int) -> None:
    """All but the newest. The person's row is locked, so nobody adds one meanwhile.

    Index: staff_session_staff_id_idx.
    """
    await tx.execute(
        "DELETE FROM staff_session WHERE id IN"
        " (SELECT id FROM staff_session WHERE staff_id = %(staff_id)s ORDER BY id DESC OFFSET %(kept)s)",
        staff_id=staff_id,
        kept=kept,
    )


_STAFF_OF = columns(Staff, "s")


async def by_session(tx: Tx, *, token_hash: str) -> Staff | None:
    """Index: staff_session_token_hash_key."""
    return await tx.one_or_none(
        Staff,
        f"SELECT {_STAFF_OF} FROM staff_session o JOIN staff s ON s.id = o.staff_id"
        " WHERE o.token_hash = %(token_hash)s AND o.ends_at > %(now)s AND s.active",
        token_hash=token_hash,
        now=tx.now,
    )


async def end_session(tx: Tx, *, token_hash: str) -> Staff | None:
    """Whose it was; None when there was none that was good. Index: staff_session_token_hash_key."""
    return await tx.one_or_none(
        Staff,
        "DELETE FROM staff_session o USING staff s"
        f" WHERE o.token_hash = %(token_hash)s AND o.ends_at > %(now)s AND s.id = o.staff_id RETURNING {_STAFF_OF}",
        token_hash=token_hash,
        now=tx.now,
    )


async def sweep_sessions(tx: Tx) -> None:
    await tx.execute("DELETE FROM staff_session WHERE ends_at <= %(now)s", now=tx.now)


_ADD_STAFF = f"""
INSERT INTO staff (account_id, site_id, username, password_hash, manager, created_at, updated_at)
SELECT %(account_id)s, %(site_id)s, %(username)s, %(password_hash)s, %(manager)s, %(now)s, %(now)s
 WHERE NOT EXISTS (SELECT FROM operator WHERE username = %(username)s)
ON CONFLICT ON CONSTRAINT staff_username_key DO NOTHING
RETURNING {_STAFF}
"""


async def add_staff(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    username: str,
    password_hash: str,
    manager: bool,
) -> Staff | None:
    """None when the name is taken, also by an operator: managers of warehouses and operators log in at one place."""
    return await tx.one_or_none(
        Staff,
        _ADD_STAFF,
        account_id=account_id,
        site_id=site_id,
        username=username,
        password_hash=password_hash,
        manager=manager,
        now=tx.now,
    )


STAFF_ORDERS = frozenset({"id", "username", "created_at", "updated_at"})


async def subordinates(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    but_not: StaffId,
    wanted: StaffFilter,
    order_by: str,
    start: int,
    limit: int,
) -> tuple[int, list[Staff]]:
    """Index: staff_account_id_site_id_idx."""
    conditions = [SQL("account_id = %(account_id)s AND site_id = %(site_id)s AND id <> %(but_not)s")]
    if wanted.ids is not None:
        conditions.append(SQL("id = ANY(%(ids)s::bigint[])"))
    if wanted.username is not None:
        conditions.append(SQL("username = %(username)s"))
    if wanted.active is not None:
        conditions.append(SQL("active = %(active)s"))
    where = SQL(" AND ").join(conditions)
    params = {
        "account_id": account_id,
        "site_id": site_id,
        "but_not": but_not,
        "ids": list(wanted.ids or ()),
        "username": wanted.username,
        "active": wanted.active,
    }
    total = await tx.value(SQL("SELECT count(*) FROM staff WHERE {}").format(where), **params)
    found = await tx.many(
        Staff,
        SQL("SELECT {} FROM staff WHERE {} {} OFFSET %(start)s LIMIT %(limit)s").format(
            SQL(_STAFF), where, _order(order_by, STAFF_ORDERS, "")
        ),
        **params,
        start=start,
        limit=limit,
    )
    return int(total), found


_ADD_ACTION = """
INSERT INTO staff_action (account_id, site_id, staff_id, action, handover_id, reason, before, after, operation_id,
                          about_staff_id, actor, created_at)
VALUES (%(account_id)s, %(site_id)s, %(staff_id)s, %(action)s, %(handover_id)s, %(reason)s, %(before)s::jsonb,
        %(after)s::jsonb, %(operation_id)s, %(about_staff_id)s, %(actor)s, %(now)s)
RETURNING (SELECT username FROM staff WHERE id = staff_action.staff_id)
"""


async def add_action(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    staff_id: StaffId | None,
    action: str,
    handover_id: HandoverId | None,
    reason: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    operation_id: str | None,
    about_staff_id: StaffId | None,
    actor: str,
) -> str:
    """The user name of who did it; empty for the system."""
    username = await tx.value(
        _ADD_ACTION,
        account_id=account_id,
        site_id=site_id,
        staff_id=staff_id,
        action=action,
        handover_id=handover_id,
        reason=reason,
        before=None if before is None else json.text(before),
        after=None if after is None else json.text(after),
        operation_id=operation_id,
        about_staff_id=about_staff_id,
        actor=actor,
        now=tx.now,
    )
    return username or ""


ACTION_ORDERS = frozenset({"id", "created_at"})

_ACTIONS_FROM = """
  FROM staff_action a
  LEFT JOIN staff s ON s.id = a.staff_id
  LEFT JOIN staff b ON b.id = a.about_staff_id
  LEFT JOIN handover h ON h.account_id = a.account_id AND h.id = a.handover_id
 WHERE {}
"""
_ACTION_COLUMNS = """
SELECT a.id, a.site_id, a.staff_id, s.username, a.action, a.handover_id, h.key, h.order_id, h.order_number,
       a.reason, a.created_at, a.before, a.after, a.operation_id, a.about_staff_id,
       b.username AS about_username, a.actor
"""


async def lock_operation(tx: Tx, *, account_id: AccountId, site_id: SiteId, operation_id: str) -> None:
    """Those whose hashes are the same wait for each other too, which does no harm."""
    await tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%(operation)s, 0))",
        operation=f"operation:{account_id}:{site_id}:{operation_id}",
    )


async def action_of(tx: Tx, *, account_id: AccountId, site_id: SiteId, operation_id: str) -> Action | None:
    """Index: staff_action_operation_key."""
    return await tx.one_or_none(
        Action,
        SQL("{} {}").format(
            SQL(_ACTION_COLUMNS),
            SQL(_ACTIONS_FROM).format(
                SQL("a.account_id = %(account_id)s AND a.site_id = %(site_id)s AND a.operation_id = %(operation_id)s")
            ),
        ),
        account_id=account_id,
        site_id=site_id,
        operation_id=operation_id,
    )


async def actions(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    wanted: ActionFilter,
    order_by: str,
    start: int,
    limit: int,
) -> tuple[int, list[Action]]:
    """Index: staff_action_site_idx."""
    conditions = [SQL("a.account_id = %(account_id)s AND a.site_id = %(site_id)s")]
    params: dict[str, Any] = {"account_id": account_id, "site_id": site_id}
    for name, values, condition in (
        ("ids", wanted.ids, "a.id = ANY(%(ids)s::bigint[])"),
        ("actions", wanted.actions, "a.action = ANY(%(actions)s::text[])"),
        ("staff_ids", wanted.staff_ids, "a.staff_id = ANY(%(staff_ids)s::bigint[])"),
        ("handover_ids", wanted.handover_ids, "a.handover_id = ANY(%(handover_ids)s::bigint[])"),
        ("order_ids", wanted.order_ids, "h.order_id = ANY(%(order_ids)s::bigint[])"),
        ("keys", wanted.keys, "h.key = ANY(%(keys)s::text[])"),
    ):
        if values is not None:
            conditions.append(SQL(condition))
            params[name] = list(values)
    for name, moment, condition in (
        ("since", wanted.since, "a.created_at >= %(since)s"),
        ("until", wanted.until, "a.created_at <= %(until)s"),
    ):
        if moment is not None:
            conditions.append(SQL(condition))
            params[name] = moment
    found_in = SQL(_ACTIONS_FROM).format(SQL(" AND ").join(conditions))
    total = await tx.value(SQL("SELECT count(*) {}").format(found_in), **params)
    found = await tx.many(
        Action,
        SQL("{} {} {} OFFSET %(start)s LIMIT %(limit)s").format(
            SQL(_ACTION_COLUMNS), found_in, _order(order_by, ACTION_ORDERS, "a.")
        ),
        **params,
        start=start,
        limit=limit,
    )
    return int(total), found


def _order(order_by: str, allowed: frozenset[str], table: str) -> Composed:
    """`-name` counts down; rows of one moment follow their id. A name not allowed is a fault of ours."""
    name = order_by.removeprefix("-")
    if name not in allowed:
        raise LookupError(f"no order by {name}")
    way = SQL(" DESC" if order_by.startswith("-") else " ASC")
    if name == "id":
        return SQL("ORDER BY {}id{}").format(SQL(table), way)
    return SQL("ORDER BY {0}{1}{2}, {0}id{2}").format(SQL(table), SQL(name), way)
