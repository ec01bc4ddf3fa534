"""Statements that list orders from a key. Nothing is written here."""

from collections.abc import Sequence

from crossdock.base.ids import AccountId, OrderId, SiteId
from crossdock.core.overview.model import Sort
from crossdock.db.tx import Tx


async def sorts(tx: Tx, *, account_ids: Sequence[AccountId], kind: str | None, state: str | None) -> list[Sort]:
    """What there are orders of. Index: order_tally_account_id_company_id_idx."""
    of_kind = "" if kind is None else " AND kind = %(kind)s"
    in_state = "" if state is None else " AND state = %(state)s"
    return await tx.many(
        Sort,
        f"""
SELECT account_id, company_id, kind, dialect, state, sum(orders)::bigint AS orders
  FROM order_tally
 WHERE account_id = ANY (%(accounts)s::bigint[]){of_kind}{in_state}
 GROUP BY account_id, company_id, kind, dialect, state HAVING sum(orders) > 0
 ORDER BY account_id, company_id, kind, dialect, state
""",
        accounts=list(account_ids),
        kind=kind,
        state=state,
    )


_OF_ACCOUNT = "o.account_id = b.account_id"
_OF_STATE = f"{_OF_ACCOUNT} AND o.company_id = b.company_id AND o.dialect = b.dialect AND o.state = b.state"


async def walk(
    tx: Tx,
    *,
    branches: Sequence[Sort],
    by_state: bool,
    kind: str | None,
    state: str | None,
    site_id: SiteId | None,
    since_id: int,
    before: int,
    each: int,
    limit: int,
) -> tuple[int, list[OrderId]]:
    """The newest below `before` and not below `since_id` that fit, and how far down was looked: 0 to the end.

    Each branch reads `each` rows. Index: orders_listed_idx, or orders_account_id_id_key where not `by_state`.
    """
    needed = [name for name, value in (("kind", kind), ("state", state), ("site_id", site_id)) if value is not None]
    if by_state and "state" in needed:
        needed.remove("state")
    read = "".join(f", o.{name}" for name in needed)
    fits = "".join(f" AND looked.{name} = %({name})s" for name in needed)
    [(edge, found)] = await tx.rows(
        f"""
WITH looked AS MATERIALIZED (
    SELECT b.position, o.*
      FROM unnest(%(accounts)s::bigint[], %(companies)s::int[], %(dialects)s::text[], %(states)s::text[])
           WITH ORDINALITY AS b (account_id, company_id, dialect, state, position)
     CROSS JOIN LATERAL (
           SELECT o.id{read} FROM orders o
            WHERE {_OF_STATE if by_state else _OF_ACCOUNT} AND o.id < %(before)s AND o.id >= %(since)s
            ORDER BY o.id DESC LIMIT %(each)s) o
), edge AS (
    SELECT coalesce(max(low), 0) AS id
      FROM (SELECT min(id) AS low FROM looked GROUP BY position HAVING count(*) >= %(each)s) cut
)
SELECT edge.id, ARRAY(SELECT looked.id FROM looked WHERE looked.id >= edge.id{fits}
                       ORDER BY looked.id DESC LIMIT %(limit)s)
  FROM edge
""",
        accounts=[branch.account_id for branch in branches],
        companies=[branch.company_id for branch in branches],
        dialects=[branch.dialect for branch in branches],
        states=[branch.state for branch in branches],
        kind=kind,
        state=state,
        site_id=site_id,
        since=since_id,
        before=before,
        each=each,
        limit=limit,
    )
    return int(edge), [OrderId(one) for one in found]
