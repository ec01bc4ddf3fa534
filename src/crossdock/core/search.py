"""Finding rows of any table by any of their fields: composed from the conditions that were given, and no others.

What a table can be asked by is data. A total that the database keeps (see `Table.tally`) is read, not counted; any
other is counted in one pass over what fits, and the page is cut out of that same pass: a plan that follows another
index in the hope of meeting the page early would read a million rows where the hope is wrong.

A page far behind in the order of keys is found by what the tally keeps of each block of them (`Blocks`): from wide
blocks to narrow ones it is summed up in which block the page begins, and only that one is walked through.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any, Final, Generic, Protocol, TypeVar

from msgspec import Struct

from crossdock.db.compose import SQL, Composable, Composed, Identifier, Literal, Placeholder
from crossdock.db.tx import Tx

NUMBER: Final = ".number"
"""After a document's key: its text as a number, null where it is none."""
AMOUNT: Final = ".amount"
"""As NUMBER, but 0 where it is none: of what is printed as 0 until somebody says more."""
SECOND: Final = ".second"
"""After a time: its whole second, which is all that some partners print."""
IS_NULL: Final = "is_null"
BRANCHES_MAX: Final = 24
"""Ordered walks through an index that are merged into one; each is planned by itself."""
SKIPPED_MAX: Final = 1_000
"""Rows before a page that are walked past, rather than looking for the block in which it begins."""
STATEMENTS_MAX: Final = 512
"""Statements that are kept: partners ask for the same few again and again, with other values."""


class Criterion(Struct, frozen=True):
    """One condition of a search: a field of the table, one of OPERATORS, a value."""

    field: str
    operator: str
    value: Any


class SortKey(Struct, frozen=True):
    field: str
    descending: bool = False


class Blocks(Struct, frozen=True, kw_only=True):
    """Counts of a tally by block of keys: the key divided by a width. Of each width all rows are in it once."""

    name: str
    """Its columns are the tally's, `width` and `block`; rows of the tally with a `block` are not in it yet."""
    widths: tuple[int, ...]
    """From the widest; each is a multiple of the next. The tally's own blocks are of the last."""


class Tally(Struct, frozen=True, kw_only=True):
    """Counts that the database keeps of a table's rows."""

    name: str
    count: str
    """Its column of how many; the sum is the total."""
    fields: frozenset[str]
    """What it counts by; both tables name the columns alike."""
    walked: tuple[str, ...]
    """Which of them lead an index of the table that goes on by its key."""
    blocks: Blocks | None = None
    scope: frozenset[str] = frozenset()
    """Columns the index begins with: without them all no block is looked for."""


class Table(Struct, frozen=True, kw_only=True, eq=False):
    """What can be asked of a table. All texts are ours and are put into statements as they stand."""

    name: str
    columns: str
    """What is read of each row."""
    fields: Mapping[str, str]
    """Field -> the expression that gives it."""
    key: str = "id"
    documents: frozenset[str] = frozenset()
    """jsonb columns: `recipient.post_code` is the text under that key."""
    times: frozenset[str] = frozenset()
    among: Mapping[str, tuple[str, str]] = {}
    """Field of a table below this one -> its expression, and `EXISTS (... {condition})` around the condition."""
    tally: Tally | None = None


def plain(*names: str) -> dict[str, str]:
    """Fields that are columns."""
    return {name: name for name in names}


class Counted(Protocol):
    """A row of a page that also says how many rows there are in all."""

    @property
    def total(self) -> int: ...


R = TypeVar("R", bound=Counted)


class Found(Struct, Generic[R], frozen=True):
    total: int
    rows: list[R]


OPERATORS: Final[dict[str, Callable[[Composable, Composable], Composed]]] = {
    "eq": lambda column, value: SQL("{} = {}").format(column, value),
    "ne": lambda column, value: SQL("{} IS DISTINCT FROM {}").format(column, value),
    "ge": lambda column, value: SQL("{} >= {}").format(column, value),
    "le": lambda column, value: SQL("{} <= {}").format(column, value),
    "gt": lambda column, value: SQL("{} > {}").format(column, value),
    "lt": lambda column, value: SQL("{} < {}").format(column, value),
    "contains": lambda column, value: SQL("strpos(lower(({})::text), lower({})) > 0").format(column, value),
    "in": lambda column, value: SQL("{} = ANY ({})").format(column, value),
    IS_NULL: lambda column, value: SQL("({} IS NULL) = {}").format(column, value),
}


