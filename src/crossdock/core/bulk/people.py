"""People at counters and on the floor from a sheet. Passwords are kept as hashes only, and go once it is done."""

from collections.abc import Sequence
from typing import Final, cast

from crossdock.base.ids import OrderId, StaffId
from crossdock.core.accounts import sql as accounts
from crossdock.core.accounts.model import Site
from crossdock.core.bulk import cells, sql
from crossdock.core.bulk.cells import Column, Values
from crossdock.core.bulk.errors import CellsInvalid, ChangedSince, NameUnknown
from crossdock.core.bulk.model import Ground, Kind, Outcome, Row
from crossdock.core.staff import commands, managing, queries
from crossdock.core.staff.errors import StaffUnknown
from crossdock.core.staff.model import OPERATOR, Role, Staff, role_of
from crossdock.db.tx import Tx

PASSWORD: Final = "password"  # noqa: S105
COLUMNS: Final = (
    Column(name="username", read=cells.words, required=True, sample="clerk7"),
    Column(name="site", read=cells.words, sample="SHOP-12"),
    Column(name="role", read=cells.one_of("clerk", "manager"), sample="clerk"),
    Column(name=PASSWORD, read=cells.words),
    Column(name="active", read=cells.yes_or_no, sample="true"),
)
"""Who is new needs a password; of who is there already it is not changed."""


async def apply(tx: Tx, ground: Ground, rows: Sequence[tuple[int, Values]], order_id: OrderId) -> Outcome:
    """Errors: CellsInvalid, NameUnknown, and those of managing people."""
    row_no, values = rows[0]
    site = await _site(tx, ground, values)
    reason = ground.actor
    person = await _person(tx, ground, values["username"])
    if person is None:
        if row_no not in ground.hidden:
            raise CellsInvalid(**{PASSWORD: "is empty, and nobody of this name is here yet"})
        made = await commands.create_staff(
            tx,
            account_id=ground.account.id,
            site_id=site.id,
            username=values["username"],
            password_hash=ground.hidden[row_no],
            manager=values.get("role") == "manager",
            actor=OPERATOR,
            reason=reason,
        )
        if not values.get("active", True):
            await managing.disable(tx, staff_id=made.id, by=None, reason=reason)
        return Outcome(deed="created", target=made.id)
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    if values.get("role", role_of(person)) != role_of(person):
        await managing.set_role(tx, staff_id=person.id, role=cast(Role, values["role"]), reason=reason)
        before["role"], after["role"] = role_of(person), values["role"]
    if values.get("active", person.active) != person.active:
        change = managing.enable if values["active"] else managing.disable
        await change(tx, staff_id=person.id, by=None, reason=reason)
        before["active"], after["active"] = str(person.active), str(values["active"])
    if "site" in values and site.id != person.site_id:
        old = await accounts.site_by_id(tx, account_id=ground.account.id, site_id=person.site_id)
        await managing.move(tx, staff_id=person.id, site_id=site.id, reason=reason)
        before["site"], after["site"] = "" if old is None else old.code, site.code
    return Outcome(deed="changed" if after else "unchanged", target=person.id, before=before, after=after)


async def undo(tx: Tx, ground: Ground, row: Row) -> None:
    """Who was new may not come in any more; their history stays. Errors: ChangedSince."""
    staff_id, reason = StaffId(row.target or 0), f"{ground.actor} was undone"
    if row.deed == "created":
        await managing.disable(tx, staff_id=staff_id, by=None, reason=reason)
        return
    before, after = row.before or {}, row.after or {}
    person = await queries.person(tx, username=row.given["username"])
    now = {"role": role_of(person), "active": str(person.active)}
    other = [name for name in before if name in now and now[name] != after[name]]
    if "site" in before:
        site = await accounts.site(tx, account_id=ground.account.id, code=after["site"])
        if site is None or site.id != person.site_id:
            other.append("site")
    if other:
        raise ChangedSince(what=", ".join(other))
    if "role" in before:
        await managing.set_role(tx, staff_id=staff_id, role=cast(Role, before["role"]), reason=reason)
    if "active" in before:
        change = managing.enable if before["active"] == "True" else managing.disable
        await change(tx, staff_id=staff_id, by=None, reason=reason)
    if "site" in before:
        old = await accounts.site(tx, account_id=ground.account.id, code=before["site"])
        if old is not None:
            await managing.move(tx, staff_id=staff_id, site_id=old.id, reason=reason)


async def page(tx: Tx, ground: Ground, after: int) -> tuple[list[dict[str, str]], int]:
    found = await sql.staff_after(
        tx, account_id=ground.account.id, site_id=None if ground.site is None else ground.site.id, after=after
    )
    rows = [
        {
            "username": person.username,
            "site": person.site,
            "role": role_of(person),
            PASSWORD: "",
            "active": "true" if person.active else "false",
            "last_login": "" if person.last_login is None else person.last_login.isoformat(),
        }
        for person in found
    ]
    return rows, found[-1].id if found else 0


async def _person(tx: Tx, ground: Ground, username: str) -> Staff | None:
    """Somebody of another account counts as nobody: adding the name is refused then."""
    try:
        person = await queries.person(tx, username=username)
    except StaffUnknown:
        return None
    return person if person.account_id == ground.account.id else None


async def _site(tx: Tx, ground: Ground, values: Values) -> Site:
    site = ground.site
    if "site" in values:
        site = await accounts.site(tx, account_id=ground.account.id, code=values["site"])
    if site is None:
        raise NameUnknown(site=values.get("site", ""))
    return site


KIND: Final = Kind(
    name="staff",
    columns=COLUMNS,
    key=("username",),
    apply=apply,
    undo=undo,
    exported=(*(column.name for column in COLUMNS), "last_login"),
    page=page,
)
