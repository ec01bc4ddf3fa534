"""One function per documented call."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from msgspec import structs

from crossdock.base.errors import NotFound
from crossdock.core.accounts.model import Site
from crossdock.core.codes.model import OnlineShop
from crossdock.core.handover import commands as handovers
from crossdock.core.handover import queries as pick_ups
from crossdock.core.handover.errors import KeyUnknown
from crossdock.core.handover.model import Behind, HouseRules, PickUp, PickUpFilter, Use
from crossdock.core.orders import queries as orders
from crossdock.core.staff import commands as people
from crossdock.core.staff import managing, passwords
from crossdock.core.staff import queries as staff_book
from crossdock.core.staff.errors import LoginWrong
from crossdock.core.staff.model import (
    PASSWORD_CHARACTERS_MAX,
    USERNAME_CHARACTERS_MAX,
    Action,
    Staff,
)
from crossdock.db.tx import Tx
from crossdock.dialects.heidian import filters, views
from crossdock.dialects.heidian.asked import Asked, Field, texts
from crossdock.dialects.heidian.errors import FieldsWrong
from crossdock.dialects.heidian.limits import KEYS_OF_STAFF, LOGINS_OF_NAME, WRONG_KEYS_OF_STAFF
from crossdock.dialects.heidian.order import order_body
from crossdock.dialects.heidian.paging import page_of
from crossdock.dialects.heidian.wire import BuyersCode, CheckedCode, LoggedInStaff, Page, PickUpCode, StaffRow
from crossdock.dialects.heidian.words import NAME, PAID_ENOUGH, code, domain, short_name
from crossdock.edge.desk import Desk

KEY: Final = Field(name="key", characters_max=32, digits=6)
ORDER_TOKEN: Final = Field(name="order_token", characters_max=100)
SHOP: Final = Field(name="shop", characters_max=255)
SHOP_HEADER: Final = "x-shop-domain"
USERNAME: Final = Field(name="username", characters_max=USERNAME_CHARACTERS_MAX)
PASSWORD: Final = Field(name="password", characters_max=PASSWORD_CHARACTERS_MAX, trim=False)
LOGIN_FIELDS: Final = (Field(name="username"), Field(name="password", trim=False))
"""Without limits: a name or password that is too long to exist is simply wrong."""


async def list_codes(desk: Desk, staff: Staff, asked: Asked) -> Page:
    """GET /api/orders/pick_up_code/: the branch's parcels."""
    site, rules = await _house(desk, staff)
    wanted = filters.pick_ups(asked.query)
    order_by = filters.order_by(asked.query, filters.PICK_UP_ORDERS, "-id")
    async with desk.database.transaction() as tx:
        await handovers.expire_due(tx, account_id=staff.account_id, site_id=staff.site_id)
        await _named_in_filter(tx, desk, staff, rules, wanted.keys)

        async def find(start: int, limit: int) -> tuple[int, list[PickUp]]:
            if filters.impossible(wanted):
                return 0, []
            return await pick_ups.search(
                tx,
                account_id=staff.account_id,
                site_id=staff.site_id,
                filter=wanted,
                order_by=order_by,
                start=start,
                limit=limit,
            )

        return await page_of(asked, find, lambda row: views.pick_up_code(row, site, mask=rules.mask_keys))


async def one_code(desk: Desk, staff: Staff, asked: Asked) -> PickUpCode:
    """GET /api/orders/pick_up_code/[id]/: one row of the list; the seed has no such call."""
    site, rules = await _house(desk, staff)
    async with desk.database.transaction() as tx:
        await handovers.expire_due(tx, account_id=staff.account_id, site_id=staff.site_id)
        pick_up = await _of_number(tx, staff, asked)
    return views.pick_up_code(pick_up, site, mask=rules.mask_keys)


