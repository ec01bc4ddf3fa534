"""Statements on what places say."""

from typing import Any

from crossdock.base import json
from crossdock.base.ids import AccountId, SiteId
from crossdock.core.rules.model import Place, Value
from crossdock.db.compose import SQL
from crossdock.db.tx import Tx

_PLACES = """
SELECT p.id, p.account_id, a.code AS account, p.kind, p.code, p.name, p.settings
  FROM (SELECT * FROM site WHERE {where} ORDER BY id LIMIT %(limit)s) p JOIN account a ON a.id = p.account_id
 ORDER BY p.id
"""


async def places(
    tx: Tx, *, account_id: AccountId | None, site_id: SiteId | None, after: int = 0, limit: int
) -> list[Place]:
    """That are in use. Index: site_pkey."""
    given: dict[str, Any] = {"account_id": account_id, "id": site_id}
    asked = {name: value for name, value in given.items() if value is not None}
    conditions = [SQL("active AND id > %(after)s"), *(SQL(f"{name} = %({name})s") for name in asked)]
    return await tx.many(
        Place,
        SQL(_PLACES).format(where=SQL(" AND ").join(conditions)),
        **asked,
        after=after,
        limit=limit,
    )


async def change(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, name: str, was: Value | None, value: Value | None
) -> bool:
    """Say `value`, or nothing; False when the place does not say `was` any more. Index: site_pkey."""
    return bool(
        await tx.execute(
            """
UPDATE site SET updated_at = %(now)s,
       settings = CASE WHEN %(value)s::jsonb IS NULL THEN settings - %(name)s::text
                       ELSE settings || jsonb_build_object(%(name)s::text, %(value)s::jsonb) END
 WHERE account_id = %(account_id)s AND id = %(site_id)s AND settings -> %(name)s IS NOT DISTINCT FROM %(was)s::jsonb
""",
            account_id=account_id,
            site_id=site_id,
            name=name,
            was=None if was is None else json.text(was),
            value=None if value is None else json.text(value),
            now=tx.now,
        )
    )
