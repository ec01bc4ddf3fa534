"""Statements on what people did. Each source is read by time, from where the list goes on."""

from typing import Any

from crossdock.core.history.model import SOURCES, Key, Source, Told, Wanted
from crossdock.db.compose import SQL, Composed
from crossdock.db.tx import Tx

_NEWEST = "ORDER BY created_at DESC, id DESC LIMIT %(limit)s"

_OF_PLACES = """
SELECT 'place' AS source, h.id, h.created_at AS at, h.account_id, a.code AS account, p.code AS place,
       coalesce(s.username, h.actor) AS who, h.action, b.username AS about,
       coalesce(d.order_number, h.after ->> 'subject', '') AS subject, d.order_id, h.before, h.after, h.reason
  FROM ({found}) h
  JOIN account a ON a.id = h.account_id
  JOIN site p ON p.account_id = h.account_id AND p.id = h.site_id
  LEFT JOIN staff s ON s.id = h.staff_id
  LEFT JOIN staff b ON b.id = h.about_staff_id
  LEFT JOIN handover d ON d.account_id = h.account_id AND d.id = h.handover_id
 ORDER BY h.created_at DESC, h.id DESC
"""
_OF_EACH_PLACE = f"""
SELECT x.* FROM site
 CROSS JOIN LATERAL (
       SELECT * FROM staff_action
        WHERE staff_action.account_id = site.account_id AND staff_action.site_id = site.id AND {{where}} {_NEWEST}) x
 WHERE {{reach}} {_NEWEST.replace("created_at", "x.created_at").replace(" id ", " x.id ")}
"""
_OF_PERSON = f"""
SELECT * FROM (
    (SELECT * FROM staff_action
      WHERE staff_id = (SELECT id FROM staff WHERE username = %(person)s) AND {{where}} AND {{reach}} {_NEWEST})
    UNION
    (SELECT * FROM staff_action
      WHERE about_staff_id = (SELECT id FROM staff WHERE username = %(person)s) AND {{where}} AND {{reach}} {_NEWEST})
    UNION
    (SELECT * FROM staff_action
      WHERE actor <> '' AND actor = 'operator ' || %(person)s AND {{where}} AND {{reach}} {_NEWEST})) x {_NEWEST}
"""


async def of_places(tx: Tx, wanted: Wanted, *, after: Key | None, limit: int) -> list[Told]:
    """Indexes: staff_action_time_idx, one probe for each place; of one person staff_action_by_idx,
    staff_action_about_idx, staff_action_actor_idx."""
    given = _given(wanted, after, limit)
    where = _where(wanted, after, "place")
    if wanted.person is not None:
        reach = _reach(wanted, "account_id", "site_id")
        found = SQL(_OF_PERSON).format(where=where, reach=reach)
    else:
        found = SQL(_OF_EACH_PLACE).format(where=where, reach=_reach(wanted, "site.account_id", "site.id"))
    return await tx.many(Told, SQL(_OF_PLACES).format(found=found), **given)


_OF_CONSOLE = f"""
SELECT 'console' AS source, h.id, h.created_at AS at, h.account_id, a.code AS account, NULL AS place,
       coalesce(o.username, h.actor) AS who, h.action, b.username AS about, h.subject, h.order_id, h.before,
       h.after, h.reason
  FROM (SELECT * FROM operator_action WHERE {{where}} {_NEWEST}) h
  LEFT JOIN account a ON a.id = h.account_id
  LEFT JOIN operator o ON o.id = h.operator_id
  LEFT JOIN operator b ON b.id = h.about_operator_id
 ORDER BY h.created_at DESC, h.id DESC
"""


async def of_console(tx: Tx, wanted: Wanted, *, after: Key | None, limit: int) -> list[Told]:
    """What operators did, and support. Indexes: operator_action_time_idx, operator_action_by_idx."""
    where = SQL("{} AND {}").format(_where(wanted, after, "console"), _reach(wanted, "account_id", None))
    if wanted.person is not None:
        where += SQL(" AND operator_id = (SELECT id FROM operator WHERE username = %(person)s)")
    return await tx.many(Told, SQL(_OF_CONSOLE).format(where=where), **_given(wanted, after, limit))


_IMPORTS = f"""
SELECT 'import' AS source, h.id, h.created_at AS at, h.account_id, a.code AS account, p.code AS place,
       h.actor AS who, 'import' AS action, NULL AS about, h.file_name AS subject, NULL::bigint AS order_id,
       NULL::jsonb AS before,
       jsonb_build_object('run', h.id, 'kind', h.kind, 'rows', h.rows, 'state', h.state) AS after,
       '' AS reason
  FROM (SELECT * FROM bulk_run WHERE {{where}} {_NEWEST}) h
  JOIN account a ON a.id = h.account_id
  LEFT JOIN site p ON p.account_id = h.account_id AND p.id = h.site_id
 ORDER BY h.created_at DESC, h.id DESC
"""


async def imports(tx: Tx, wanted: Wanted, *, after: Key | None, limit: int) -> list[Told]:
    """Files that were taken in; there are few."""
    where = SQL("{} AND {}").format(_where(wanted, after, "import"), _reach(wanted, "account_id", None))
    if wanted.person is not None:
        where += SQL(" AND actor IN (%(person)s, 'operator ' || %(person)s)")
    return await tx.many(Told, SQL(_IMPORTS).format(where=where), **_given(wanted, after, limit))


def _given(wanted: Wanted, after: Key | None, limit: int) -> dict[str, Any]:
    return {
        "account_id": wanted.account_id,
        "site_id": wanted.site_id,
        "person": wanted.person,
        "actions": None if wanted.actions is None else sorted(wanted.actions),
        "since": wanted.since,
        "until": wanted.until,
        "at": None if after is None else after.at,
        "id": None if after is None else after.id,
        "limit": limit,
    }


def _where(wanted: Wanted, after: Key | None, source: Source) -> Composed:
    """What is asked for of one source, behind `after`: of its very moment, sources that come later are whole."""
    conditions = [SQL("true")]
    if wanted.since is not None:
        conditions.append(SQL("created_at >= %(since)s"))
    if wanted.until is not None:
        conditions.append(SQL("created_at < %(until)s"))
    if wanted.actions is not None and source != "import":
        conditions.append(SQL("action = ANY (%(actions)s::text[])"))
    if after is not None:
        rank = SOURCES.index(source)
        if rank < after.rank:
            conditions.append(SQL("created_at < %(at)s"))
        elif rank > after.rank:
            conditions.append(SQL("created_at <= %(at)s"))
        else:
            conditions.append(SQL("(created_at, id) < (%(at)s, %(id)s)"))
    return SQL(" AND ").join(conditions)


def _reach(wanted: Wanted, account: str, site: str | None) -> Composed:
    conditions = [SQL("true")]
    if wanted.account_id is not None:
        conditions.append(SQL(f"{account} = %(account_id)s"))
    if wanted.site_id is not None and site is not None:
        conditions.append(SQL(f"{site} = %(site_id)s"))
    return SQL(" AND ").join(conditions)
