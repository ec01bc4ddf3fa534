"""Reading people, what they did, and the places they stand in."""

from crossdock.base.ids import AccountId, SiteId, StaffId
from crossdock.core.accounts import sql as accounts_sql
from crossdock.core.accounts.model import Site
from crossdock.core.staff import sql
from crossdock.core.staff.model import Action, ActionFilter, Staff, StaffFilter
from crossdock.core.staff.tokens import token_hash
from crossdock.db.tx import Tx


async def staff_by_token(tx: Tx, *, token: str) -> Staff | None:
    """Whose token it is, also when the access was withdrawn; None for a token nobody has."""
    return await sql.by_token_hash(tx, token_hash=token_hash(token))


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