async def order_behind(desk: Desk, staff: Staff, asked: Asked) -> dict[str, Any]:
    """GET /api/orders/pick_up_code/[id]/order/: the order behind a code.

    Its token opens the buyer's page, which shows the code: a shop that masks codes keeps it back.
    """
    _, rules = await _house(desk, staff)
    async with desk.database.transaction(readonly=True) as tx:
        found = await pick_ups.behind(
            tx, account_id=staff.account_id, site_id=staff.site_id, handover_id=_number(asked)
        )
    order = _order(found)
    if order is None:
        raise NotFound()
    return order | {"token": ""} if rules.mask_keys else order


async def fetch(desk: Desk, _: None, asked: Asked) -> BuyersCode:
    """GET /api/orders/pick_up_code/fetch/: the buyer's own code, for who has the order's token.

    One answer, NotFound, for every reason not to show it, so that nothing can be probed.
    """
    order_token, _shop = texts(_query_with_shop(asked), ORDER_TOKEN, SHOP)
    async with desk.database.transaction() as tx:
        shop = await _online_shop(tx, asked)
        order = await orders.by_token(tx, order_token)
        if order is None or order.account_id != shop.account_id or order.payment not in PAID_ENOUGH:
            raise NotFound()
        pick_up = await pick_ups.newest_of_order(tx, account_id=order.account_id, order_id=order.id)
        if pick_up is None or pick_up.shop not in (shop, None):
            raise NotFound()
        if pick_up.state == "unused" and pick_up.expires_at is not None and pick_up.expires_at <= tx.now:
            await handovers.expire_due(tx, account_id=pick_up.account_id, site_id=pick_up.site_id)
            pick_up = await pick_ups.pick_up(
                tx, account_id=pick_up.account_id, site_id=pick_up.site_id, handover_id=pick_up.id
            )
    return views.buyers_code(pick_up, await desk.accounts.site_by_id(pick_up.account_id, pick_up.site_id))


async def stock_prepare(desk: Desk, staff: Staff, asked: Asked) -> PickUpCode:
    """POST /api/orders/pick_up_code/[id]/stock_prepare/: the goods are set aside. Again: unchanged."""
    site, rules = await _house(desk, staff)
    async with desk.database.transaction() as tx:
        found = await _of_number(tx, staff, asked)
        pick_up = await handovers.prepare(
            tx,
            account_id=staff.account_id,
            site_id=staff.site_id,
            handover_id=found.id,
            staff_id=staff.id,
            dialect=NAME,
        )
    return views.pick_up_code(pick_up, site, mask=rules.mask_keys)


async def check(desk: Desk, staff: Staff, asked: Asked) -> CheckedCode:
    """GET /api/orders/pick_up_code/check/: what stands behind a code, whatever its state."""
    key = _key(desk, staff, asked.query)
    place: dict[str, Any] = {"account_id": staff.account_id, "site_id": staff.site_id}
    with _guessing(desk, staff):
        async with desk.database.transaction(readonly=True) as tx:
            found = await pick_ups.behind_key(tx, **place, key=key)
        if found.due:
            async with desk.database.transaction() as tx:
                await handovers.expire_due(tx, **place)
                found = await pick_ups.behind_key(tx, **place, key=key)
    return views.checked_code(views.pick_up_code(found.pick_up, await _site(desk, staff)), _order(found))


async def consume(desk: Desk, staff: Staff, asked: Asked) -> PickUpCode:
    """POST /api/orders/pick_up_code/consume/: the parcel is handed over, at most once."""
    key = _key(desk, staff, asked.body)
    site, rules = await _house(desk, staff)
    with _guessing(desk, staff):
        use = Use(
            account_id=staff.account_id,
            site_id=staff.site_id,
            key=key,
            staff_id=staff.id,
            prepared_first=rules.prepared_first,
            dialect=NAME,
        )
        pick_up = await desk.uses.put(use)
        if pick_up is None:
            async with desk.database.transaction() as tx:
                pick_up = await handovers.consume(tx, **structs.asdict(use))
    return views.pick_up_code(pick_up, site)


