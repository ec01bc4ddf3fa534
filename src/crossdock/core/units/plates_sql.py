"""Statements on licence plates."""

from collections.abc import Sequence

from msgspec import Struct

from crossdock.base import json
from crossdock.base.ids import AccountId
from crossdock.core.units.model import NewPlate, Plate
from crossdock.db.tx import Tx


class Batch(Struct, frozen=True):
    content_hash: bytes
    received: bool
    """Something of it has come."""


async def lock_batch(
    tx: Tx, *, account_id: AccountId, source_number: str, batch_key: str, content_hash: bytes
) -> Batch | None:
    """What the batch was before, held; None where it was made just now. Key: plate_batch_pkey."""
    made = await tx.rows(
        """
INSERT INTO plate_batch (account_id, source_number, batch_key, content_hash, created_at, updated_at)
VALUES (%(account_id)s, %(source)s, %(batch)s, %(content_hash)s, %(now)s, %(now)s)
ON CONFLICT ON CONSTRAINT plate_batch_pkey DO NOTHING RETURNING batch_key
""",
        account_id=account_id,
        source=source_number,
        batch=batch_key,
        content_hash=content_hash,
        now=tx.now,
    )
    if made:
        return None
    return await tx.one_or_none(
        Batch,
        """
SELECT b.content_hash,
       EXISTS (SELECT 1 FROM plate p WHERE p.account_id = b.account_id AND p.source_number = b.source_number
                  AND p.batch_key = b.batch_key AND p.received_at IS NOT NULL) AS received
  FROM plate_batch b
 WHERE b.account_id = %(account_id)s AND b.source_number = %(source)s AND b.batch_key = %(batch)s
   FOR NO KEY UPDATE
""",
        account_id=account_id,
        source=source_number,
        batch=batch_key,
    )


async def empty_batch(
    tx: Tx, *, account_id: AccountId, source_number: str, batch_key: str, content_hash: bytes
) -> None:
    """Its plates are taken off, for others to take their place."""
    where = {"account_id": account_id, "source": source_number, "batch": batch_key}
    await tx.execute(
        "DELETE FROM plate"
        " WHERE account_id = %(account_id)s AND source_number = %(source)s AND batch_key = %(batch)s",
        **where,
    )
    await tx.execute(
        "UPDATE plate_batch SET content_hash = %(content_hash)s, updated_at = %(now)s"
        " WHERE account_id = %(account_id)s AND source_number = %(source)s AND batch_key = %(batch)s",
        **where,
        content_hash=content_hash,
        now=tx.now,
    )


async def put(
    tx: Tx, *, account_id: AccountId, source_number: str, batch_key: str, plates: Sequence[NewPlate]
) -> set[str]:
    """The codes that were free. Key: plate_waiting_key."""
    rows = await tx.rows(
        """
INSERT INTO plate (account_id, source_number, batch_key, code, parent_code, kind, sku, quantity, members)
SELECT %(account_id)s, %(source)s, %(batch)s, g.*
  FROM unnest(%(codes)s::text[], %(parents)s::text[], %(kinds)s::text[], %(skus)s::text[], %(quantities)s::bigint[],
              %(members)s::jsonb[]) AS g
ON CONFLICT (account_id, code) WHERE received_at IS NULL DO NOTHING
RETURNING code
""",
        account_id=account_id,
        source=source_number,
        batch=batch_key,
        codes=[plate.code for plate in plates],
        parents=[plate.parent_code for plate in plates],
        kinds=[plate.kind for plate in plates],
        skus=[plate.sku for plate in plates],
        quantities=[plate.quantity for plate in plates],
        members=[json.text(plate.members) for plate in plates],
    )
    return {str(row[0]) for row in rows}


async def of_sources(tx: Tx, *, account_id: AccountId, source_numbers: Sequence[str]) -> list[Plate]:
    """Index: plate_account_id_source_number_idx."""
    return await tx.many(
        Plate,
        """
SELECT code, parent_code, kind, sku, quantity, members, batch_key, received_at IS NOT NULL AS received
  FROM plate WHERE account_id = %(account_id)s AND source_number = ANY (%(sources)s::text[]) ORDER BY code, id
""",
        account_id=account_id,
        sources=list(source_numbers),
    )
