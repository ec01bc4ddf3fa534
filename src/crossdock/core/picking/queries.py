"""Reading waves, totes, and what the floor has to do because of them."""

from crossdock.base.ids import AccountId, SiteId, StaffId
from crossdock.core.picking import sql
from crossdock.core.picking.errors import WaveUnknown
from crossdock.core.picking.model import (
    LISTED_MAX,
    WAVES_LISTED_MAX,
    BackOrder,
    CallOffAsked,
    Choice,
    CountRequest,
    Pick,
    Progress,
    PutBack,
    Refill,
    SortStep,
    ToteOrder,
)
from crossdock.db.tx import Tx


async def order_in_tote(tx: Tx, *, account_id: AccountId, site_id: SiteId, tote_code: str) -> ToteOrder | None:
    """Whose goods lie in this tote; None for an empty one, an unknown one, and one that holds a batch."""
    return await sql.in_tote(tx, account_id=account_id, site_id=site_id, code=tote_code)


async def waves(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, live: bool = False, limit: int = WAVES_LISTED_MAX
) -> list[Progress]:
    """Newest first; only those that are picked now, or all."""
    return await sql.progress(tx, account_id=account_id, site_id=site_id, wave_id=None, live=live, limit=limit)


async def wave(tx: Tx, *, account_id: AccountId, site_id: SiteId, wave_id: int) -> Progress:
    """Errors: WaveUnknown."""
    found = await sql.progress(tx, account_id=account_id, site_id=site_id, wave_id=wave_id, live=False, limit=1)
    if not found:
        raise WaveUnknown(id=wave_id)
    return found[0]


async def pick_in_hand(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, wave_id: int, staff_id: StaffId
) -> Pick | None:
    """The next walk among those this person has taken on; `commands.next_task` takes on more."""
    return await sql.next_pick(tx, account_id=account_id, site_id=site_id, wave_id=wave_id, staff_id=staff_id)


async def choices(tx: Tx, *, account_id: AccountId, site_id: SiteId) -> list[Choice]:
    """What the orders that wait for a wave could be told apart by."""
    return await sql.choices(tx, account_id=account_id, site_id=site_id)


async def call_offs(tx: Tx, *, account_id: AccountId, site_id: SiteId, wave_id: int) -> list[CallOffAsked]:
    """What owners want to call off while it is picked, oldest first."""
    return await sql.call_offs(tx, account_id=account_id, site_id=site_id, wave_id=wave_id, limit=LISTED_MAX)


async def sort_step(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, wave_id: int, code: str | None = None
) -> SortStep | None:
    """Where the next piece of a batch belongs, of the product that goes by this code, or of any."""
    return await sql.sort_step(tx, account_id=account_id, site_id=site_id, wave_id=wave_id, code=code)


async def put_backs(tx: Tx, *, account_id: AccountId, site_id: SiteId) -> list[PutBack]:
    """What lies in totes for orders that were called off or stopped."""
    return await sql.put_backs(tx, account_id=account_id, site_id=site_id, limit=LISTED_MAX)


async def refills(tx: Tx, *, account_id: AccountId, site_id: SiteId) -> list[Refill]:
    """What live waves would fetch from afar, and the shelf it should lie on."""
    return await sql.refills(tx, account_id=account_id, site_id=site_id, limit=LISTED_MAX)


async def count_requests(tx: Tx, *, account_id: AccountId, site_id: SiteId) -> list[CountRequest]:
    """Where pickers did not find what the books say."""
    return await sql.count_requests(tx, account_id=account_id, site_id=site_id, limit=LISTED_MAX)


async def back_orders(tx: Tx, *, account_id: AccountId, site_id: SiteId) -> list[BackOrder]:
    """Orders that are held because a picker did not find all of them, oldest first."""
    return await sql.back_orders(tx, account_id=account_id, site_id=site_id, limit=LISTED_MAX)