async def rollback(desk: Desk, staff: Staff, asked: Asked) -> PickUpCode:
    """POST /api/orders/pick_up_code/rollback/: a wrong hand-over is taken back; the code stays the same."""
    key = _key(desk, staff, asked.body)
    site, rules = await _house(desk, staff)
    with _guessing(desk, staff):
        async with desk.database.transaction() as tx:
            pick_up = await handovers.roll_back(
                tx,
                account_id=staff.account_id,
                site_id=staff.site_id,
                key=key,
                staff_id=staff.id,
                window_s=rules.rollback_window_s,
                rollbacks_max=rules.rollbacks_max,
                dialect=NAME,
            )
    return views.pick_up_code(pick_up, site)


async def list_shops(desk: Desk, _: None, asked: Asked) -> Page:
    """GET /api/shops/offline_shop/: where the goods of an online shop can be collected."""
    texts(_query_with_shop(asked), SHOP)
    async with desk.database.transaction(readonly=True) as tx:
        shop = await _online_shop(tx, asked)
        sites = await staff_book.shops(tx, account_id=shop.account_id)

    async def find(start: int, limit: int) -> tuple[int, list[Site]]:
        return len(sites), sites[start : start + limit]

    return await page_of(asked, find, views.branch_listed)


async def list_staff(desk: Desk, manager: Staff, asked: Asked) -> Page:
    """GET /api/shops/staff/: the people of the manager's branch, without the manager."""
    site = await _site(desk, manager)
    wanted = filters.staff(asked.query)
    order_by = filters.order_by(asked.query, filters.STAFF_ORDERS, "id")
    async with desk.database.transaction(readonly=True) as tx:

        async def find(start: int, limit: int) -> tuple[int, list[Staff]]:
            if wanted is None or filters.impossible(wanted):
                return 0, []
            return await staff_book.subordinates(
                tx,
                account_id=manager.account_id,
                site_id=manager.site_id,
                but_not=manager.id,
                wanted=wanted,
                order_by=order_by,
                start=start,
                limit=limit,
            )

        return await page_of(asked, find, lambda row: views.staff_row(row, site))


async def create_staff(desk: Desk, manager: Staff, asked: Asked) -> StaffRow:
    """POST /api/shops/staff/: an ordinary employee of the manager's own branch, whatever else is sent."""
    site, rules = await _house(desk, manager)
    password_field = structs.replace(PASSWORD, characters_min=rules.password_characters_min)
    username, password = texts(asked.body, USERNAME, password_field)
    password_hash = await passwords.hashed(password)
    async with desk.database.transaction() as tx:
        staff = await managing.hire(tx, by=manager, username=username, password_hash=password_hash)
    return views.staff_row(staff, site)


async def staff_login(desk: Desk, _: None, asked: Asked) -> LoggedInStaff:
    """POST /api/shops/staff_login/: the same token at every login."""
    try:
        username, password = texts(asked.body, *LOGIN_FIELDS)
    except FieldsWrong as error:
        if all(fault.word == "null_characters" for fault in error.facts["fields"].values()):
            raise LoginWrong() from error
        raise
    desk.limiter.take(LOGINS_OF_NAME, username[:USERNAME_CHARACTERS_MAX], desk.clock.now())
    login = await people.log_in(desk.database, desk.seal, username=username, password=password)
    return views.logged_in(login, await _site(desk, login.staff))


async def action_history(desk: Desk, staff: Staff, asked: Asked) -> Page:
    """GET /api/shops/action_history/: what was done in the branch, newest first."""
    _, rules = await _house(desk, staff)
    wanted = filters.actions(asked.query)
    order_by = filters.order_by(asked.query, filters.ACTION_ORDERS, "-id")
    async with desk.database.transaction(readonly=True) as tx:
        await _named_in_filter(tx, desk, staff, rules, wanted.keys if wanted else None)

        async def find(start: int, limit: int) -> tuple[int, list[Action]]:
            if wanted is None or filters.impossible(wanted):
                return 0, []
            return await staff_book.actions(
                tx,
                account_id=staff.account_id,
                site_id=staff.site_id,
                wanted=wanted,
                order_by=order_by,
                start=start,
                limit=limit,
            )

        return await page_of(asked, find, lambda row: views.action_row(row, mask=rules.mask_keys))


