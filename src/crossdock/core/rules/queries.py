"""Reading what places say."""

from crossdock.base.ids import AccountId, SiteId
from crossdock.core.rules import sql
from crossdock.core.rules.errors import PlaceUnknown
from crossdock.core.rules.model import Place
from crossdock.db.tx import Tx


async def places(
    tx: Tx, *, account_id: AccountId | None, site_id: SiteId | None = None, after: int = 0, limit: int
) -> list[Place]:
    """That are in use, by id from the one behind `after` on; of all accounts when none is named."""
    return await sql.places(tx, account_id=account_id, site_id=site_id, after=after, limit=limit)


async def place(tx: Tx, *, account_id: AccountId | None, site_id: SiteId) -> Place:
    """Errors: PlaceUnknown, also for one that is not within reach."""
    found = await sql.places(tx, account_id=account_id, site_id=site_id, limit=1)
    if not found:
        raise PlaceUnknown()
    return found[0]
