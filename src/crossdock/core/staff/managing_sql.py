"""Statements on managing people, and what the platform's operator sees of them, whatever the account."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from crossdock.base.ids import AccountId, SiteId, StaffId
from crossdock.core.staff.model import Deed, Listed, Staff
from crossdock.db.tx import Tx, columns

_STAFF = columns(Staff)


class Person(Staff, frozen=True, kw_only=True):
    token: bool
    """Whether there is a token for programs."""


async def locked(tx: Tx, *, ids: Sequence[StaffId]) -> dict[StaffId, Person]:
    """Those who are there, by id. Their rows stay locked, taken in the order of their ids."""
    found = await tx.many(
        Person,
        f"SELECT {_STAFF}, token_hash IS NOT NULL AS token FROM staff"
        " WHERE id = ANY(%(ids)s::bigint[]) ORDER BY id FOR NO KEY UPDATE",
        ids=list(ids),
    )
    return {person.id: person for person in found}


async def set_active(tx: Tx, *, staff_id: StaffId, active: bool) -> Staff:
    return await _change(tx, "active = %(active)s", staff_id=staff_id, active=active)


async def set_role(tx: Tx, *, staff_id: StaffId, manager: bool) -> Staff:
    return await _change(tx, "manager = %(manager)s", staff_id=staff_id, manager=manager)


async def move(tx: Tx, *, staff_id: StaffId, site_id: SiteId) -> Staff:
    return await _change(tx, "site_id = %(site_id)s", staff_id=staff_id, site_id=site_id)


async def set_password(tx: Tx, *, staff_id: StaffId, password_hash: str) -> Staff:
    return await _change(tx, "password_hash = %(password_hash)s", staff_id=staff_id, password_hash=password_hash)


async def _change(tx: Tx, setting: str, **params: Any) -> Staff:
    return await tx.one(
        Staff,
        f"UPDATE staff SET {setting}, updated_at = %(now)s WHERE id = %(staff_id)s RETURNING {_STAFF}",
        **params,
        now=tx.now,
    )


async def replace_password(tx: Tx, *, staff_id: StaffId, old_hash: str, new_hash: str) -> Staff | None:
    """None when the password or the access changed since the old one was checked."""
    return await tx.one_or_none(
        Staff,
        "UPDATE staff SET password_hash = %(new_hash)s, updated_at = %(now)s"
        f" WHERE id = %(staff_id)s AND password_hash = %(old_hash)s AND active RETURNING {_STAFF}",
        staff_id=staff_id,
        old_hash=old_hash,
        new_hash=new_hash,
        now=tx.now,
    )


async def withdraw_token(tx: Tx, *, staff_id: StaffId) -> None:
    await tx.execute(
        "UPDATE staff SET token_hash = NULL, token_sealed = NULL WHERE id = %(staff_id)s", staff_id=staff_id
    )


async def count_sessions(tx: Tx, *, staff_id: StaffId) -> int:
    """Open ones. Index: staff_session_staff_id_idx."""
    found = await tx.value(
        "SELECT count(*) FROM staff_session WHERE staff_id = %(staff_id)s AND ends_at > %(now)s",
        staff_id=staff_id,
        now=tx.now,
    )
    return int(found)


async def end_sessions(tx: Tx, *, staff_id: StaffId, but_not: str = "") -> None:
    """All but the one whose token has this hash. Index: staff_session_staff_id_idx."""
    await tx.execute(
        "DELETE FROM staff_session WHERE staff_id = %(staff_id)s AND token_hash <> %(but_not)s",
        staff_id=staff_id,
        but_not=but_not,
    )


# What the operator sees -----------------------------------------------------------


async def by_username(tx: Tx, *, username: str) -> Staff | None:
    """Index: staff_username_key."""
    return await tx.one_or_none(Staff, f"SELECT {_STAFF} FROM staff WHERE username = %(username)s", username=username)


_LISTED = f"""
SELECT {columns(Staff, "s")}, a.code AS account, p.code AS shop, s.token_hash IS NOT NULL AS token,
       (SELECT count(*) FROM staff_session o WHERE o.staff_id = s.id AND o.ends_at > %(now)s) AS sessions,
       t.wrong_at + %(locked_s)s * interval '1 second' AS locked_until
  FROM staff s
  JOIN account a ON a.id = s.account_id
  JOIN site p ON p.account_id = s.account_id AND p.id = s.site_id
  LEFT JOIN login_try t ON t.name_hash = encode(sha256(convert_to(s.username, 'UTF8')), 'hex')
        AND t.wrong >= %(tries_max)s AND t.wrong_at > %(now)s - %(locked_s)s * interval '1 second'
 WHERE (%(account_id)s::bigint IS NULL OR s.account_id = %(account_id)s)
   AND (%(site_id)s::bigint IS NULL OR s.site_id = %(site_id)s)
 ORDER BY a.code, p.code, s.username
 LIMIT %(limit)s
"""


async def listed(
    tx: Tx, *, account_id: AccountId | None, site_id: SiteId | None, tries_max: int, locked_s: int, limit: int
) -> list[Listed]:
    return await tx.many(
        Listed,
        _LISTED,
        account_id=account_id,
        site_id=site_id,
        tries_max=tries_max,
        locked_s=locked_s,
        limit=limit,
        now=tx.now,
    )


_HISTORY = """
SELECT h.id, h.created_at, a.code AS account, p.code AS shop, coalesce(s.username, h.actor) AS who, h.action,
       b.username AS about, d.order_number, h.before, h.after, h.reason
  FROM staff_action h
  JOIN account a ON a.id = h.account_id
  JOIN site p ON p.account_id = h.account_id AND p.id = h.site_id
  LEFT JOIN staff s ON s.id = h.staff_id
  LEFT JOIN staff b ON b.id = h.about_staff_id
  LEFT JOIN handover d ON d.account_id = h.account_id AND d.id = h.handover_id
 WHERE h.account_id = %(account_id)s
   AND (%(site_id)s::bigint IS NULL OR h.site_id = %(site_id)s)
   AND (%(staff_id)s::bigint IS NULL OR %(staff_id)s IN (h.staff_id, h.about_staff_id))
 ORDER BY h.id DESC
 LIMIT %(limit)s
"""


async def history(
    tx: Tx, *, account_id: AccountId, site_id: SiteId | None, staff_id: StaffId | None, limit: int
) -> list[Deed]:
    return await tx.many(Deed, _HISTORY, account_id=account_id, site_id=site_id, staff_id=staff_id, limit=limit)


class ShopOf(Struct, frozen=True, kw_only=True):
    account: str
    account_id: AccountId
    site_id: SiteId


async def shops_of_code(tx: Tx, *, code: str, account: str | None) -> list[ShopOf]:
    """Shops of all accounts, or of one."""
    return await tx.many(
        ShopOf,
        "SELECT a.code AS account, a.id AS account_id, p.id AS site_id"
        "  FROM site p JOIN account a ON a.id = p.account_id"
        " WHERE p.kind = 'shop' AND p.code = %(code)s AND (%(account)s::text IS NULL OR a.code = %(account)s)"
        " ORDER BY a.code",
        code=code,
        account=account,
    )
