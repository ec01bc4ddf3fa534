"""Statements on SSCCs."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from msgspec import Struct

from crossdock.base.ids import AccountId, ProductId, SiteId
from crossdock.core.units.model import OwnPlate
from crossdock.db.tx import Tx


class PrefixOf(Struct, frozen=True, kw_only=True):
    site: str
    prefix: str
    """Empty where nothing is set."""


class Content(Protocol):
    @property
    def product_id(self) -> ProductId: ...
    @property
    def quantity(self) -> int: ...
    @property
    def lot(self) -> str: ...
    @property
    def expires_on(self) -> date | None: ...


async def prefix(tx: Tx, *, account_id: AccountId, site_id: SiteId) -> PrefixOf | None:
    """Of the site, or else of its account."""
    return await tx.one_or_none(
        PrefixOf,
        "SELECT s.code AS site, coalesce(s.settings ->> 'gs1_prefix', a.settings ->> 'gs1_prefix', '') AS prefix"
        "  FROM site s JOIN account a ON a.id = s.account_id"
        " WHERE s.account_id = %(account_id)s AND s.id = %(site_id)s",
        account_id=account_id,
        site_id=site_id,
    )


async def count_on(tx: Tx, *, prefix: str, count: int, most: int) -> int | None:
    """How many of the prefix are used from then on; None where `most` would be passed. Key: sscc_counter_pkey.

    Whoever counts waits for the one before: of a transaction that fails the numbers are free again.
    """
    used = await tx.value(
        """
INSERT INTO sscc_counter AS c (prefix, used)
SELECT %(prefix)s, %(count)s WHERE %(count)s <= %(most)s
    ON CONFLICT ON CONSTRAINT sscc_counter_pkey DO UPDATE SET used = c.used + %(count)s
 WHERE c.used + %(count)s <= %(most)s
RETURNING used
""",
        prefix=prefix,
        count=count,
        most=most,
    )
    return None if used is None else int(used)


async def keep(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, codes: Sequence[str], content: Content | None
) -> int:
    """How many of them were new. Key: sscc_pkey."""
    return await tx.execute(
        """
INSERT INTO sscc (code, batch, account_id, site_id, product_id, quantity, lot, expires_on, handed_out_at)
SELECT code, %(batch)s, %(account_id)s, %(site_id)s, %(product_id)s, %(quantity)s, %(lot)s, %(expires_on)s, %(now)s
  FROM unnest(%(codes)s::text[]) AS code
ON CONFLICT ON CONSTRAINT sscc_pkey DO NOTHING
""",
        codes=list(codes),
        batch=codes[0],
        account_id=account_id,
        site_id=site_id,
        product_id=content.product_id if content else None,
        quantity=content.quantity if content else None,
        lot=content.lot if content else "",
        expires_on=content.expires_on if content else None,
        now=tx.now,
    )


async def plates(tx: Tx, *, account_id: AccountId, codes: Sequence[str]) -> list[OwnPlate]:
    """Key: sscc_pkey."""
    return await tx.many(
        OwnPlate,
        """
SELECT s.code, s.site_id, s.product_id, s.quantity, s.lot, s.expires_on, s.handed_out_at
  FROM sscc s WHERE s.code = ANY (%(codes)s::text[]) AND s.account_id = %(account_id)s
""",
        account_id=account_id,
        codes=list(codes),
    )


async def batch(tx: Tx, *, account_id: AccountId, code: str) -> list[tuple[SiteId, str]]:
    """Place and number, in the order of the numbers. Index: sscc_account_id_batch_idx."""
    rows = await tx.rows(
        "SELECT site_id, code FROM sscc WHERE account_id = %(account_id)s AND batch ="
        " (SELECT batch FROM sscc WHERE account_id = %(account_id)s AND code = %(code)s) ORDER BY code",
        account_id=account_id,
        code=code,
    )
    return [(SiteId(row[0]), str(row[1])) for row in rows]
