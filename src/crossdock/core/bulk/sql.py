"""Statements on imports and their rows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from crossdock.base import json
from crossdock.base.ids import AccountId, ProductId, SiteId
from crossdock.core.bulk.model import KindName, Mode, Row, Run, State
from crossdock.db.tx import Tx, columns

_RUN = columns(Run)
_ROW = columns(Row)


class NewRow(Struct, frozen=True, kw_only=True):
    row_no: int
    unit: int
    given: dict[str, str]
    hidden: str | None
    wrong: str | None
    """What is wrong with it as it stands."""


async def insert_run(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId | None,
    kind: KindName,
    mode: Mode,
    file_name: str,
    headings: Sequence[str],
    rows: int,
    actor: str,
    operation_id: str | None,
) -> Run | None:
    """None when this operation made one already. Index: bulk_run_operation_key."""
    return await tx.one_or_none(
        Run,
        f"""
INSERT INTO bulk_run (account_id, site_id, kind, mode, file_name, headings, rows, actor, operation_id, created_at)
VALUES (%(account_id)s, %(site_id)s, %(kind)s, %(mode)s, %(file_name)s, %(headings)s, %(rows)s, %(actor)s,
        %(operation_id)s, %(now)s)
ON CONFLICT (account_id, operation_id) WHERE operation_id IS NOT NULL DO NOTHING
RETURNING {_RUN}
""",
        account_id=account_id,
        site_id=site_id,
        kind=kind,
        mode=mode,
        file_name=file_name,
        headings=list(headings),
        rows=rows,
        actor=actor,
        operation_id=operation_id,
        now=tx.now,
    )


async def insert_rows(tx: Tx, *, account_id: AccountId, run_id: int, rows: Sequence[NewRow]) -> None:
    await tx.execute(
        """
WITH kept AS (
INSERT INTO bulk_row (account_id, run_id, row_no, unit, given, hidden, wrong, unusable)
SELECT %(account_id)s, %(run_id)s, row_no, unit, given, hidden, wrong, wrong IS NOT NULL
  FROM unnest(%(row_nos)s::int[], %(units)s::int[], %(given)s::jsonb[], %(hidden)s::text[], %(wrong)s::text[])
    AS said (row_no, unit, given, hidden, wrong)
RETURNING unusable
)
UPDATE bulk_run SET looked_at = looked_at + (SELECT count(*) FROM kept WHERE unusable),
                    wrong = wrong + (SELECT count(*) FROM kept WHERE unusable)
 WHERE account_id = %(account_id)s AND id = %(run_id)s
""",
        account_id=account_id,
        run_id=run_id,
        row_nos=[row.row_no for row in rows],
        units=[row.unit for row in rows],
        given=[json.encode(row.given).decode() for row in rows],
        hidden=[row.hidden for row in rows],
        wrong=[row.wrong for row in rows],
    )


async def run(tx: Tx, *, account_id: AccountId, run_id: int, lock: bool = False) -> Run | None:
    return await tx.one_or_none(
        Run,
        f"SELECT {_RUN} FROM bulk_run WHERE account_id = %(account_id)s AND id = %(id)s"
        + (" FOR NO KEY UPDATE" if lock else ""),
        account_id=account_id,
        id=run_id,
    )


async def run_of_operation(tx: Tx, *, account_id: AccountId, operation_id: str) -> Run:
    return await tx.one(
        Run,
        f"SELECT {_RUN} FROM bulk_run WHERE account_id = %(account_id)s AND operation_id = %(operation_id)s",
        account_id=account_id,
        operation_id=operation_id,
    )


async def runs(tx: Tx, *, account_ids: Sequence[AccountId], before: int, limit: int) -> list[Run]:
    """Newest first. Index: bulk_run_account_id_id_key."""
    return await tx.many(
        Run,
        f"SELECT {_RUN} FROM bulk_run WHERE account_id = ANY(%(account_ids)s::bigint[]) AND id < %(before)s"
        " ORDER BY id DESC LIMIT %(limit)s",
        account_ids=list(account_ids),
        before=before,
        limit=limit,
    )


async def account_of(tx: Tx, *, run_id: int) -> AccountId | None:
    found: AccountId | None = await tx.value("SELECT account_id FROM bulk_run WHERE id = %(id)s", id=run_id)
    return found


async def set_state(
    tx: Tx, *, account_id: AccountId, run_id: int, states: Sequence[State], state: State
) -> Run | None:
    """None when it is in none of `states`."""
    return await tx.one_or_none(
        Run,
        f"""
