"""What the signature covers: the vendor's published vector, the contract's, and rules for any parameters."""

import hashlib
import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crossdock.dialects.ovopark import explain
from crossdock.dialects.ovopark.auth import reading_of, sign
from crossdock.dialects.ovopark.errors import SignMethodMissing, SignMethodUnknown
from crossdock.dialects.ovopark.wire import Parameters

SECRET = "6f1c0a9d5be24738a1d2c3b4e5f60718"
IPOS_JSON = (
    '{"shopId":"D001","orderNo":"21382148343292","userName":"Cashier A","machineId":"001",'
    '"startTime":"2019-07-03 01:01:01","endTime":"2019-07-03 01:01:45","orderTime":"2019-07-03 01:01:15",'
    '"orderType":"Online orders","goods":[{"goodsId":"00131031","goodsPrice":998,"goodsName":"Nike","goodsNums":1,'
    '"boxNo":"box001","batchNo":"B20190703","scanTime":"2019-07-03 01:01:10",'
    '"skus":[{"skuKeyId":2,"skuValue":"Sports"}]}]}'
)
SEND_ORDER = {
    "_aid": "S107",
    "_akey": "S107-00009901",
    "_format": "json",
    "_mt": "open.ovopark.storehouse.sendOrder",
    "_requestMode": "POST",
    "_sm": "md5",
    "_timestamp": "20240115093000",
    "_version": "v2",
    "enterpriseId": "1",
    "iposJson": IPOS_JSON,
    "orgId": "1",
}

names = st.text(min_size=1, max_size=12).filter(lambda name: name not in ("_sig", "_sm"))
values = st.text(max_size=20)
parameter_sets = st.dictionaries(names, values, max_size=8).map(lambda found: {**found, "_sm": "md5"})


def test_published_vector() -> None:
    text, signature = sign(
        {
            "_aid": "S107",
            "_akey": "test",
            "_mt": "open.demo.queryOpenAccount",
            "_requestMode": "post",
            "_sm": "md5",
            "_timestamp": "20171221132407",
            "_version": "v1",
            "orgid": "1",
        },
        "test",
    )

    assert text == (
        "test_aidS107_akeytest_mtopen.demo.queryOpenAccount_requestModepost_smmd5"
        "_timestamp20171221132407_versionv1orgid1test"
    )
    assert signature == "5489704B80A47394025527D6D51FB582"


@pytest.mark.parametrize(
    ("method", "signature"),
    [
        ("md5", "45ECB65A5A84A8768B795CAA62713087"),
        ("sha1", "DE8676D974E887C9D9052AD407E85BF75CD075FC"),
    ],
)
def test_vectors_of_send_order(method: str, signature: str) -> None:
    assert sign({**SEND_ORDER, "_sm": method}, SECRET)[1] == signature


def test_sha256_is_over_the_same_text() -> None:
    text, signature = sign({**SEND_ORDER, "_sm": "sha256"}, SECRET)

    assert "_smsha256_timestamp" in text
    assert signature == hashlib.sha256(text.encode()).hexdigest().upper()


def test_vector_with_an_empty_value() -> None:
    text, signature = sign(
        {
            "_aid": "S107",
            "_akey": "S107-00009901",
            "_format": "json",
            "_mt": "open.gateway.getBusinessOrg",
            "_requestMode": "post",
            "_sm": "md5",
            "_timestamp": "20240115093000",
            "_version": "v1",
            "orgid": "1",
            "pageNumber": "",
            "pageSize": "20",
        },
        SECRET,
    )

    assert text.endswith(f"orgid1pageNumberpageSize20{SECRET}")
    assert signature == "621B04FE89D75ACAD951C0B6B90E3F19"


@pytest.mark.parametrize("method", ["rsa", "", "md4"])
def test_other_algorithms_are_refused(method: str) -> None:
    with pytest.raises(SignMethodUnknown):
        sign({**SEND_ORDER, "_sm": method}, SECRET)


@pytest.mark.parametrize("method", ["MD5", "Md5"])
def test_the_algorithm_is_named_in_any_case(method: str) -> None:
    assert len(sign({**SEND_ORDER, "_sm": method}, SECRET)[1]) == 32


