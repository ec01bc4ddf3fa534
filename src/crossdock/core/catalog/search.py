"""What products can be found by; pieces on shelves are read with them."""

from collections.abc import Sequence
from typing import Final

from crossdock.base.ids import AccountId, CompanyId
from crossdock.core import search as searching
from crossdock.core.catalog.model import Listed, Product, ProductPage
from crossdock.core.search import Criterion, SortKey, Table
from crossdock.db.tx import Tx, columns

_SHELVES = "FROM stock s WHERE s.account_id = product.account_id AND s.product_id = product.id"
_HERE = (
    "FROM stock s JOIN site ON site.account_id = s.account_id AND site.id = s.site_id"
    " WHERE s.account_id = product.account_id AND s.product_id = product.id AND s.condition = 'good'"
    " AND site.company_id = %(here)s"
)
PIECES: Final[dict[str, str]] = {
    "live": f"(SELECT coalesce(sum(s.on_hand), 0)::bigint {_SHELVES} AND s.condition = 'good')",
    "here": f"(SELECT coalesce(sum(s.on_hand), 0)::bigint {_HERE})",
    "locked": f"(SELECT coalesce(sum(s.allocated), 0)::bigint {_HERE})",
    "frozen": f"(SELECT coalesce(sum(s.on_hand), 0)::bigint {_SHELVES} AND s.condition = 'defective')",
}
"""As `Listed` names them."""
STATE: Final = (
    "CASE WHEN deleted_at IS NOT NULL THEN 'deleted' WHEN product.active THEN 'active' ELSE 'preparing' END"
)

TABLE: Final = Table(
    name="product",
    columns=", ".join([columns(Product, of="product"), *(f"{pieces} AS {name}" for name, pieces in PIECES.items())]),
    fields={
        **searching.plain(
            "id",
            "sku",
            "name",
            "name_customs",
            "weight_g",
            "length_mm",
            "width_mm",
            "height_mm",
            "price",
            "serial_tracked",
            "created_at",
            "updated_at",
        ),
        **PIECES,
        "state": STATE,
        "own_name": "(account_id || '-' || id)",
        "shelved": f"EXISTS (SELECT 1 {_SHELVES})",
    },
    documents=frozenset({"partner_fields"}),
    times=frozenset({"created_at", "updated_at"}),
    among={
        "company_id": (
            "site.company_id",
            "EXISTS (SELECT 1 FROM stock s JOIN site ON site.account_id = s.account_id AND site.id = s.site_id"
            " WHERE s.account_id = product.account_id AND s.product_id = product.id AND {condition})",
        )
    },
)
"""`shelved` is true for what has, or had, a shelf; `own_name` the name the house gives every product."""


async def search(
    tx: Tx,
    *,
    account_id: AccountId,
    company_id: CompanyId,
    criteria: Sequence[Criterion],
    sort: Sequence[SortKey],
    start: int,
    limit: int | None,
) -> ProductPage:
    found = await searching.search(
        tx,
        Listed,
        TABLE,
        scope={"account_id": account_id},
        criteria=criteria,
        sort=sort,
        start=start,
        limit=limit,
        here=company_id,
    )
    return ProductPage(found.total, found.rows)