async def search(
    tx: Tx,
    kind: type[R],
    table: Table,
    *,
    scope: Mapping[str, Any],
    criteria: Sequence[Criterion],
    sort: Sequence[SortKey] = (),
    start: int = 0,
    limit: int | None,
    **params: Any,
) -> Found[R]:
    """One page of what fits all criteria, and how many fit; by key where `sort` does not decide.

    `scope` holds columns every row must have, `params` what the table's own texts ask for. `limit` None is all.
    Errors: LookupError for a field or an operator that does not exist; the caller maps its own names.
    """
    shape, values = _asked(table, scope, criteria, sort)
    params = {**params, **values, "start": start, "limit": limit}
    rows: list[R] = await tx.many(kind, _page(table, shape, far=start > SKIPPED_MAX), **params)
    if rows:
        return Found(rows[0].total, rows)
    if not start and limit != 0:
        return Found(0, rows)
    return Found(int(await tx.value(SQL("SELECT {}").format(_Asked(table, shape).total()), **params)), rows)


def expression(table: Table, field: str) -> Composable:
    """Errors: LookupError."""
    if field in table.fields:
        return SQL(table.fields[field])
    if field.endswith(SECOND) and field.removesuffix(SECOND) in table.times:
        return SQL("date_trunc('second', {})").format(expression(table, field.removesuffix(SECOND)))
    document, dot, key = field.partition(".")
    if not dot or document not in table.documents:
        raise LookupError(field)
    if key.endswith(AMOUNT):
        return SQL("coalesce({}, 0)").format(_number_under(document, key.removesuffix(AMOUNT)))
    if key.endswith(NUMBER):
        return _number_under(document, key.removesuffix(NUMBER))
    return _text_under(document, key)


class _Condition(Struct, frozen=True):
    """A criterion without its value."""

    field: str
    operator: str
    values: int | None
    """Of a list that may be split into one walk for each: how many different ones, BRANCHES_MAX + 1 at most."""


class _Shape(Struct, frozen=True):
    """All of a search that its statement depends on: everything but the values."""

    scope: tuple[str, ...]
    conditions: tuple[_Condition, ...]
    sort: tuple[SortKey, ...]


def _asked(
    table: Table, scope: Mapping[str, Any], criteria: Sequence[Criterion], sort: Sequence[SortKey]
) -> tuple[_Shape, dict[str, Any]]:
    """The shape of a search, and its values by the names they have in the statement."""
    values = {f"scope_{name}": value for name, value in scope.items()}
    conditions = []
    for position, criterion in enumerate(criteria):
        operator, value, number = criterion.operator, criterion.value, None
        if table.tally is not None and criterion.field in table.tally.walked and criterion.operator == "in":
            different = list(dict.fromkeys(criterion.value))[: BRANCHES_MAX + 1]
            number = len(different)
            values |= {_pinned(position, which): one for which, one in enumerate(different)}
        elif operator == "in" and len(value) == 1:
            operator, (value,) = "eq", value
        values[f"value{position}"] = value
        conditions.append(_Condition(criterion.field, operator, number))
    return _Shape(tuple(scope), tuple(conditions), tuple(sort)), values


@lru_cache(STATEMENTS_MAX)
def _page(table: Table, shape: _Shape, *, far: bool) -> str:
    """The statement of one page; `far` is one that begins behind SKIPPED_MAX rows."""
    asked = _Asked(table, shape)
    if not asked.is_tallied:
        return asked.passed().as_string()
    if far and (blocks := asked.blocks()) is not None:
        return asked.leapt(blocks).as_string()
    return asked.walked().as_string()


def _pinned(position: int, number: int) -> str:
    """What one value of a split condition is called."""
    return f"value{position}_{number}"


