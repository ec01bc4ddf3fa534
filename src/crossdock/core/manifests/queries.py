"""Reading manifests, what is on them, and what stands ready for them."""

from crossdock.base.ids import AccountId, SiteId
from crossdock.core.manifests import sql
from crossdock.core.manifests.errors import ManifestUnknown
from crossdock.core.manifests.model import Listed, ListedParcel, Waiting
from crossdock.core.orders.queries import ORDER_ID_MAX as ID_MAX
from crossdock.db.tx import Tx


async def manifest(tx: Tx, *, account_id: AccountId, site_id: SiteId, manifest_id: int) -> Listed:
    """Errors: ManifestUnknown."""
    found = None
    if 0 < manifest_id <= ID_MAX:
        found = await sql.one(tx, account_id=account_id, site_id=site_id, manifest_id=manifest_id)
    if found is None:
        raise ManifestUnknown(id=manifest_id)
    return found


async def manifests(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, before: int | None = None, limit: int
) -> list[Listed]:
    """Those that are closed or being closed, newest first; `before` is the last one seen."""
    return await sql.listed(tx, account_id=account_id, site_id=site_id, before=before, limit=limit)


async def destinations(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, after: str = "", limit: int
) -> list[Waiting]:
    """For which something stands ready or a manifest is open; `after` is the key of the last one seen."""
    return await sql.waiting(tx, account_id=account_id, site_id=site_id, after=after, limit=limit)


async def parcels(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, manifest_id: int, before: int | None = None, limit: int
) -> list[ListedParcel]:
    """What is on a manifest or left with it, newest first. Errors: ManifestUnknown."""
    await manifest(tx, account_id=account_id, site_id=site_id, manifest_id=manifest_id)
    return await sql.parcels(tx, account_id=account_id, manifest_id=manifest_id, before=before, limit=limit)


async def ready(tx: Tx, *, account_id: AccountId, site_id: SiteId) -> int:
    """How many orders are packed here and have not left."""
    return await sql.ready(tx, account_id=account_id, site_id=site_id)
