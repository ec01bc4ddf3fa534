"""Statements that count for the dashboard, each with a bound on what it reads. Nothing is written here."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from crossdock.base.ids import AccountId
from crossdock.core.overview.model import CabinetCounts, PaceRow, ReceiverCounts, Sight, Sort
from crossdock.db.tx import Tx


class Seen(Struct, frozen=True, kw_only=True):
    """What was read of a kind and state, the oldest numbers first; `cut…`: there is more that was not read."""

    kind: str
    state: str
    read: int
    cut: bool
    before: list[int]
    """Of the numbers of days before each of `days`."""
    cut_before: list[bool]


async def oldest(tx: Tx, *, sight: Sight, branches: Sequence[Sort], days: Sequence[int], each: int) -> list[Seen]:
    """Each branch reads `each` orders; `days` are back from today, by the company's calendar.

    Index: orders_listed_idx.
    """
    of_site, fits = ("", "") if sight.site_id is None else (", o.site_id", " WHERE looked.site_id = %(site_id)s")
    edge = "(to_char((%(now)s::timestamptz AT TIME ZONE c.zone)::date - {days}, 'YYMMDD') || '0000000000')::bigint"
    edges = "".join(f", {edge.format(days=int(back))} AS edge{n}" for n, back in enumerate(days))
    counted = ", ".join(f"count(*) FILTER (WHERE looked.id < looked.edge{n})" for n in range(len(days)))
    cut = ", ".join(f"coalesce(bool_or(cut.high < looked.edge{n}), false)" for n in range(len(days)))
    return await tx.many(
        Seen,
        f"""
WITH branch AS (
    SELECT b.*{edges}
      FROM unnest(%(accounts)s::bigint[], %(companies)s::int[], %(dialects)s::text[], %(states)s::text[])
           WITH ORDINALITY AS b (account_id, company_id, dialect, state, position)
      JOIN company c ON c.id = b.company_id
), looked AS MATERIALIZED (
    SELECT b.*, o.*
      FROM branch b
     CROSS JOIN LATERAL (
           SELECT o.id, o.kind{of_site} FROM orders o
            WHERE o.account_id = b.account_id AND o.company_id = b.company_id AND o.dialect = b.dialect
              AND o.state = b.state
            ORDER BY o.id LIMIT %(each)s) o
), cut AS (
    SELECT position, max(id) AS high FROM looked GROUP BY position HAVING count(*) >= %(each)s
)
SELECT looked.kind, looked.state, count(*) AS read, coalesce(bool_or(cut.position IS NOT NULL), false) AS cut,
       ARRAY[{counted}] AS before, ARRAY[{cut}] AS cut_before
  FROM looked LEFT JOIN cut ON cut.position = looked.position{fits}
 GROUP BY looked.kind, looked.state
""",
        accounts=[branch.account_id for branch in branches],
        companies=[branch.company_id for branch in branches],
        dialects=[branch.dialect for branch in branches],
        states=[branch.state for branch in branches],
        site_id=sight.site_id,
        each=each,
        now=tx.now,
    )


async def cabinets(tx: Tx, *, sight: Sight, most: int) -> CabinetCounts:
    """Of `most` cabinets. Index: box_cabinet_id_name_key, alarm_standing_key."""
    of_site = "" if sight.site_id is None else " AND site_id = %(site_id)s"
    return await tx.one(
        CabinetCounts,
        f"""
SELECT count(*) AS cabinets, count(*) FILTER (WHERE c.online) AS online,
       count(*) FILTER (WHERE NOT c.in_service) AS out_of_service,
       coalesce(sum(b.doors_open), 0)::bigint AS doors_open, coalesce(sum(b.alarms), 0)::bigint AS alarms
  FROM (SELECT id, online, in_service FROM cabinet
         WHERE account_id = ANY (%(accounts)s::bigint[]){of_site} ORDER BY id LIMIT %(most)s) c
 CROSS JOIN LATERAL (
       SELECT (SELECT count(*) FROM box WHERE box.cabinet_id = c.id AND box.door = 'open') AS doors_open,
              (SELECT count(*) FROM alarm WHERE alarm.cabinet_id = c.id AND alarm.cleared_at IS NULL) AS alarms) b
""",
        accounts=list(sight.account_ids),
        site_id=sight.site_id,
        most=most,
    )


async def receivers(tx: Tx, *, sight: Sight, most: int, each: int) -> ReceiverCounts:
    """Of `most` receivers, and `each` callbacks of every one. Index: callback_due_idx, callback_parked_idx."""
    counted = "(SELECT count(*) FROM (SELECT 1 FROM callback c WHERE c.receiver_id = r.id AND c.state = '{}' LIMIT"
    return await tx.one(
        ReceiverCounts,
        f"""
SELECT count(*) AS receivers, count(*) FILTER (WHERE r.frozen_at IS NOT NULL) AS frozen,
       coalesce(sum(owed.waiting), 0)::bigint AS waiting, coalesce(sum(owed.parked), 0)::bigint AS parked,
       coalesce(bool_or(greatest(owed.waiting, owed.parked) >= %(each)s), false) AS cut
  FROM (SELECT id, frozen_at FROM receiver WHERE account_id = ANY (%(accounts)s::bigint[]) AND active
         ORDER BY id LIMIT %(most)s) r
 CROSS JOIN LATERAL (SELECT {counted.format("waiting")} %(each)s) few) AS waiting,
                            {counted.format("parked")} %(each)s) few) AS parked) owed
""",
        accounts=list(sight.account_ids),
        most=most,
        each=each,
    )


async def pace(tx: Tx, *, account_ids: Sequence[AccountId], hours: Sequence[datetime]) -> list[PaceRow]:
    """What each account had at the end of these hours, in their order. Index: order_hour_pkey."""
    return await tx.many(
        PaceRow,
        """
SELECT account_id, hour, placed, shipped FROM order_hour
 WHERE account_id = ANY (%(accounts)s::bigint[]) AND hour = ANY (%(hours)s::timestamptz[])
 ORDER BY hour, account_id
""",
        accounts=list(account_ids),
        hours=list(hours),
    )


async def note_pace(tx: Tx, *, hour: datetime, states: Sequence[str]) -> None:
    """What every account has now, from the tally; `states`: of orders that have left."""
    await tx.execute(
        """
INSERT INTO order_hour (account_id, hour, placed, shipped)
SELECT a.id, %(hour)s, coalesce(sum(t.orders), 0)::bigint,
       coalesce(sum(t.orders) FILTER (WHERE t.state = ANY (%(states)s::text[])), 0)::bigint
  FROM account a LEFT JOIN order_tally t ON t.account_id = a.id AND t.kind = 'outbound'
 GROUP BY a.id
ON CONFLICT ON CONSTRAINT order_hour_pkey DO UPDATE SET placed = excluded.placed, shipped = excluded.shipped
 WHERE (order_hour.placed, order_hour.shipped) IS DISTINCT FROM (excluded.placed, excluded.shipped)
""",
        hour=hour,
        states=list(states),
    )


async def forget_pace(tx: Tx, *, before: datetime) -> None:
    await tx.execute("DELETE FROM order_hour WHERE hour < %(before)s", before=before)


async def last_event(tx: Tx) -> int:
    """Of all accounts; 0 where there is none. Index: event_pkey."""
    return int(await tx.value("SELECT coalesce(max(id), 0) FROM event"))
