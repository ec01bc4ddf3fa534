"""The signature: every example and every signed body of the manual, and what clients really send."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.base.errors import BodyMalformed, FieldsInvalid, SignatureWrong
from crossdock.dialects import hongxun
from crossdock.dialects.hongxun import auth
from crossdock.dialects.hongxun.canonical import LEVELS_MAX, PARTS_MAX, Form, canonical, parse
from tests.dialects.hongxun.samples import SECRETS, TIMESTAMP, Example, Sample, examples, samples, sign

SECRET = SECRETS["HXDEMO"]
SAMPLES = [pytest.param(one, id=one.title) for one in samples()]
EXAMPLES = [pytest.param(one, id=one.title) for one in examples()]


def read(body: Any) -> auth.Envelope:
    return auth.read(body.encode() if isinstance(body, str) else json.dumps(body).encode())


def test_no_sample_was_lost() -> None:
    assert len(samples()) == 29
    assert len(examples()) == 3


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_sample_is_signed_as_printed(sample: Sample) -> None:
    auth.verify(read(sample.body), sample.secret)
    assert (
        hongxun.explain(sample.body.encode(), query="", headers={}, secret=sample.secret)[1] == sample.members["sign"]
    )


@pytest.mark.parametrize("sample", SAMPLES)
def test_no_sample_passes_with_another_secret(sample: Sample) -> None:
    with pytest.raises(SignatureWrong):
        auth.verify(read(sample.body), sample.secret[::-1])


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("member", ["createBy", "dataSource", "timestamp", "request"])
def test_no_sample_passes_when_a_part_of_it_changes(sample: Sample, member: str) -> None:
    changed = sample.members
    changed[member] = [changed[member]] if member == "request" else changed[member] + "0"
    with pytest.raises(SignatureWrong):
        auth.verify(read(changed), sample.secret)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_worked_example(example: Example) -> None:
    create_by, data_source = example.text.split("&")[:2]
    body = json.dumps({"createBy": create_by, "dataSource": data_source, "timestamp": TIMESTAMP, "request": 0})
    raw = body.replace('"request": 0', f'"request": {example.request}').encode()

    said = hongxun.explain(raw, query="", headers={}, secret=SECRETS[create_by])

    assert said == (example.text, example.digest)


def test_a_sign_in_capitals_is_the_same() -> None:
    body = sign({"customerNumber": "A1"})
    auth.verify(read(body | {"sign": body["sign"].upper()}), SECRET)


@pytest.mark.parametrize("wrong", ["0" * 32, "签" * 32, "\ud800", "x"])
def test_a_sign_of_anything_else_is_refused(wrong: str) -> None:
    with pytest.raises(SignatureWrong):
        auth.verify(read(sign({"customerNumber": "A1"}) | {"sign": wrong}), SECRET)


def test_a_caller_without_a_secret_is_never_recognised() -> None:
    body = sign({"customerNumber": "A1"}, secret="-")
    text = "HXDEMO&DEMO_ERP&" + '{"customerNumber":"A1"}' + f"&&{TIMESTAMP}"
    with pytest.raises(SignatureWrong):
        auth.verify(read(body | {"sign": auth.signature(text)}), "")


@pytest.mark.parametrize(
    "written",
    [
        '{"a":1}',
        '{"a":1,"b":null}',
    ],
)
def test_null_members_may_be_signed_or_not(written: str) -> None:
    auth.verify(read(sign({"a": 1, "b": None}, write=lambda _: written)), SECRET)


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ('{"a":1.0E+10,"b":1}', Form()),
        ('{"a":1.0E10,"b":1}', Form(literals=True)),
        ('{"a":1.0E+10,"b":1,"c":null}', Form(nulls=True)),
        ('{"a":1.0E10,"b":1,"c":null}', Form(nulls=True, literals=True)),
    ],
)
def test_an_exponent_may_be_signed_as_received(written: str, form: Form) -> None:
    raw = '{"a": 1.0E10, "c": null, "b": 1}'
    body = sign(0, write=lambda _: written)
    envelope = read(json.dumps(body).replace('"request": 0', f'"request": {raw}'))

    auth.verify(envelope, SECRET)
    assert canonical(envelope.request, form) == written


def test_a_number_without_exponent_gets_no_second_try() -> None:
    body = json.dumps(sign(0, write=lambda _: '{"a":-0.0}')).replace('"request": 0', '"request": {"a": -0.0}')
    with pytest.raises(SignatureWrong):
        auth.verify(read(body), SECRET)


@pytest.mark.parametrize("request_", [{"b": [1, {"y": "线"}], "a": ""}, [{"b": 1, "a": 2}]])
def test_the_request_may_come_as_a_text(request_: Any) -> None:
    body = sign(request_)
    envelope = read(body | {"request": json.dumps(request_)})

    auth.verify(envelope, SECRET)
    assert envelope.request == read(body).request


@pytest.mark.parametrize("text", ["", "no json", "3", '"a"', "null"])
def test_a_text_that_holds_no_object_is_refused(text: str) -> None:
    with pytest.raises(FieldsInvalid):
        read(sign({}) | {"request": text})


@pytest.mark.parametrize(
    ("sent", "printed"),
    [
        ("1", "1"),
        ("-1", "-1"),
        ("-0", "0"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("1.10", "1.10"),
        ("100.00", "100.00"),
        ("0.0", "0.0"),
        ("-0.0", "0.0"),
        ("1e3", "1E+3"),
        ("1E-3", "0.001"),
        ("0.0000001", "1E-7"),
        ("1.0E10", "1.0E+10"),
        ("1e99999999999999999999", "1e99999999999999999999"),
    ],
)
def test_numbers_print_as_java_decimals(sent: str, printed: str) -> None:
    assert canonical(parse(sent)) == printed


@pytest.mark.parametrize(
    ("sent", "printed"),
    [
        ({"b": 1, "a": 2, "B": 3}, '{"B":3,"a":2,"b":1}'),
        ({"￿": 1, "😀": 2}, '{"😀":2,"￿":1}'),
        ({"a": None, "b": {"c": None}}, '{"b":{}}'),
        ([None, [], {}, ""], '[null,[],{},""]'),
        ([[{"b": True, "a": False}]], '[[{"a":false,"b":true}]]'),
        ('"\\\b\t\n\f\r', '"\\"\\\\\\b\\t\\n\\f\\r"'),
        ("\x00\x1f\x7f\x9f\u2028\u2029", '"\\u0000\\u001F\\u007F\\u009F\\u2028\\u2029"'),
        ("/<>&'线😀\xa0", '"/<>&\'线😀\xa0"'),
    ],
)
def test_everything_else_prints_as_the_serializer_does(sent: Any, printed: str) -> None:
    assert canonical(parse(json.dumps(sent))) == printed


def test_the_last_of_two_equal_names_wins() -> None:
    assert canonical(parse('{"a": 1, "a": 2}')) == '{"a":2}'


def test_a_byte_order_mark_is_taken() -> None:
    assert canonical(parse(b'\xef\xbb\xbf{"a": 1}')) == '{"a":1}'


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"{'a': 1}", b'{"a": NaN}', b'{"a": 01}', b'{"a": "\xff"}', b'{"a": 1} x']
)
def test_what_is_not_json_is_refused(raw: bytes) -> None:
    with pytest.raises(BodyMalformed):
        parse(raw)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_levels_are_counted_to_the_limit(opening: str, closing: str) -> None:
    def nested(levels: int) -> str:
        return opening * levels + "[]" + closing * levels

    parse(nested(LEVELS_MAX - 1))
    for levels in (LEVELS_MAX, 100_000):
        with pytest.raises(BodyMalformed, match="嵌套"):
            parse(nested(levels))


@pytest.mark.parametrize(("part", "parts"), [("1,", 1), ("[],", 2), ('{"a":1},', 2)])
def test_parts_are_counted_to_the_limit(part: str, parts: int) -> None:
    fitting = (PARTS_MAX - 1) // parts
    rest = ",".join(["1"] * ((PARTS_MAX - 1) % parts + 1))

    parse("[" + part * fitting + rest + "]")
    with pytest.raises(BodyMalformed, match=str(PARTS_MAX)):
        parse("[" + part * fitting + rest + ",1]")


def test_half_a_surrogate_pair_is_explained_as_it_is_signed() -> None:
    body = sign({"a": "?"})
    text, signature = hongxun.explain(
        json.dumps(body | {"request": {"a": "\ud800"}}).encode(), query="", headers={}, secret=SECRET
    )

    assert text == f'HXDEMO&DEMO_ERP&{{"a":"?"}}&{SECRET}&{TIMESTAMP}'
    assert signature == body["sign"]


LEAVES = st.one_of(st.booleans(), st.integers(), st.text())
VALUES = st.recursive(
    LEAVES | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)


def reordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: reordered(value[name]) for name in reversed(value)}
    return [reordered(one) for one in value] if isinstance(value, list) else value


@given(VALUES)
def test_order_of_members_white_space_and_escapes_do_not_matter(value: Any) -> None:
    plain = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    other = json.dumps(reordered(value), indent=3)

    assert canonical(parse(other)) == canonical(parse(plain))


@given(VALUES)
def test_the_text_is_json_of_the_same_value(value: Any) -> None:
    assert json.loads(canonical(parse(json.dumps(value)), Form(nulls=True))) == value


OURS = st.recursive(
    LEAVES | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(OURS)
def test_what_we_write_reads_as_it_was_written(value: Any) -> None:
    written = canonical(value)

    assert canonical(parse(written)) == written


def test_what_is_no_json_is_not_written() -> None:
    with pytest.raises(TypeError):
        canonical({"a": 1.5})


@given(st.lists(LEAVES, min_size=1, max_size=6), st.data())
def test_another_value_is_another_text(leaves: list[Any], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(leaves) - 1))
    new = data.draw(LEAVES.filter(lambda leaf: json.dumps(leaf) != json.dumps(leaves[at])))
    changed = [*leaves[:at], new, *leaves[at + 1 :]]

    def shaped(values: list[Any]) -> Any:
        return {str(index): {"x": [value]} for index, value in enumerate(values)}

    assert canonical(parse(json.dumps(shaped(leaves)))) != canonical(parse(json.dumps(shaped(changed))))


@given(st.from_regex(r"\A-?(0|[1-9][0-9]{0,20})\.[0-9]{0,5}[1-9]0{0,3}\Z"))
def test_the_digits_of_a_decimal_survive(literal: str) -> None:
    if len(literal.split(".")[1]) <= 6:
        assert canonical(parse(f'{{"a": {literal}}}')) == f'{{"a":{literal}}}'