def test_names_are_sorted_by_code_unit() -> None:
    text, _ = sign({"endhour": "3", "endTime": "2", "_sm": "md5", "DataUser": "1"}, "s")

    assert text == "sDataUser1_smmd5endTime2endhour3s"


@given(parameters=parameter_sets, shuffled=st.randoms())
def test_the_order_of_parameters_does_not_matter(parameters: dict[str, str], shuffled: object) -> None:
    items = list(parameters.items())
    shuffled.shuffle(items)  # type: ignore[attr-defined]

    assert sign(dict(items), SECRET) == sign(parameters, SECRET)


@given(parameters=parameter_sets, name=names)
def test_an_empty_value_is_signed_by_its_name(parameters: dict[str, str], name: str) -> None:
    assume(name not in parameters)

    with_empty = sign({**parameters, name: ""}, SECRET)

    assert len(with_empty[0]) == len(sign(parameters, SECRET)[0]) + len(name)
    assert with_empty[1] != sign(parameters, SECRET)[1]


@given(parameters=parameter_sets, data=st.data())
def test_a_changed_value_breaks_it(parameters: dict[str, str], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(parameters)).filter(lambda found: found != "_sm") | names)
    value = data.draw(values)
    assume(parameters.get(name) != value)
    good = _signed(parameters)

    assert reading_of(good, SECRET) is good
    assert reading_of(Parameters(signed={**good.signed, name: value}), SECRET) is None


@given(parameters=parameter_sets)
def test_another_secret_breaks_it(parameters: dict[str, str]) -> None:
    assert reading_of(_signed(parameters), SECRET[::-1]) is None


@given(parameters=parameter_sets)
def test_a_signature_in_lower_case_is_refused(parameters: dict[str, str]) -> None:
    _, signature = sign(parameters, SECRET)
    assume(signature != signature.lower())

    assert reading_of(Parameters(signed={**parameters, "_sig": signature.lower()}), SECRET) is None


def test_explain_reads_query_and_form() -> None:
    query = "&".join(f"{name}={value}" for name, value in SEND_ORDER.items() if name != "iposJson")
    form = b"iposJson=" + IPOS_JSON.replace(" ", "+").encode()

    text, signature = explain(
        form, query=query, headers={"Content-Type": "application/x-www-form-urlencoded"}, secret=SECRET
    )

    assert text.startswith(f"{SECRET}_aidS107_akeyS107-00009901")
    assert signature == "45ECB65A5A84A8768B795CAA62713087"


def test_explain_leaves_a_json_body_beside_a_query_out() -> None:
    query = (
        "_aid=DC-009901&_akey=a3f0c1d2e4b5968778695a4b3c2d1e0f&_mt=open.shopweb.device.startPlayRecReq"
        "&_sm=md5&_requestMode=POST&_version=v3&_timestamp=20240115093000"
    )

    _, signature = explain(
        b'{"deviceId":1}', query=query, headers={"content-type": "application/json"}, secret=SECRET
    )

    assert signature == "8B5D369EB5C7A086CB223402C71D884B"


def test_explain_takes_an_unlabelled_body_for_what_it_looks_like() -> None:
    form = "&".join(f"{name}={value}" for name, value in SEND_ORDER.items()).replace(" ", "+").encode()
    flat = json.dumps(SEND_ORDER).encode()

    for body in (form, form + b"\n", flat, b" " + flat + b"\r\n"):
        assert explain(body, query="", headers={}, secret=SECRET)[1] == "45ECB65A5A84A8768B795CAA62713087"


def test_explain_says_what_is_missing() -> None:
    with pytest.raises(SignMethodMissing):
        explain(b"", query="", headers={"x": "王"}, secret=SECRET)
    with pytest.raises(SignMethodUnknown):
        explain(b"", query="_sm=rsa", headers={}, secret=SECRET)


def _signed(parameters: dict[str, str]) -> Parameters:
    return Parameters(signed={**parameters, "_sig": sign(parameters, SECRET)[1]})
