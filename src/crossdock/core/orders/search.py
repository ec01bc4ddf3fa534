"""Finding orders by any of their fields: composed from the conditions that were given, and from no others."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from crossdock.base.ids import AccountId, CompanyId
from crossdock.core.orders.model import Criterion, Order, OrderPage, SortKey
from crossdock.core.orders.sql import ORDER
from crossdock.db.compose import SQL, Composable, Composed, Identifier, Literal, Placeholder
from crossdock.db.tx import Tx

FIELDS: Final = frozenset(
    {
        "id",
        "number",
        "kind",
        "type",
        "state",
        "dialect",
        "service_id",
        "site_id",
        "reference",
        "tracking_number",
        "created_at",
        "updated_at",
        "finished_at",
        "pieces",
    }
)
PRODUCT: Final = "product_id"
"""Orders that have a line of this product."""
DOCUMENTS: Final = ("recipient", "partner_fields")
"""`recipient.post_code` is the text under that key."""
SECONDS: Final = {f"{name}.second": name for name in ("created_at", "updated_at", "finished_at")}
"""The whole second of a time, which is all that some partners print."""


class Counted(Order, frozen=True, kw_only=True):
    """An order of a page, and how many there are in all."""

    total: int


OPERATORS: Final[dict[str, Callable[[Composable, Composable], Composed]]] = {
    "eq": lambda column, value: SQL("{} = {}").format(column, value),
    "ne": lambda column, value: SQL("{} IS DISTINCT FROM {}").format(column, value),
    "ge": lambda column, value: SQL("{} >= {}").format(column, value),
    "le": lambda column, value: SQL("{} <= {}").format(column, value),
    "gt": lambda column, value: SQL("{} > {}").format(column, value),
    "lt": lambda column, value: SQL("{} < {}").format(column, value),
    "contains": lambda column, value: SQL("strpos(lower({}::text), lower({})) > 0").format(column, value),
    "in": lambda column, value: SQL("{} = ANY ({})").format(column, value),
    "is_null": lambda column, value: SQL("({} IS NULL) = {}").format(column, value),
}


async def search(
    tx: Tx,
    *,
    account_id: AccountId,
    company_id: CompanyId | None,
    criteria: Sequence[Criterion],
    sort: Sequence[SortKey],
    start: int,
    limit: int | None,
) -> OrderPage:
    """Errors: LookupError for a field or an operator that does not exist; the caller maps its own names."""
    params: dict[str, Any] = {"account_id": account_id, "start": start, "limit": limit}
    conditions: list[Composable] = [SQL("account_id = {}").format(Placeholder("account_id"))]
    if company_id is not None:
        conditions.append(SQL("company_id = {}").format(Placeholder("company_id")))
        params["company_id"] = company_id
    for position, criterion in enumerate(criteria):
        name = f"value{position}"
        conditions.append(_condition(criterion, Placeholder(name)))
        params[name] = criterion.value
    where = SQL(" AND ").join(conditions)
    count = SQL("SELECT count(*) FROM orders WHERE {}").format(where)
    # Counted by itself within the statement: the page may then still follow an index and stop at its limit.
    orders: Sequence[Counted] = await tx.many(
        Counted,
        SQL("SELECT {}, ({}) AS total FROM orders WHERE {} ORDER BY {} OFFSET %(start)s LIMIT %(limit)s").format(
            SQL(ORDER), count, where, _order_by(sort)
        ),
        **params,
    )
    total = orders[0].total if orders else await tx.value(count, **params)
    return OrderPage(total, list(orders))


def _condition(criterion: Criterion, value: Composable) -> Composable:
    if criterion.field == PRODUCT:
        return SQL(
            "EXISTS (SELECT 1 FROM order_line l"
            " WHERE l.account_id = orders.account_id AND l.order_id = orders.id AND {})"
        ).format(OPERATORS[criterion.operator](Identifier("l", "product_id"), value))
    return OPERATORS[criterion.operator](column(criterion.field), value)


def column(field: str) -> Composable:
    document, dot, key = field.partition(".")
    if dot and document in DOCUMENTS:
        # Doubled, because the statement has parameters: a single percent sign would begin one.
        return SQL("{} ->> {}").format(Identifier(document), Literal(key.replace("%", "%%")))
    if field in SECONDS:
        return SQL("date_trunc('second', {})").format(Identifier(SECONDS[field]))
    if field not in FIELDS:
        raise LookupError(field)
    return Identifier(field)


def _order_by(sort: Sequence[SortKey]) -> Composable:
    keys: list[Composable] = [
        SQL("{} {}").format(column(key.field), SQL("DESC" if key.descending else "ASC")) for key in sort
    ]
    if not any(key.field == "id" for key in sort):
        keys.append(SQL("id"))
    return SQL(", ").join(keys)
