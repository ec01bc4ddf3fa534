"""Reading users and places."""

from collections.abc import Sequence

from crossdock.base.ids import AccountId, EnterpriseId
from crossdock.core.enterprises import sql
from crossdock.core.enterprises.model import SHOWN_MAX, Place, User
from crossdock.core.staff.tokens import token_hash
from crossdock.db.tx import Tx


async def user_by_token(tx: Tx, *, token: str) -> User | None:
    """Whose token it is; None for one that was withdrawn, or belongs to somebody without access."""
    return await sql.by_token_hash(tx, token_hash=token_hash(token))


async def places(
    tx: Tx,
    *,
    account_id: AccountId,
    enterprise_id: EnterpriseId,
    name: str = "",
    shop_codes: Sequence[str] | None = None,
    start: int = 0,
    limit: int,
) -> tuple[int, list[Place]]:
    """How many places fit, at most SHOWN_MAX, and one stretch of them by id; `name` is a part of theirs."""
    scope = {"account_id": account_id, "enterprise_id": enterprise_id, "name": name, "shop_codes": shop_codes}
    total = await sql.count_places(tx, **scope)
    return total, await sql.places(tx, **scope, start=start, limit=limit) if start < min(total, SHOWN_MAX) else []
