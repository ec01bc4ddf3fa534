"""Reading people, what they did, and the places they stand in."""

from collections.abc import Sequence

from crossdock.base.ids import AccountId, SiteId, StaffId
from crossdock.core.accounts import sql as accounts_sql
from crossdock.core.accounts.model import Site
from crossdock.core.staff import managing_sql, people_sql, sql
from crossdock.core.staff.errors import ShopAmbiguous, ShopUnknown, StaffUnknown, UsernameUnknown
from crossdock.core.staff.model import (
    LISTED_MAX,
    LOCKED_S,
    WRONG_PASSWORDS_MAX,
    Action,
    ActionFilter,
    Deed,
    Listed,
    Member,
    OpenSession,
    Staff,
    StaffFilter,
    Workplace,
)
from crossdock.core.staff.tokens import token_hash
from crossdock.db.tx import Tx


async def staff_by_token(tx: Tx, *, token: str) -> Staff | None:
    """Whose token it is, also when the access was withdrawn; None for a token nobody has."""
    return await sql.by_token_hash(tx, token_hash=token_hash(token))


async def staff_by_tokens(tx: Tx, *, tokens: Sequence[str]) -> list[Staff | None]:
    """As `staff_by_token`, for callers who ask at the same time."""
    hashes = [token_hash(token) for token in tokens]
    found = await sql.by_token_hashes(tx, token_hashes=hashes)
    return [found.get(one) for one in hashes]


async def staff_by_session(tx: Tx, *, token: str) -> Staff | None:
    """Whose page it is; None when the session is over or the person's access was withdrawn."""
    return await sql.by_session(tx, token_hash=token_hash(token))


async def subordinates(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    but_not: StaffId,
    wanted: StaffFilter,
    order_by: str = "id",
    start: int = 0,
    limit: int,
) -> tuple[int, list[Staff]]:
    """How many people of one place fit, `but_not` left out, and one stretch of them.

    `order_by` is one of sql.STAFF_ORDERS, with `-` downwards.
    """
    return await sql.subordinates(
        tx,
        account_id=account_id,
        site_id=site_id,
        but_not=but_not,
        wanted=wanted,
        order_by=order_by,
        start=start,
        limit=limit,
    )


async def actions(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    wanted: ActionFilter,
    order_by: str = "-id",
    start: int = 0,
    limit: int,
) -> tuple[int, list[Action]]:
    """How many rows of one place's history fit, and one stretch of them.

    `order_by` is one of sql.ACTION_ORDERS, with `-` downwards.
    """
    return await sql.actions(
        tx, account_id=account_id, site_id=site_id, wanted=wanted, order_by=order_by, start=start, limit=limit
    )


async def shops(tx: Tx, *, account_id: AccountId) -> list[Site]:
    """The account's shops that are in use, by id."""
    return [site for site in await accounts_sql.sites(tx, account_id=account_id, kind="shop") if site.active]


# For the platform's operator, whatever the account --------------------------------


async def person(tx: Tx, *, username: str) -> Staff:
    """Errors: UsernameUnknown."""
    found = await managing_sql.by_username(tx, username=username)
    if found is None:
        raise UsernameUnknown(username=username)
    return found


async def shop_of_code(tx: Tx, *, code: str, account: str | None = None) -> Site:
    """The only shop of this code, or that of the account with the code `account`.

    Errors: ShopUnknown, ShopAmbiguous.
    """
    found = await managing_sql.shops_of_code(tx, code=code, account=account)
    if len(found) > 1:
        raise ShopAmbiguous(shop=code, accounts=" ".join(one.account for one in found))
    site = found and await accounts_sql.site_by_id(tx, account_id=found[0].account_id, site_id=found[0].site_id)
    if not site:
        raise ShopUnknown(shop=code, **({"account": account} if account else {}))
    return site


async def everybody(
    tx: Tx, *, account_id: AccountId | None = None, site_id: SiteId | None = None, limit: int = LISTED_MAX
) -> list[Listed]:
    """By account, shop and name."""
    return await managing_sql.listed(
        tx,
        account_id=account_id,
        site_id=site_id,
        tries_max=WRONG_PASSWORDS_MAX,
        locked_s=LOCKED_S,
        limit=limit,
    )


async def history_of_shop(tx: Tx, *, site: Site, limit: int) -> list[Deed]:
    """Newest first."""
    return await managing_sql.history(tx, account_id=site.account_id, site_id=site.id, staff_id=None, limit=limit)


async def history_of_person(tx: Tx, *, staff: Staff, limit: int) -> list[Deed]:
    """What somebody did, and what was done about them, newest first."""
    return await managing_sql.history(tx, account_id=staff.account_id, site_id=None, staff_id=staff.id, limit=limit)


# For the console, within reach of who looks ----------------------------------------


async def members(
    tx: Tx,
    *,
    account_id: AccountId | None,
    site_id: SiteId | None = None,
    text: str = "",
    after: int = 0,
    limit: int,
) -> list[Member]:
    """Whose name has `text` in it, by id from the one behind `after` on; of all accounts when none is named."""
    return await people_sql.members(tx, account_id=account_id, site_id=site_id, text=text, after=after, limit=limit)


async def member(tx: Tx, *, account_id: AccountId | None, site_id: SiteId | None = None, staff_id: StaffId) -> Member:
    """Errors: StaffUnknown, also for somebody who is not within reach."""
    found = await people_sql.members(tx, account_id=account_id, site_id=site_id, staff_id=staff_id, limit=1)
    if not found:
        raise StaffUnknown(id=staff_id)
    return found[0]


async def workplaces(
    tx: Tx, *, account_id: AccountId | None, site_id: SiteId | None = None, limit: int
) -> list[Workplace]:
    """Shops and warehouses that are in use, by account and code; of all accounts when none is named."""
    return await people_sql.workplaces(tx, account_id=account_id, site_id=site_id, limit=limit)


async def sessions(tx: Tx, *, staff: Staff, token: str) -> list[OpenSession]:
    """Where somebody is logged in, newest first; `token` is that of the session that asks."""
    return await people_sql.sessions(tx, staff_id=staff.id, token_hash=token_hash(token))
