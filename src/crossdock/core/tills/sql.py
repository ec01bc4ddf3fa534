"""Statements on receipts and takings."""

from typing import Any

from msgspec import structs

from crossdock.base.ids import AccountId, EnterpriseId, ReceiptId
from crossdock.core.tills.model import SHOWN_MAX, NewReceipt, Receipt, ReceiptFilter, Takings
from crossdock.db.compose import SQL, Composed
from crossdock.db.tx import Tx


async def insert(tx: Tx, receipt: NewReceipt) -> ReceiptId | None:
    """None when the enterprise has the number. Index: receipt_number_key."""
    receipt_id = await tx.value(
        """
INSERT INTO receipt (account_id, enterprise_id, department_id, number, station, sold_at, details, dialect, actor,
                     reported_at)
VALUES (%(account_id)s, %(enterprise_id)s, %(department_id)s, %(number)s, %(station)s, %(sold_at)s,
        %(details)s::text::jsonb, %(dialect)s, %(actor)s, %(now)s)
ON CONFLICT (enterprise_id, number) WHERE deleted_at IS NULL DO NOTHING
RETURNING id
""",
        **structs.asdict(receipt),
        now=tx.now,
    )
    return None if receipt_id is None else ReceiptId(receipt_id)


async def delete(
    tx: Tx, *, account_id: AccountId, enterprise_id: EnterpriseId, department_id: int, number: str, actor: str
) -> bool:
    """Index: receipt_number_key."""
    return bool(
        await tx.execute(
            "UPDATE receipt SET deleted_at = %(now)s, deleted_by = %(actor)s"
            " WHERE account_id = %(account_id)s AND enterprise_id = %(enterprise_id)s AND number = %(number)s"
            "   AND department_id = %(department_id)s AND deleted_at IS NULL",
            account_id=account_id,
            enterprise_id=enterprise_id,
            department_id=department_id,
            number=number,
            actor=actor,
            now=tx.now,
        )
    )


async def count(tx: Tx, *, account_id: AccountId, enterprise_id: EnterpriseId, wanted: ReceiptFilter) -> int:
    """At most SHOWN_MAX."""
    found_in, params = _found_in(account_id, enterprise_id, wanted)
    return int(
        await tx.value(
            SQL("SELECT count(*) FROM (SELECT 1 {} LIMIT %(most)s) AS found").format(found_in),
            **params,
            most=SHOWN_MAX,
        )
    )


async def receipts(
    tx: Tx, *, account_id: AccountId, enterprise_id: EnterpriseId, wanted: ReceiptFilter, start: int, limit: int
) -> list[Receipt]:
    """Index: receipt_number_key, receipt_station_idx or receipt_enterprise_idx."""
    found_in, params = _found_in(account_id, enterprise_id, wanted)
    return await tx.many(
        Receipt,
        SQL(
            "SELECT id, account_id, enterprise_id, department_id, number, station, sold_at, details::text AS details"
            " {} ORDER BY sold_at DESC, id DESC OFFSET %(start)s LIMIT %(limit)s"
        ).format(found_in),
        **params,
        start=start,
        limit=limit,
    )


def _found_in(
    account_id: AccountId, enterprise_id: EnterpriseId, wanted: ReceiptFilter
) -> tuple[Composed, dict[str, Any]]:
    conditions = [SQL("account_id = %(account_id)s AND enterprise_id = %(enterprise_id)s AND deleted_at IS NULL")]
    given = {name: value for name, value in structs.asdict(wanted).items() if value is not None}
    conditions += [SQL(_CONDITIONS[name]) for name in given]
    params = {"account_id": account_id, "enterprise_id": enterprise_id, **given}
    return SQL("FROM receipt WHERE {}").format(SQL(" AND ").join(conditions)), params


_CONDITIONS = {
    "department_id": "department_id = %(department_id)s",
    "station": "station = %(station)s",
    "number": "number = %(number)s",
    "since": "sold_at >= %(since)s",
    "until": "sold_at <= %(until)s",
}

_TAKINGS = """
INSERT INTO takings (account_id, enterprise_id, department_id, period, begins_at, deals, buyers, amount, dialect,
                     actor, reported_at)
VALUES (%(account_id)s, %(enterprise_id)s, %(department_id)s, %(period)s, %(begins_at)s, %(deals)s, %(buyers)s,
        %(amount)s, %(dialect)s, %(actor)s, %(now)s)
ON CONFLICT ON CONSTRAINT takings_pkey DO UPDATE
   SET deals = excluded.deals, buyers = excluded.buyers, amount = excluded.amount, dialect = excluded.dialect,
       actor = excluded.actor, reported_at = excluded.reported_at
 WHERE %(replace)s
"""


async def put_takings(tx: Tx, takings: Takings, *, replace: bool) -> bool:
    """False when there were some, and they were to stay."""
    return bool(await tx.execute(_TAKINGS, **structs.asdict(takings), replace=replace, now=tx.now))
