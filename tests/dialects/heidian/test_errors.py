"""Every refusal in both languages, against the texts of the vendor's framework and our own."""

from collections.abc import Iterator

import pytest

import crossdock.core.handover.errors as handover_errors
import crossdock.core.staff.errors as staff_errors
from crossdock.base import errors as base_errors
from crossdock.base.errors import CrossdockError
from crossdock.dialects.heidian import errors
from crossdock.dialects.heidian.errors import FIELD_TEXTS, NON_FIELD, REFUSALS, Fault, FieldsWrong, spoken

SAID = [
    (
        base_errors.BodyMalformed(what="JSON", cause="line {1}"),
        400,
        "parse_error",
        "JSON parse error - line {1}",
        "JSON parse error - line {1}",
    ),
    (
        errors.CredentialsMissing(),
        401,
        "not_authenticated",
        "Authentication credentials were not provided.",
        "身份认证信息未提供。",
    ),
    (base_errors.CallerUnknown(), 401, "authentication_failed", "Invalid token.", "认证令牌无效。"),
    (staff_errors.TokenUnknown(), 401, "authentication_failed", "Invalid token.", "认证令牌无效。"),
    (
        errors.TokenEmpty(),
        401,
        "authentication_failed",
        "Invalid token header. No credentials provided.",
        "没有提供认证信息（认证令牌HTTP头无效）。",
    ),
    (
        errors.TokenSpaced(),
        401,
        "authentication_failed",
        "Invalid token header. Token string should not contain spaces.",
        "认证令牌字符串不应该包含空格（无效的认证令牌HTTP头）。",
    ),
    (
        staff_errors.StaffInactive(),
        401,
        "authentication_failed",
        "User inactive or deleted.",
        "用户未激活或者已删除。",
    ),
    (
        base_errors.Denied(),
        403,
        "permission_denied",
        "You do not have permission to perform this action.",
        "您没有执行该操作的权限。",
    ),
    (base_errors.NotFound(), 404, "not_found", "Not found.", "未找到。"),
    (base_errors.PathUnknown(), 404, "not_found", "Not found.", "未找到。"),
    (handover_errors.KeyUnknown(), 404, "not_found", "Not found.", "未找到。"),
    (errors.PageInvalid(), 404, "not_found", "Invalid page.", "无效页。"),
    (
        base_errors.MethodNotAllowed(method="PUT"),
        405,
        "method_not_allowed",
        'Method "PUT" not allowed.',
        "方法 “PUT” 不被允许。",
    ),
    (
        errors.MediaUnsupported(media="text/xml"),
        415,
        "unsupported_media_type",
        'Unsupported media type "text/xml" in request.',
        "不支持请求中的媒体类型 “text/xml”。",
    ),
    (
        base_errors.TooManyRequests(wait_s=30),
        429,
        "throttled",
        "Request was throttled. Expected available in 30 seconds.",
        "请求已被限流。 预计 30 秒后可用。",
    ),
    (
        base_errors.TooManyRequests(wait_s=1),
        429,
        "throttled",
        "Request was throttled. Expected available in 1 second.",
        "请求已被限流。 预计 1 秒后可用。",
    ),
    (handover_errors.KeyUsed(), 400, "key_used", "This code has already been used.", "提货码已使用"),
    (handover_errors.KeyExpired(), 400, "key_expired", "This code has expired.", "提货码已过期"),
    (handover_errors.KeyCanceled(), 400, "key_canceled", "This code has been canceled.", "提货码已取消"),
    (handover_errors.KeyNotUsed(), 400, "key_not_used", "This code has not been used yet.", "提货码尚未核销"),
    (
        handover_errors.KeyClash(),
        400,
        "key_conflict",
        "Another live code has the same digits.",
        "另有相同号码的提货码",
    ),
    (handover_errors.OrderNotPaid(), 400, "order_not_paid", "The order has not been paid.", "订单未付款"),
    (
        handover_errors.RollbackClosed(),
        400,
        "rollback_window_closed",
        "This code can no longer be rolled back.",
        "已超过可冲正时间",
    ),
    (
        handover_errors.RollbackLimit(rollbacks_max=3),
        400,
        "rollback_limit_reached",
        "This code has been rolled back too often.",
        "已达到冲正次数上限",
    ),
    (
        handover_errors.OperationTaken(),
        400,
        "operation_taken",
        "This was sent for another action.",
        "该请求已用于其他操作",
    ),
    (
        handover_errors.NotPrepared(),
        400,
        "not_prepared",
        "The goods have not been set aside yet.",
        "尚未备货",
    ),
    (
        base_errors.BodyTooLarge(bytes_max=1),
        413,
        "request_too_large",
        "The request body is too large.",
        "请求体过大。",
    ),
    (base_errors.Invalid(), 400, "invalid", "Invalid input.", "无效的输入。"),
    (
        base_errors.Conflict(),
        400,
        "conflict",
        "The parcel's present state does not allow this.",
        "包裹当前状态不允许此操作",
    ),
    (
        base_errors.DatabaseUnavailable(),
        503,
        "service_unavailable",
        "Service temporarily unavailable, try again later.",
        "服务暂时不可用，请稍后再试。",
    ),
    (
        base_errors.Unforeseen(trace_id="secret"),
        500,
        "error",
        "A server error occurred.",
        "服务器出现了错误。",
    ),
]