UPDATE bulk_run
   SET state = %(state)s,
       started_at = CASE WHEN %(state)s = 'running' THEN %(now)s ELSE started_at END,
       finished_at = CASE WHEN %(state)s IN ('done', 'refused') THEN %(now)s ELSE finished_at END,
       undone_at = CASE WHEN %(state)s = 'undone' THEN %(now)s ELSE undone_at END,
       worked = CASE WHEN %(state)s = 'running' THEN 0 ELSE worked END,
       failed = CASE WHEN %(state)s = 'running' THEN 0 ELSE failed END
 WHERE account_id = %(account_id)s AND id = %(id)s AND state = ANY(%(states)s::text[])
RETURNING {_RUN}
""",
        account_id=account_id,
        id=run_id,
        states=list(states),
        state=state,
        now=tx.now,
    )


async def again(tx: Tx, *, account_id: AccountId, run_id: int) -> None:
    """All rows of a refused import wait once more."""
    await tx.execute(
        "UPDATE bulk_row SET status = 'waiting', reason = NULL"
        " WHERE account_id = %(account_id)s AND run_id = %(run_id)s AND status = 'failed'",
        account_id=account_id,
        run_id=run_id,
    )


UNCHECKED: Final = "would IS NULL AND wrong IS NULL"
WAITING: Final = "status = 'waiting'"
UNDOABLE: Final = "status = 'done' AND reason IS NULL AND deed IN ('created', 'changed')"


class Kept(Row, frozen=True, kw_only=True):
    hidden: str | None


async def units(
    tx: Tx, *, account_id: AccountId, run_id: int, which: str, limit: int | None, backwards: bool = False
) -> list[Kept]:
    """The rows of the next units with a row as `which` says. Index: bulk_row_unit_idx."""
    down = "DESC" if backwards else "ASC"
    return await tx.many(
        Kept,
        f"""
SELECT {columns(Row, of="r")}, r.hidden
  FROM (SELECT DISTINCT unit FROM bulk_row
         WHERE account_id = %(account_id)s AND run_id = %(run_id)s AND {which}
         ORDER BY unit {down} LIMIT %(limit)s) chosen
  JOIN bulk_row r ON r.account_id = %(account_id)s AND r.run_id = %(run_id)s AND r.unit = chosen.unit
 ORDER BY r.unit {down}, r.row_no
""",
        account_id=account_id,
        run_id=run_id,
        limit=limit,
    )


class Noted(Struct, frozen=True, kw_only=True):
    """What became of a unit."""

    unit: int
    deed: str | None = None
    target: int | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    reason: str | None = None


async def note_checked(tx: Tx, *, account_id: AccountId, run_id: int, noted: Sequence[Noted]) -> None:
    await tx.execute(
        """
WITH touched AS (
    UPDATE bulk_row r SET would = said.deed, wrong = coalesce(r.wrong, said.reason)
      FROM unnest(%(units)s::int[], %(deeds)s::text[], %(reasons)s::text[]) AS said (unit, deed, reason)
     WHERE r.account_id = %(account_id)s AND r.run_id = %(run_id)s AND r.unit = said.unit
       AND r.would IS NULL AND r.wrong IS NULL
    RETURNING r.wrong
)
UPDATE bulk_run
   SET looked_at = looked_at + (SELECT count(*) FROM touched),
       wrong = wrong + (SELECT count(*) FROM touched WHERE touched.wrong IS NOT NULL)
 WHERE account_id = %(account_id)s AND id = %(run_id)s
""",
        account_id=account_id,
        run_id=run_id,
        **_columns(noted),
    )


async def note_worked(tx: Tx, *, account_id: AccountId, run_id: int, noted: Sequence[Noted]) -> None:
    await tx.execute(
        """
