"""Whatever a file asks for, asking twice changes nothing more."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossdock.setup.apply import apply
from crossdock.setup.model import PRINTABLE
from crossdock.setup.read import decode
from crossdock.setup.rows import rows_of
from tests.setup.conftest import DIALECTS, Bench

codes = st.text(st.sampled_from("ABC-1 é中.:'\"\\"), min_size=1, max_size=6).filter(lambda code: code == code.strip())
words = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=12)
names = st.from_regex(PRINTABLE).filter(lambda name: len(name) <= 12)
numbers = st.floats(-(2.0**62), 2.0**62).filter(lambda number: number == 0 or abs(number) > 1e-299)
plain = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    numbers,
    words,
    st.datetimes(timezones=st.just(UTC)),
)
documents = st.recursive(
    st.dictionaries(words, plain, max_size=3),
    lambda inner: st.dictionaries(words, st.one_of(inner, st.lists(st.one_of(plain, inner), max_size=3)), max_size=3),
    max_leaves=6,
)
moments = st.integers(0, 250_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def _tables(key: str, keys: Any, needed: dict[str, Any], **optional: Any) -> Any:
    """Lists of tables with different keys, in which any of the optional fields may be absent."""
    table = st.fixed_dictionaries({key: keys, **needed}, optional=optional)
    return st.lists(table, max_size=3, unique_by=lambda entry: entry[key])


opening = st.lists(
    st.fixed_dictionaries(
        {"site": st.just("W"), "sub_inventory": st.just("O"), "quantity": st.integers(1, 10**12)},
        optional={"lot": codes, "condition": st.sampled_from(["good", "defective"])},
    ),
    max_size=3,
    unique_by=lambda entry: (entry.get("lot"), entry.get("condition", "good")),
)
accounts = st.fixed_dictionaries(
    {
        "code": codes,
        "name": names,
        "zone": st.just("Asia/Shanghai"),
        "currency": st.just("CNY"),
        "warehouse": st.just([{"code": "W", "name": "W"}]),
        "sub_inventory": st.just([{"code": "O"}]),
    },
    optional={
        "id": st.integers(1, 2**53 - 1),
        "settings": documents,
        "shop": _tables("code", codes.filter("W".__ne__), {"name": names}, address=documents, active=st.booleans()),
        "credential": _tables(
            "key",
            names,
            {"dialect": st.just("hongxun")},
            secret=words,
            scope=documents,
            valid_from=moments,
            active=st.booleans(),
        ),
        "online_shop": _tables("domain", st.from_regex(r"[a-z0-9.-]{1,9}", fullmatch=True), {}, name=names),
        "product": _tables(
            "sku",
            codes,
            {"name": names},
            price=st.decimals(0, 10**12, places=6),
            weight_g=st.integers(0, 10**9),
            lot_tracked=st.booleans(),
            partner_fields=documents,
            opening=opening,
        ),
    },
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(account=accounts)
async def test_the_second_apply_finds_nothing_to_do(bench: Bench, account: dict[str, Any]) -> None:
    text = decode(f"account = [{_toml(account)}]\n".encode(), name="generated")
    plan = rows_of(text, {}, DIALECTS)

    async with bench.database.transaction() as tx:
        first = await apply(tx, text, plan, seal=bench.seal, dry_run=False)
        second = await apply(tx, text, plan, seal=bench.seal, dry_run=False)
        await tx.execute("TRUNCATE account CASCADE")

    assert len(first) >= 3
    assert second == []


def _toml(value: Any) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{_toml(key)} = {_toml(inner)}" for key, inner in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_toml, value)) + "]"
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case datetime():
            return value.isoformat()
        case bool():
            return str(value).lower()
    return repr(value) if isinstance(value, float) else str(value)
