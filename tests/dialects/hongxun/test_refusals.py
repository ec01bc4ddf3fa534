"""No is said in the envelope, whatever went wrong; who may call, in which order it is looked at."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, get_args

import pytest
from structlog.testing import capture_logs

import crossdock.base.errors as base
from crossdock.base.clock import HeldClock
from crossdock.base.ids import AccountId, CredentialId
from crossdock.core.accounts.errors import CompanyUnknown
from crossdock.core.accounts.model import Account, Caller, Credential
from crossdock.core.orders.errors import OrderUnknown, ReferenceTaken, StateForbids
from crossdock.core.orders.model import MOVES, Kind
from crossdock.core.stock.errors import OutOfStock
from crossdock.core.stock.model import Condition
from crossdock.dialects.hongxun import DIALECT, auth, words
from crossdock.edge.request import Request
from tests.dialects.hongxun.samples import SECRETS, sign

NOW = datetime(2024, 8, 1, 23, 10, 41, tzinfo=UTC)
PATH = "/dtc/esboms/stockQuery"


def request(*, method: str = "POST", path: str = PATH, body: bytes = b"") -> Request:
    return Request(method=method, path=path, query_string=b"", headers=[], body=body)


def desk(now: datetime = NOW, **credential: Any) -> Any:
    """A desk that knows one customer."""
    held = Credential(
        id=CredentialId(1),
        account_id=AccountId(47),
        dialect="hongxun",
        key="HXDEMO&DEMO_ERP",
        secret=SECRETS["HXDEMO"],
        **({"scope": {"role": "customer"}} | credential),
    )
    account = Account(id=AccountId(47), code="demo", name="demo", zone="Asia/Shanghai", currency="CNY")

    async def caller(dialect: str, key: str) -> Caller | None:
        found = (dialect, key) == (held.dialect, held.key)
        return Caller(credential=held, account=account) if found else None

    return SimpleNamespace(clock=HeldClock(now), accounts=SimpleNamespace(caller=caller, used=lambda *_: None))


async def opened(body: dict[str, Any], at: Any, **where: Any) -> Any:
    return await DIALECT.open(at, request(body=json.dumps(body).encode(), **where))


@pytest.mark.parametrize(
    ("error", "status", "code", "message"),
    [
        (base.BodyMalformed(reason="不是合法的JSON"), 200, 400, "参数错误:body 不是合法的JSON"),
        (base.FieldsInvalid(complaints=["a 不能为空", "b 不能为空"]), 200, 400, "参数错误:a 不能为空;b 不能为空"),
        (base.CallerUnknown(), 200, 401, "签名校验失败"),
        (base.SignatureWrong(), 200, 401, "签名校验失败"),
        (base.Denied(), 200, 403, "无权限"),
        (CompanyUnknown(site="X"), 200, 403, "无权限"),
        (OrderUnknown(number="RK1"), 200, 404, "单据不存在:RK1"),
        (base.PathUnknown(path="/dtc/x"), 404, 404, "接口不存在:/dtc/x"),
        (base.MethodNotAllowed(method="GET"), 405, 405, "请求方式不支持:GET"),
        (base.ClockSkew(), 200, 408, "请求已过期"),
        (OutOfStock(sku="P-7001", available=3, wanted=5), 200, 409, "库存不足:P-7001 可用3"),
        (StateForbids(id=1, number="RK1", state="receiving", wanted="x"), 200, 409, "单据状态不允许:PARTFULFILLED"),
        (ReferenceTaken(reference="x"), 200, 409, "单据状态不允许"),
        (base.BodyTooLarge(bytes_max=1), 200, 413, "报文过大"),
        (base.TooManyRequests(), 200, 429, "请求过于频繁"),
        (base.Overloaded(waiting=1), 200, 500, "系统异常"),
        (base.DiskFull(), 200, 500, "系统异常"),
        (base.Unforeseen(trace_id="ab"), 200, 500, "系统异常"),
    ],
)
def test_every_refusal(error: base.CrossdockError, status: int, code: int, message: str) -> None:
    said = DIALECT.refuse(desk(), request(), error)

    assert (said.status, json.loads(said.body)) == (status, {"code": code, "message": message, "flag": False})
    assert said.headers["content-type"] == "application/json;charset=UTF-8"
    assert said.headers.get("allow") == ("POST" if status == 405 else None)


async def test_a_signed_call_is_opened() -> None:
    found = await opened(sign({"a": 1}), desk())

    assert found.endpoint.call == f"POST {PATH}"
    assert found.caller.account.code == "demo"
    assert found.body.text == '{"a":1}'


@pytest.mark.parametrize(("skew_s", "heard"), [(600, True), (-600, True), (601, False), (-601, False)])
async def test_ten_minutes_either_way(skew_s: int, heard: bool) -> None:
    at = desk(NOW + timedelta(seconds=skew_s))
    if heard:
        assert await opened(sign({}), at)
    else:
        with pytest.raises(base.ClockSkew):
            await opened(sign({}), at)


async def test_a_credential_may_live_in_another_zone() -> None:
    at = desk(scope={"role": "customer", "utc_offset_h": 0})

    assert await opened(sign({}, timestamp="2024-08-01 23:10:41"), at)
    with pytest.raises(base.ClockSkew):
        await opened(sign({}), at)


@pytest.mark.parametrize(
    "credential",
    [
        {"revoked_at": NOW},
        {"valid_from": NOW + timedelta(seconds=1)},
        {"valid_until": NOW},
        {"scope": {"role": "carrier"}},
        {"scope": {}},
    ],
)
async def test_a_known_caller_without_the_right_is_denied(credential: dict[str, Any]) -> None:
    with pytest.raises(base.Denied) as refused:
        await opened(sign({}), desk(**credential))
    assert type(refused.value) is base.Denied


@pytest.mark.parametrize(
    ("change", "where", "expected"),
    [
        ({"sign": None, "createBy": ""}, {"path": "/dtc/x", "method": "GET"}, base.PathUnknown),
        ({"sign": None, "createBy": ""}, {"method": "GET"}, base.MethodNotAllowed),
        ({"sign": None, "createBy": "NOBODY", "timestamp": "x"}, {}, base.FieldsInvalid),
        ({"createBy": "NOBODY", "timestamp": "x"}, {}, base.FieldsInvalid),
        ({"createBy": "NOBODY", "timestamp": "2024-01-01 00:00:00"}, {}, base.CallerUnknown),
        ({"createBy": "HX\x00DEMO"}, {}, base.CallerUnknown),
        ({"createBy": "HX\ud800DEMO"}, {}, base.CallerUnknown),
        ({"timestamp": "2024-01-01 00:00:00"}, {}, base.SignatureWrong),
    ],
)
async def test_what_is_looked_at_first(
    change: dict[str, Any], where: dict[str, Any], expected: type[base.CrossdockError]
) -> None:
    with pytest.raises(expected):
        await opened(sign({}) | change, desk(scope={}, revoked_at=NOW), **where)


async def test_the_time_is_looked_at_before_the_right() -> None:
    body = sign({}, timestamp="2024-01-01 00:00:00")
    with pytest.raises(base.ClockSkew):
        await opened(body, desk(scope={}, revoked_at=NOW))


@pytest.mark.parametrize("timestamp", ["0001-01-01 00:00:00", "9999-12-31 23:59:59"])
async def test_a_time_at_the_end_of_days_is_far_away(timestamp: str) -> None:
    with pytest.raises(base.ClockSkew):
        await opened(sign({}, timestamp=timestamp), desk())


@pytest.mark.parametrize("length", [auth.LOGGED_CHARS_MAX, auth.LOGGED_CHARS_MAX + 1])
async def test_a_failed_check_logs_its_text_without_the_secret(length: int) -> None:
    shell = 'HXDEMO&DEMO_ERP&{"a":""}&***&2024-08-02 07:10:41'
    body = sign({"a": "x" * (length - len(shell))}) | {"sign": "0"}

    with capture_logs() as logged, pytest.raises(base.SignatureWrong):
        await opened(body, desk())

    whole = shell.replace('""', json.dumps(body["request"]["a"]))
    assert [entry["signed_text"] for entry in logged] == [whole[: auth.LOGGED_CHARS_MAX]]


def test_every_state_has_a_word() -> None:
    served: tuple[Kind, ...] = ("inbound", "outbound", "transfer", "transport")
    assert set(words.ORDER_STATUSES) == {state for kind in served for state in MOVES[kind]}
    assert set(words.INVENTORY_STATUSES) == set(get_args(Condition))


@pytest.mark.parametrize("text", ["2024-8-2 07:10:41", "2024-08-02 07:10:41 ", "２024-08-02 07:10:41", "", "now"])
def test_other_times_are_none(text: str) -> None:
    assert words.local_time(text) is None