async def preflight(_desk: Desk, _caller: None, _asked: None) -> None:
    """OPTIONS: everything to say stands in the headers."""


# What several calls need ----------------------------------------------------------


async def _site(desk: Desk, staff: Staff) -> Site:
    return await desk.accounts.site_by_id(staff.account_id, staff.site_id)


async def _house(desk: Desk, staff: Staff) -> tuple[Site, HouseRules]:
    """The place somebody works at, and its own rules."""
    site = await _site(desk, staff)
    return site, HouseRules.of(site.settings)


async def _of_number(tx: Tx, staff: Staff, asked: Asked) -> PickUp:
    """The branch's code of the number in the path. Errors: KeyUnknown."""
    return await pick_ups.pick_up(tx, account_id=staff.account_id, site_id=staff.site_id, handover_id=_number(asked))


def _number(asked: Asked) -> int:
    """In the path. Errors: KeyUnknown."""
    if asked.number is None:
        raise KeyUnknown()
    return asked.number


def _order(found: Behind) -> dict[str, Any] | None:
    if found.order is None:
        return None
    pick_up = found.pick_up
    return order_body(
        found.order,
        lines=found.lines,
        products=found.products,
        full_name=pick_up.full_name,
        mobile=pick_up.mobile,
        used_at=pick_up.used_at,
        canceled_at=pick_up.canceled_at,
        payments=found.payments,
        history=found.history,
    )


async def _online_shop(tx: Tx, asked: Asked) -> OnlineShop:
    """Errors: NotFound."""
    asked_for = domain(_query_with_shop(asked)[SHOP.name])
    shop = await pick_ups.online_shop(tx, domain=asked_for, name=short_name(asked_for))
    if shop is None:
        raise NotFound()
    return shop


def _query_with_shop(asked: Asked) -> dict[str, str]:
    """The query; a shop that it does not name may stand in the header."""
    header = asked.request.header(SHOP_HEADER)
    if header and not asked.query.get(SHOP.name):
        return {**asked.query, SHOP.name: header}
    return asked.query


def _key(desk: Desk, staff: Staff, given: dict[str, Any]) -> str:
    """The code that was named. Errors: FieldsWrong, KeyUnknown for one that cannot be a code."""
    (text,) = texts(given, KEY)
    with _guessing(desk, staff):
        key = code(text)
        if key is None:
            raise KeyUnknown()
    return key


async def _named_in_filter(tx: Tx, desk: Desk, staff: Staff, rules: HouseRules, keys: tuple[str, ...] | None) -> None:
    """Where codes are masked, each that a filter names is a try, as if it were checked. Errors: TooManyRequests."""
    if not rules.mask_keys or not keys:
        return
    tries, now = set(keys), desk.clock.now()
    for _ in tries:
        desk.limiter.take(KEYS_OF_STAFF, staff.id, now)
    found, _ = await pick_ups.search(
        tx,
        account_id=staff.account_id,
        site_id=staff.site_id,
        filter=PickUpFilter(keys=tuple(tries)),
        start=0,
        limit=0,
    )
    for _ in range(len(tries) - found):
        desk.limiter.note(WRONG_KEYS_OF_STAFF, staff.id, now)


@contextmanager
def _guessing(desk: Desk, staff: Staff) -> Iterator[None]:
    """A code nobody has is counted against who named it, so that codes cannot be tried out."""
    try:
        yield
    except KeyUnknown:
        desk.limiter.note(WRONG_KEYS_OF_STAFF, staff.id, desk.clock.now())
        raise