WITH touched AS (
    UPDATE bulk_row r
       SET status = CASE WHEN said.reason IS NULL THEN 'done' ELSE 'failed' END, deed = said.deed,
           reason = CASE WHEN r.unusable THEN r.wrong ELSE said.reason END, target = said.target,
           before = said.before, after = said.after, hidden = NULL
      FROM unnest(%(units)s::int[], %(deeds)s::text[], %(reasons)s::text[], %(targets)s::bigint[],
                  %(befores)s::jsonb[], %(afters)s::jsonb[]) AS said (unit, deed, reason, target, before, after)
     WHERE r.account_id = %(account_id)s AND r.run_id = %(run_id)s AND r.unit = said.unit
    RETURNING r.status
)
UPDATE bulk_run
   SET worked = worked + (SELECT count(*) FROM touched),
       failed = failed + (SELECT count(*) FROM touched WHERE touched.status = 'failed')
 WHERE account_id = %(account_id)s AND id = %(run_id)s
""",
        account_id=account_id,
        run_id=run_id,
        targets=[one.target for one in noted],
        befores=[None if one.before is None else json.encode(one.before).decode() for one in noted],
        afters=[None if one.after is None else json.encode(one.after).decode() for one in noted],
        **_columns(noted),
    )


async def note_undone(tx: Tx, *, account_id: AccountId, run_id: int, noted: Sequence[Noted]) -> None:
    """A row that could not be undone stays done, and says why."""
    await tx.execute(
        """
WITH touched AS (
    UPDATE bulk_row r
       SET status = CASE WHEN said.reason IS NULL THEN 'undone' ELSE 'done' END, reason = said.reason
      FROM unnest(%(units)s::int[], %(deeds)s::text[], %(reasons)s::text[]) AS said (unit, deed, reason)
     WHERE r.account_id = %(account_id)s AND r.run_id = %(run_id)s AND r.unit = said.unit
    RETURNING r.status
)
UPDATE bulk_run
   SET undone = undone + (SELECT count(*) FROM touched WHERE touched.status = 'undone'),
       kept = kept + (SELECT count(*) FROM touched WHERE touched.status = 'done')
 WHERE account_id = %(account_id)s AND id = %(run_id)s
""",
        account_id=account_id,
        run_id=run_id,
        **_columns(noted),
    )


async def rows_after(
    tx: Tx, *, account_id: AccountId, run_id: int, after: int, limit: int, only_bad: bool = False
) -> list[Row]:
    """In the order of the file. Key: bulk_row_pkey."""
    return await tx.many(
        Row,
        f"SELECT {_ROW} FROM bulk_row WHERE account_id = %(account_id)s AND run_id = %(run_id)s"
        " AND row_no > %(after)s"
        + (" AND (wrong IS NOT NULL OR reason IS NOT NULL)" if only_bad else "")
        + " ORDER BY row_no LIMIT %(limit)s",
        account_id=account_id,
        run_id=run_id,
        after=after,
        limit=limit,
    )


async def deeds(tx: Tx, *, account_id: AccountId, run_id: int) -> list[tuple[str, int]]:
    """What the dry run would do, or what was done: deed -> rows."""
    found = await tx.rows(
        "SELECT coalesce(deed, would), count(*) FROM bulk_row"
        " WHERE account_id = %(account_id)s AND run_id = %(run_id)s AND coalesce(deed, would) IS NOT NULL"
        " GROUP BY 1 ORDER BY 1",
        account_id=account_id,
        run_id=run_id,
    )
    return [(str(deed), int(rows)) for deed, rows in found]


async def codes_of(tx: Tx, *, account_id: AccountId, product_id: ProductId) -> set[str]:
    found = await tx.rows(
        "SELECT code FROM product_code WHERE account_id = %(account_id)s AND product_id = %(product_id)s",
        account_id=account_id,
        product_id=product_id,
    )
    return {str(code) for (code,) in found}


EXPORTED_AT_ONCE: Final = 1_000


class ProductRow(Struct, frozen=True, kw_only=True):
    id: int
    sku: str
    name: str
    name_customs: str
    weight_g: int
    length_mm: int
    width_mm: int
    height_mm: int
    price: Any
    lot_tracked: bool
    serial_tracked: bool
    active: bool
    deleted_at: datetime | None
    codes: list[str]

    @property
    def state(self) -> str:
        return "deleted" if self.deleted_at is not None else "active" if self.active else "preparing"


async def products_after(tx: Tx, *, account_id: AccountId, after: int) -> list[ProductRow]:
    return await tx.many(
        ProductRow,
        """
