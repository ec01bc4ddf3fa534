"""Goods in one text: what is written by each generation's rule is read as it was meant."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.dialects.birdsystem import refs
from crossdock.dialects.birdsystem.errors import ValueInvalid, ValueRequired
from crossdock.dialects.birdsystem.refs import PassedOn, Stocked

WORD = st.text("abcXYZ019 .,:/-_?=äé飞鸟", min_size=1, max_size=12).map(str.strip).filter(bool)
QUANTITY = st.integers(1, refs.QUANTITY_MAX)
MAYBE = st.none() | WORD


def written(values: list[str | None]) -> str:
    """`||` before each, as far as the last that is there."""
    while values and values[-1] is None:
        values.pop()
    return "".join(f"||{value or ''}" for value in values)


STOCKED = st.builds(
    Stocked, ref=WORD, quantity=QUANTITY, ebay_transaction_id=MAYBE, ebay_item_no=MAYBE, sales_price=MAYBE
)
SHARED = st.builds(Stocked, ref=st.integers(0, 10**18 - 1).map(str), owner=WORD, quantity=QUANTITY, sales_price=MAYBE)
FIRST = st.builds(PassedOn, name=WORD, quantity=QUANTITY, price=MAYBE, weight=MAYBE, property=MAYBE)
SECOND = st.builds(
    PassedOn,
    name=WORD,
    name_cn=MAYBE,
    sku=MAYBE,
    quantity=QUANTITY,
    price=MAYBE,
    weight=MAYBE,
    property=MAYBE,
    image=MAYBE,
)
THIRD = st.builds(
    PassedOn,
    name=WORD,
    name_cn=MAYBE,
    sku=MAYBE,
    quantity=QUANTITY,
    **dict.fromkeys(refs.THIRD, MAYBE),
)


def stocked_text(item: Stocked) -> str:
    ref = item.ref if item.owner is None else f"{item.owner}#{item.ref}#D"
    return f"{ref}*{item.quantity}" + written([item.ebay_transaction_id, item.ebay_item_no, item.sales_price])


def first_text(item: PassedOn) -> str:
    return f"{item.name}{written([item.price, item.weight, item.property])}*{item.quantity}"


def head(item: PassedOn) -> str:
    return f"{item.name}##{item.name_cn or ''}##{item.sku or ''}"


def second_text(item: PassedOn) -> str:
    rest = written([item.price, item.weight, item.property, item.image]) or "||"
    return f"{head(item)}{rest}*{item.quantity}"


def third_text(item: PassedOn) -> str:
    return f"{head(item)}*{item.quantity}" + written([getattr(item, name) for name in refs.THIRD])


@given(st.lists(STOCKED | SHARED, min_size=1, max_size=5))
def test_stocked_goods_are_read_as_written(items: list[Stocked]) -> None:
    assert refs.stocked("+".join(map(stocked_text, items))) == items


@given(
    st.lists(
        st.tuples(st.just(first_text), FIRST)
        | st.tuples(st.just(second_text), SECOND)
        | st.tuples(st.just(third_text), THIRD),
        min_size=1,
        max_size=5,
    )
)
def test_goods_passed_on_are_read_as_written_by_any_generation(items: list[tuple[Any, PassedOn]]) -> None:
    assert refs.passed_on("+".join(write(item) for write, item in items)) == [item for _, item in items]


@given(st.text("ab1*#|+ D", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (refs.stocked, refs.passed_on):
        try:
            assert all(1 <= item.quantity <= refs.QUANTITY_MAX for item in read(text))
        except (ValueInvalid, ValueRequired):
            pass


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("15591*1+215312*1", [Stocked(ref="15591", quantity=1), Stocked(ref="215312", quantity=1)]),
        ("15591", [Stocked(ref="15591", quantity=1)]),
        (" 15591 * 3 + AB*C*2 ", [Stocked(ref="15591", quantity=3), Stocked(ref="AB*C", quantity=2)]),
        ("7||T-1||I-1||9.99", [
            Stocked(ref="7", quantity=1, ebay_transaction_id="T-1", ebay_item_no="I-1", sales_price="9.99")
        ]),
        ("7*2||||I-1", [Stocked(ref="7", quantity=2, ebay_item_no="I-1")]),
        ("12#34#D*2", [Stocked(ref="34", owner="12", quantity=2)]),
        ("12#34", [Stocked(ref="12#34", quantity=1)]),
        ("7*00012", [Stocked(ref="7", quantity=12)]),
    ],
)  # fmt: skip
def test_stocked(text: str, items: list[Stocked]) -> None:
    assert refs.stocked(text) == items


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("Cola||14||10||其它*2", PassedOn(name="Cola", price="14", weight="10", property="其它", quantity=2)),
        ("Cola##可乐##47-1||14||10||其它||http://a.example/c.png*2", PassedOn(
            name="Cola", name_cn="可乐", sku="47-1", price="14", weight="10", property="其它",
            image="http://a.example/c.png", quantity=2,
        )),
        ("Cola##可乐##47-1*2||14||10||其它,插头||||20||2202||CN||T||I", PassedOn(
            name="Cola", name_cn="可乐", sku="47-1", price="14", weight="10", property="其它,插头", sales_price="20",
            commodity_code="2202", origin="CN", ebay_transaction_id="T", ebay_item_no="I", quantity=2,
        )),
        ("Cola*2", PassedOn(name="Cola", quantity=2)),
        ("Cola", PassedOn(name="Cola", quantity=1)),
    ],
)  # fmt: skip
def test_passed_on(text: str, item: PassedOn) -> None:
    assert refs.passed_on(text) == [item]


@pytest.mark.parametrize("text", ["", "  "])
def test_nothing_is_required(text: str) -> None:
    with pytest.raises(ValueRequired):
        refs.stocked(text)
    with pytest.raises(ValueRequired):
        refs.passed_on(text)


@pytest.mark.parametrize("text", ["1+", "+1", "1++2", "*2", "7*0", "7*32768", "7*99999999999", "7||a||b||c||d"])
def test_what_is_no_stocked_product(text: str) -> None:
    with pytest.raises(ValueInvalid):
        refs.stocked(text)


@pytest.mark.parametrize("text", ["##x##y*2", "a##b##c##d*1", "a||1||2||3||4*1", "a*0||1", "*1", "a*1" + "||x" * 10])
def test_what_is_nothing_to_pass_on(text: str) -> None:
    with pytest.raises(ValueInvalid):
        refs.passed_on(text)


def test_the_most_of_all() -> None:
    assert refs.stocked(f"7*{refs.QUANTITY_MAX}")[0].quantity == refs.QUANTITY_MAX
    assert len(refs.stocked("+".join(["7"] * refs.ITEMS_MAX))) == refs.ITEMS_MAX
    with pytest.raises(ValueInvalid):
        refs.stocked("+".join(["7"] * (refs.ITEMS_MAX + 1)))
