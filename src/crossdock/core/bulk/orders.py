"""Outbound orders from a sheet: a row for each line, the rows of one number are one order.

They are handed to the warehouse at once: stock is set aside, or the order waits for it.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from crossdock.base.ids import OrderId, ServiceId
from crossdock.core.accounts import sql as accounts
from crossdock.core.accounts.model import Company, DeliveryService, Site, SubInventory
from crossdock.core.bulk import cells, sql
from crossdock.core.bulk.cells import Column, Values
from crossdock.core.bulk.errors import NameUnknown, RowsDisagree
from crossdock.core.bulk.model import Ground, Kind, Outcome, Row
from crossdock.core.events.model import HOUSE
from crossdock.core.orders import commands
from crossdock.core.orders.model import NewLine, PlaceOrder
from crossdock.core.orders.placing import place_together
from crossdock.db.tx import Tx

RECIPIENT: Final = (
    "contact",
    "business_name",
    "address_line1",
    "address_line2",
    "address_line3",
    "city",
    "county",
    "post_code",
    "country_iso",
    "telephone",
    "email",
)
HEAD: Final = ("site", "owner", "company", "service", "reference", "payment", *RECIPIENT)
"""Of the order: the rows of one number say the same, or leave it to one of them."""
COLUMNS: Final = (
    Column(name="number", read=cells.words, required=True, sample="SO-1001"),
    Column(name="sku", read=cells.words, required=True, sample="00131031"),
    Column(name="quantity", read=cells.pieces, required=True, sample="2"),
    Column(name="lot", read=cells.words),
    Column(name="condition", read=cells.one_of("good", "defective"), sample="good"),
    Column(name="site", read=cells.words, sample="WH-1"),
    Column(name="owner", read=cells.words, sample="OWN-A"),
    Column(name="company", read=cells.whole, sample="36"),
    Column(name="service", read=cells.words, sample="Parcel post"),
    Column(name="reference", read=cells.words),
    Column(name="payment", read=cells.one_of("paid", "pending"), sample="paid"),
    *(Column(name=name, read=cells.words) for name in RECIPIENT),
)
READ_ONLY: Final = ("state", "done", "tracking_number", "created_at", "id")


async def apply(tx: Tx, ground: Ground, rows: Sequence[tuple[int, Values]], order_id: OrderId) -> Outcome:
    """Errors: RowsDisagree, NameUnknown, and those of placing and submitting an order."""
    head = _head([values for _, values in rows])
    company = await _company(tx, ground, head)
    site = await _site(tx, ground, head, company)
    owner = await _owner(tx, ground, head)
    service = await _service(tx, ground, head, company)
    said = {"head": head, "lines": [values for _, values in rows]}
    command = PlaceOrder(
        account_id=ground.account.id,
        company_id=company.id,
        kind="outbound",
        number=head["number"],
        dialect=HOUSE,
        type="" if service is None else service.order_type,
        state="draft",
        site_id=site.id,
        sub_inventory_id=owner.id,
        service_id=None if service is None else ServiceId(service.id),
        reference=head.get("reference"),
        recipient={name: head[name] for name in RECIPIENT if name in head},
        content_hash=hashlib.sha256(msgspec.json.encode(said, order="sorted")).digest(),
        payment=head.get("payment", "paid"),
        lines=tuple(
            NewLine(
                line_key=str(line_no),
                sku=values["sku"],
                quantity=values["quantity"],
                lot=values.get("lot", ""),
                condition=values.get("condition", "good"),
            )
            for line_no, (_, values) in enumerate(rows, start=1)
        ),
        actor=ground.actor,
    )
    [order] = await place_together(tx, [command], [order_id])
    if order.id != order_id:
        return Outcome(deed="unchanged", target=order.id)
    placed = await commands.submit(
        tx, account_id=ground.account.id, order_id=order.id, dialect=HOUSE, actor=ground.actor
    )
    return Outcome(deed="created", target=order.id, after={"state": placed.state})


async def undo(tx: Tx, ground: Ground, row: Row) -> None:
    """Errors: StateForbids for an order that has got too far."""
    await commands.cancel(
        tx,
        account_id=ground.account.id,
        order_id=row.target or 0,
        dialect=HOUSE,
        actor=ground.actor,
        reason="its import was undone",
    )


async def page(tx: Tx, ground: Ground, after: int) -> tuple[list[dict[str, str]], int]:
    found = await sql.order_lines_after(
        tx, account_id=ground.account.id, site_id=None if ground.site is None else ground.site.id, after=after
    )
    rows = [
        {
            **{name: str(line.recipient.get(name) or "") for name in RECIPIENT},
            **{name: _text(getattr(line, name)) for name in (*_OWN, *READ_ONLY)},
        }
        for line in found
    ]
    return rows, found[-1].id if found else 0


_OWN: Final = tuple(column.name for column in COLUMNS if column.name not in RECIPIENT)


def _head(rows: Sequence[Values]) -> dict[str, Any]:
    """Errors: RowsDisagree."""
    head: dict[str, Any] = {"number": rows[0]["number"]}
    for name in HEAD:
        said = {values[name] for values in rows if name in values}
        if len(said) > 1:
            raise RowsDisagree(column=name)
        if said:
            head[name] = said.pop()
    return head


async def _company(tx: Tx, ground: Ground, head: Values) -> Company:
    companies = await accounts.companies_of(tx, ground.account.id)
    wanted = head.get("company", companies[0].id if companies else 0)
    for company in companies:
        if company.id == wanted:
            return company
    raise NameUnknown(company=wanted)


async def _site(tx: Tx, ground: Ground, head: Values, company: Company) -> Site:
    if "site" in head:
        found = await accounts.site(tx, account_id=ground.account.id, code=head["site"])
    else:
        found = ground.site or await accounts.warehouse_of(tx, account_id=ground.account.id, company_id=company.id)
    if found is None:
        raise NameUnknown(site=head.get("site", ""))
    return found


async def _owner(tx: Tx, ground: Ground, head: Values) -> SubInventory:
    if "owner" in head:
        found = await accounts.sub_inventory(tx, account_id=ground.account.id, code=head["owner"])
    else:
        found = await accounts.first_sub_inventory(tx, ground.account.id)
    if found is None:
        raise NameUnknown(owner=head.get("owner", ""))
    return found


async def _service(tx: Tx, ground: Ground, head: Values, company: Company) -> DeliveryService | None:
    if "service" not in head:
        return None
    found = await accounts.service_by_name(
        tx, account_id=ground.account.id, company_id=company.id, name=head["service"]
    )
    if found is None:
        raise NameUnknown(service=head["service"])
    return found


def _text(value: Any) -> str:
    return "" if value is None else str(value)


KIND: Final = Kind(
    name="orders",
    columns=COLUMNS,
    key=("number",),
    joined=True,
    apply=apply,
    undo=undo,
    exported=(*(column.name for column in COLUMNS), *READ_ONLY),
    page=page,
)