@pytest.mark.parametrize("said", SAID, ids=lambda said: type(said[0]).__name__)
def test_a_refusal_is_detail_and_code(said: tuple[CrossdockError, int, str, str, str]) -> None:
    error, status, code, english, chinese = said

    assert spoken(error, "en") == (status, {"detail": english, "code": code})
    assert spoken(error, "zh") == (status, {"detail": chinese, "code": code})


def test_every_listed_refusal_is_tried_here() -> None:
    of_fields = {staff_errors.LoginWrong, staff_errors.UsernameTaken, staff_errors.UsernameUnusable}
    tried = {type(error) for error, *_ in SAID} | of_fields
    spoken_for = {kind for error in tried for kind in error.__mro__ if kind in REFUSALS}

    assert REFUSALS.keys() - spoken_for == set()


def test_a_wrong_login_belongs_to_no_field() -> None:
    error = staff_errors.LoginWrong()

    assert spoken(error, "en") == (400, {NON_FIELD: ["Unable to log in with provided credentials."]})
    assert spoken(error, "zh") == (400, {NON_FIELD: ["无法使用提供的认证信息登录。"]})


def test_a_taken_name_is_told_under_its_field() -> None:
    error = staff_errors.UsernameTaken(username="xxx")

    assert spoken(error, "en") == (400, {"username": ["A user with that username already exists."]})
    assert spoken(error, "zh") == (400, {"username": ["已存在一位使用该名字的用户。"]})


FIELDS_SAID = {
    "required": ("This field is required.", "该字段是必填项。"),
    "blank": ("This field may not be blank.", "该字段不能为空。"),
    "null": ("This field may not be null.", "该字段不能为 null。"),
    "invalid": ("Not a valid string.", "不是有效的字符串。"),
    "max_length": ("Ensure this field has no more than 7 characters.", "请确保这个字段不能超过 7 个字符。"),
    "min_length": ("Ensure this field has at least 7 characters.", "请确保这个字段至少包含 7 个字符。"),
    "null_characters": ("Null characters are not allowed.", "不允许使用空字符。"),
    "not_an_object": (
        "Invalid data. Expected a dictionary, but got 7.",
        "无效数据。期待为字典类型，得到的是 7 。",
    ),
}


@pytest.mark.parametrize("word", FIELD_TEXTS)
def test_a_fault_of_a_field_is_a_list_under_its_name(word: str) -> None:
    error = FieldsWrong(fields={"key": Fault(word, 7)})
    english, chinese = FIELDS_SAID[word]

    assert spoken(error, "en") == (400, {"key": [english]})
    assert spoken(error, "zh") == (400, {"key": [chinese]})


def test_nothing_of_ours_is_in_a_refusal() -> None:
    """Clients join all values of the body into one pop-up: only our texts, never the facts of an error."""
    for kind in all_errors(CrossdockError):
        if kind.__init__ is not CrossdockError.__init__:
            continue  # of the setup, with facts of its own; never met by a route
        _, body = spoken(kind(fields={}, secret="hidden", wait_s=1), "en")
        assert "hidden" not in str(body), kind


def all_errors(kind: type[CrossdockError]) -> Iterator[type[CrossdockError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from all_errors(child)


def test_a_name_that_cannot_be_shown_is_told_under_its_field() -> None:
    error = staff_errors.UsernameUnusable(characters_max=150)

    assert spoken(error, "en") == (400, {"username": ["This value does not match the required pattern."]})
    assert spoken(error, "zh") == (400, {"username": ["输入值不匹配要求的模式。"]})
