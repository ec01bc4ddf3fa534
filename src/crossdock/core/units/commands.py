"""Pieces with names come in, leave, and change their owner. The buckets they lie in are locked already."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

from crossdock.base.ids import AccountId, OrderId, ProductId
from crossdock.core.units import sql
from crossdock.core.units.errors import UnitHere, UnitNotHere, UnitRepeated
from crossdock.core.units.model import Unit
from crossdock.core.units.sql import Coming as Coming
from crossdock.db.tx import Tx

NAMED_MAX: Final = 10
"""Codes that one refusal names."""


async def come_in(tx: Tx, *, account_id: AccountId, order_id: OrderId, coming: Sequence[Coming]) -> None:
    """One that was shipped before is the same piece again. Errors: UnitRepeated, UnitHere."""
    if not coming:
        return
    twice = [
        code for (_, code), times in Counter((one.product_id, one.unit.code) for one in coming).items() if times > 1
    ]
    if twice:
        raise UnitRepeated(codes=few(twice))
    here = await sql.put(tx, account_id=account_id, order_id=order_id, coming=coming)
    before = [one.unit.code for one in coming if (one.product_id, one.unit.code) not in here]
    if before:
        raise UnitHere(codes=few(before))


async def leave(
    tx: Tx,
    *,
    account_id: AccountId,
    order_id: OrderId,
    leaving: Collection[tuple[ProductId, str]],
) -> list[Unit]:
    """By product and code. Errors: UnitNotHere."""
    if not leaving:
        return []
    left = await sql.send_off(tx, account_id=account_id, order_id=order_id, leaving=leaving)
    missing = {*leaving} - {(unit.product_id, unit.code) for unit in left}
    if missing:
        raise UnitNotHere(codes=few(sorted(code for _, code in missing)))
    return left


def few(codes: Sequence[str]) -> str:
    """The first of them, for a refusal that a person reads."""
    more = " …" if len(codes) > NAMED_MAX else ""
    return ", ".join(codes[:NAMED_MAX]) + more
