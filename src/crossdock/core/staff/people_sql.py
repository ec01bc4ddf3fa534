"""Statements on people and where they work, as the console lists them."""

from typing import Any

from crossdock.base.ids import AccountId, SiteId, StaffId
from crossdock.core.staff.model import LOCKED_S, WRONG_PASSWORDS_MAX, Member, OpenSession, Staff, Workplace
from crossdock.db.compose import SQL
from crossdock.db.tx import Tx, columns

_MEMBERS = f"""
SELECT {columns(Staff, "s")}, a.code AS account, p.code AS shop, p.kind, p.name AS place,
       s.token_hash IS NOT NULL AS token,
       (SELECT count(*) FROM staff_session o WHERE o.staff_id = s.id AND o.ends_at > %(now)s) AS sessions,
       t.wrong_at + %(locked_s)s * interval '1 second' AS locked_until
  FROM (SELECT * FROM staff WHERE {{where}} ORDER BY id LIMIT %(limit)s) s
  JOIN account a ON a.id = s.account_id
  JOIN site p ON p.account_id = s.account_id AND p.id = s.site_id
  LEFT JOIN login_try t ON t.name_hash = encode(sha256(convert_to(s.username, 'UTF8')), 'hex')
        AND t.wrong >= %(tries_max)s AND t.wrong_at > %(now)s - %(locked_s)s * interval '1 second'
 ORDER BY s.id
"""
_CONDITIONS = {
    "account_id": "account_id = %(account_id)s",
    "site_id": "site_id = %(site_id)s",
    "staff_id": "id = %(staff_id)s",
    "text": "strpos(lower(username), lower(%(text)s)) > 0",
}


async def members(
    tx: Tx,
    *,
    account_id: AccountId | None,
    site_id: SiteId | None,
    staff_id: StaffId | None = None,
    text: str = "",
    after: int = 0,
    limit: int,
) -> list[Member]:
    """Indexes: staff_pkey, staff_account_id_site_id_idx, login_try_pkey."""
    given: dict[str, Any] = {
        "account_id": account_id,
        "site_id": site_id,
        "staff_id": staff_id,
        "text": text or None,
    }
    asked = {name: value for name, value in given.items() if value is not None}
    conditions = [SQL("id > %(after)s"), *(SQL(_CONDITIONS[name]) for name in asked)]
    return await tx.many(
        Member,
        SQL(_MEMBERS).format(where=SQL(" AND ").join(conditions)),
        **asked,
        after=after,
        limit=limit,
        tries_max=WRONG_PASSWORDS_MAX,
        locked_s=LOCKED_S,
        now=tx.now,
    )


async def workplaces(tx: Tx, *, account_id: AccountId | None, site_id: SiteId | None, limit: int) -> list[Workplace]:
    return await tx.many(
        Workplace,
        """
SELECT p.id, p.account_id, a.code AS account, p.kind, p.code, p.name
  FROM site p JOIN account a ON a.id = p.account_id
 WHERE p.kind IN ('shop', 'warehouse') AND p.active
   AND (%(account_id)s::bigint IS NULL OR p.account_id = %(account_id)s)
   AND (%(site_id)s::bigint IS NULL OR p.id = %(site_id)s)
 ORDER BY a.code, p.code
 LIMIT %(limit)s
""",
        account_id=account_id,
        site_id=site_id,
        limit=limit,
    )


async def sessions(tx: Tx, *, staff_id: StaffId, token_hash: str) -> list[OpenSession]:
    """Newest first. Index: staff_session_staff_id_idx."""
    return await tx.many(
        OpenSession,
        "SELECT id, created_at, ends_at, token_hash = %(token_hash)s AS this FROM staff_session"
        " WHERE staff_id = %(staff_id)s AND ends_at > %(now)s ORDER BY id DESC",
        staff_id=staff_id,
        token_hash=token_hash,
        now=tx.now,
    )


async def end_session(tx: Tx, *, staff_id: StaffId, session_id: int) -> bool:
    """False when it was over. Index: staff_session_pkey."""
    return bool(
        await tx.execute(
            "DELETE FROM staff_session WHERE id = %(session_id)s AND staff_id = %(staff_id)s",
            session_id=session_id,
            staff_id=staff_id,
        )
    )