SELECT p.id, p.sku, p.name, p.name_customs, p.weight_g, p.length_mm, p.width_mm, p.height_mm, p.price, p.lot_tracked,
       p.serial_tracked, p.active, p.deleted_at,
       ARRAY(SELECT code FROM product_code c WHERE c.account_id = p.account_id AND c.product_id = p.id ORDER BY code)
         AS codes
  FROM product p WHERE p.account_id = %(account_id)s AND p.id > %(after)s ORDER BY p.id LIMIT %(limit)s
""",
        account_id=account_id,
        after=after,
        limit=EXPORTED_AT_ONCE,
    )


class BucketRow(Struct, frozen=True, kw_only=True):
    id: int
    site: str
    owner: str
    sku: str
    name: str
    lot: str
    condition: str
    quantity: int
    allocated: int


async def buckets_after(tx: Tx, *, account_id: AccountId, site_id: SiteId | None, after: int) -> list[BucketRow]:
    return await tx.many(
        BucketRow,
        """
SELECT s.id, w.code AS site, o.code AS owner, p.sku, p.name, s.lot, s.condition, s.on_hand AS quantity, s.allocated
  FROM stock s
  JOIN site w ON w.account_id = s.account_id AND w.id = s.site_id
  JOIN sub_inventory o ON o.account_id = s.account_id AND o.id = s.sub_inventory_id
  JOIN product p ON p.account_id = s.account_id AND p.id = s.product_id
 WHERE s.account_id = %(account_id)s AND s.id > %(after)s
   AND (%(site_id)s::bigint IS NULL OR s.site_id = %(site_id)s)
 ORDER BY s.id LIMIT %(limit)s
""",
        account_id=account_id,
        site_id=site_id,
        after=after,
        limit=EXPORTED_AT_ONCE,
    )


class LineRow(Struct, frozen=True, kw_only=True):
    id: int
    number: str
    sku: str
    quantity: int
    lot: str
    condition: str
    site: str | None
    owner: str | None
    company: int
    service: str | None
    reference: str | None
    payment: str
    recipient: dict[str, Any]
    state: str
    done: int
    tracking_number: str | None
    created_at: datetime


async def order_lines_after(tx: Tx, *, account_id: AccountId, site_id: SiteId | None, after: int) -> list[LineRow]:
    """Of outbound orders."""
    return await tx.many(
        LineRow,
        """
SELECT l.id, o.number, l.sku, l.quantity, l.lot, l.condition, w.code AS site, i.code AS owner,
       o.company_id AS company, d.name AS service, o.reference, o.payment, o.recipient, o.state, l.done,
       o.tracking_number, o.created_at
  FROM order_line l
  JOIN orders o ON o.account_id = l.account_id AND o.id = l.order_id AND o.kind = 'outbound'
  LEFT JOIN site w ON w.account_id = o.account_id AND w.id = o.site_id
  LEFT JOIN sub_inventory i ON i.account_id = o.account_id AND i.id = o.sub_inventory_id
  LEFT JOIN delivery_service d ON d.id = o.service_id
 WHERE l.account_id = %(account_id)s AND l.id > %(after)s
   AND (%(site_id)s::bigint IS NULL OR o.site_id = %(site_id)s)
 ORDER BY l.id LIMIT %(limit)s
""",
        account_id=account_id,
        site_id=site_id,
        after=after,
        limit=EXPORTED_AT_ONCE,
    )


class PersonRow(Struct, frozen=True, kw_only=True):
    id: int
    username: str
    site: str
    manager: bool
    active: bool
    last_login: datetime | None


async def staff_after(tx: Tx, *, account_id: AccountId, site_id: SiteId | None, after: int) -> list[PersonRow]:
    return await tx.many(
        PersonRow,
        """
SELECT s.id, s.username, w.code AS site, s.manager, s.active, s.last_login
  FROM staff s JOIN site w ON w.account_id = s.account_id AND w.id = s.site_id
 WHERE s.account_id = %(account_id)s AND s.id > %(after)s
   AND (%(site_id)s::bigint IS NULL OR s.site_id = %(site_id)s)
 ORDER BY s.id LIMIT %(limit)s
""",
        account_id=account_id,
        site_id=site_id,
        after=after,
        limit=EXPORTED_AT_ONCE,
    )


def _columns(noted: Sequence[Noted]) -> Mapping[str, Any]:
    return {
        "units": [one.unit for one in noted],
        "deeds": [one.deed for one in noted],
        "reasons": [one.reason for one in noted],
    }