class _Asked:
    """A search on its way to a statement."""

    def __init__(self, table: Table, shape: _Shape) -> None:
        self._table = table
        self._conditions = shape.conditions
        self._sort = shape.sort
        self._scope = [
            SQL("{} = {}").format(Identifier(table.name, name), Placeholder(f"scope_{name}")) for name in shape.scope
        ]
        self._scope_names = shape.scope

    @property
    def is_tallied(self) -> bool:
        tally = self._table.tally
        return tally is not None and all(one.field in tally.fields for one in self._conditions)

    def total(self) -> Composable:
        """How many fit, as a value in a statement."""
        if self._table.tally is None or not self.is_tallied:
            return SQL("(SELECT count(*) FROM {} WHERE {})").format(Identifier(self._table.name), self._where())
        return SQL("(SELECT coalesce(sum({count}), 0)::bigint FROM {tally} WHERE {kept})").format(**self._tallied())

    def _tallied(self) -> dict[str, Composable]:
        """What the tally is asked by. Errors: LookupError where there is none."""
        tally = self._table.tally
        if tally is None:
            raise LookupError(self._table.name)
        scope = [SQL("{} = {}").format(Identifier(name), Placeholder(f"scope_{name}")) for name in self._scope_names]
        return {
            "count": Identifier(tally.count),
            "tally": Identifier(tally.name),
            "kept": SQL(" AND ").join([*scope, *self._compared()]),
        }

    def passed(self) -> Composed:
        """One pass over what fits; the total and the page are taken from it."""
        return SQL(
            "WITH fitting AS MATERIALIZED (SELECT {key} AS page_key{sorted} FROM {table} WHERE {where})"
            " SELECT {columns}, (SELECT count(*) FROM fitting) AS total"
            " FROM (SELECT * FROM fitting ORDER BY {order} OFFSET %(start)s LIMIT %(limit)s) page"
            " JOIN {table} ON {key} = page_key ORDER BY {order}"
        ).format(where=self._where(), **self._parts())

    def walked(self) -> Composed:
        """Along an index until the page is full; the total is the tally's."""
        return SQL(
            "SELECT {columns}, {total} AS total FROM (SELECT * FROM ({walks}) walk"
            " ORDER BY {order} OFFSET %(start)s LIMIT %(limit)s) page"
            " JOIN {table} ON {key} = page_key ORDER BY {order}"
        ).format(total=self.total(), walks=self._walks(), **self._parts())

    def blocks(self) -> Blocks | None:
        """By which the page can be found; None where it is not in the order of keys, or of too much at once."""
        tally = self._table.tally
        if tally is None or not tally.scope.issubset(self._scope_names) or not self._is_by_key:
            return None
        return tally.blocks

    def leapt(self, blocks: Blocks) -> Composed:
        """As walked, from the block on in which the page begins. One statement, so that it is one moment's counts."""
        narrowest = SQL("(SELECT block FROM at{})").format(SQL(str(len(blocks.widths) - 1)))
        return SQL(
            "WITH came AS MATERIALIZED (SELECT block, sum({count})::bigint AS rows FROM {tally}"
            " WHERE {kept} AND block IS NOT NULL GROUP BY block), {leaps}"
            " SELECT {columns}, {total} AS total FROM (SELECT * FROM ({walks}) walk"
            " ORDER BY {order} OFFSET (SELECT %(start)s - past FROM at{last}) LIMIT %(limit)s) page"
            " JOIN {table} ON {key} = page_key ORDER BY {order}"
        ).format(
            **self._tallied(),
            leaps=SQL(", ").join(self._leap(blocks, number) for number in range(len(blocks.widths))),
            total=self.total(),
            walks=self._walks(self._from(narrowest, blocks.widths[-1])),
            last=SQL(str(len(blocks.widths) - 1)),
            **self._parts(),
        )

    def _leap(self, blocks: Blocks, number: int) -> Composable:
        """Of the blocks of one width the one with the page's first row, and how many rows are past before it."""
        width = blocks.widths[number]
        return SQL(
            "at{number} AS MATERIALIZED (SELECT block, past FROM (SELECT block, rows,"
            " {past} + (sum(rows) OVER (ORDER BY block {direction}))::bigint - rows AS past"
            " FROM (SELECT block, sum(rows)::bigint AS rows FROM ("
            "SELECT block, {count} AS rows FROM {blocks} WHERE {kept} AND width = {width} AND {within}"
            " UNION ALL SELECT block, rows FROM (SELECT block / {share} AS block, rows FROM came) came WHERE {within}"
            ") every GROUP BY block) each) run"
            " WHERE past <= %(start)s AND past + rows > %(start)s)"
        ).format(
            number=SQL(str(number)),
            past=SQL(f"(SELECT past FROM at{number - 1})" if number else "0"),
            direction=SQL("DESC" if self._descends else "ASC"),
            blocks=Identifier(blocks.name),
            width=SQL(str(width)),
            within=_within(blocks, number),
            share=SQL(str(width // blocks.widths[-1])),
            **self._tallied(),
        )

    @property
    def _is_by_key(self) -> bool:
        return all(key.field == self._table.key for key in self._sort)

    @property
    def _descends(self) -> bool:
        """Of an order by key: what is named a second time orders nothing any more."""
        return bool(self._sort) and self._sort[0].descending

    def _from(self, block: Composable, width: int) -> Composable:
        """Keys of this block and of those after it in the order asked for."""
        bound = "{key} < ({block} + 1) * {width}" if self._descends else "{key} >= {block} * {width}"
        return SQL(bound).format(block=block, width=SQL(str(width)), **self._parts())

    def _walks(self, *bounds: Composable) -> Composable:
        """One for each combination of the values an index leads by: each is in order, and merging keeps it."""
        walk = SQL("SELECT {key} AS page_key{sorted} FROM {table} WHERE ").format(**self._parts())
        branches = self._branches()
        if branches is None:
            return SQL("{}{}").format(walk, SQL(" AND ").join([self._where(), *bounds]))
        rest = [self._condition(position) for position in range(len(self._conditions)) if position not in branches]
        # Each says its order itself: from an order that is asked of all together no index is followed.
        order = _ordered("page_key", descending=self._descends)
        walks = [
            SQL("({}{} ORDER BY {})").format(walk, SQL(" AND ").join([*self._scope, *pinned, *rest, *bounds]), order)
            for pinned in product(*branches.values())
        ]
        return SQL(" UNION ALL ").join(walks)

    def _branches(self) -> dict[int, list[Composable]] | None:
        """Conditions to be split, by position, into one for each value; None where there is nothing to split."""
        tally = self._table.tally
        if tally is None or not self._is_by_key:
            return None
        split = {position: one.values for position, one in enumerate(self._conditions) if one.values is not None}
        if not split or not 1 <= prod(split.values()) <= BRANCHES_MAX:
            return None
        return {
            position: [self._of_one(position, number) for number in range(values)]
            for position, values in split.items()
        }

    def _of_one(self, position: int, number: int) -> Composable:
        field = expression(self._table, self._conditions[position].field)
        return OPERATORS["eq"](field, Placeholder(_pinned(position, number)))

    def _where(self) -> Composable:
        return SQL(" AND ").join([*self._scope, *self._compared()])

    def _compared(self) -> list[Composable]:
        return [self._condition(position) for position in range(len(self._conditions))]

    def _condition(self, position: int) -> Composable:
        criterion, value = self._conditions[position], Placeholder(f"value{position}")
        operator = OPERATORS[criterion.operator]
        if criterion.field in self._table.among:
            column, around = self._table.among[criterion.field]
            if criterion.operator == IS_NULL:  # of none below this one it is set
                set_ = SQL(around).format(condition=SQL("{} IS NOT NULL").format(SQL(column)))
                return SQL("{} <> {}").format(set_, value)
            return SQL(around).format(condition=operator(SQL(column), value))
        return operator(expression(self._table, criterion.field), value)

    def _parts(self) -> dict[str, Composable]:
        keys = [key for key in self._sort if key.field != self._table.key]
        sorted_ = [
            SQL(", {} AS {}").format(expression(self._table, key.field), Identifier(f"page_{position}"))
            for position, key in enumerate(keys)
        ]
        names = {key.field: f"page_{position}" for position, key in enumerate(keys)} | {self._table.key: "page_key"}
        order = [_ordered(names[key.field], descending=key.descending) for key in self._sort]
        if not any(key.field == self._table.key for key in self._sort):
            order.append(_ordered("page_key", descending=False))
        return {
            "table": Identifier(self._table.name),
            "key": Identifier(self._table.name, self._table.key),
            "columns": SQL(self._table.columns),
            "sorted": SQL("").join(sorted_),
            "order": SQL(", ").join(order),
        }


def _within(blocks: Blocks, number: int) -> Composable:
    """Blocks of one width in the wider block that was found before."""
    if not number:
        return SQL("true")
    share = blocks.widths[number - 1] // blocks.widths[number]
    wider = f"block * {share} FROM at{number - 1}"
    return SQL(f"block >= (SELECT {wider}) AND block < {share} + (SELECT {wider})")


def _ordered(name: str, *, descending: bool) -> Composable:
    return SQL("{} {}").format(Identifier(name), SQL("DESC" if descending else "ASC"))


def _number_under(document: str, key: str) -> Composable:
    number = SQL("CASE WHEN {text} ~ '^-?[0-9]{{1,18}}([.][0-9]{{1,18}})?$' THEN ({text})::numeric END")
    return number.format(text=_text_under(document, key))


def _text_under(document: str, key: str) -> Composable:
    # Doubled, because the statement has parameters: a single percent sign would begin one.
    return SQL("{} ->> {}").format(Identifier(document), Literal(key.replace("%", "%%")))
