"""How Heidian says no: `{"detail", "code"}`, or texts per field; English or Chinese by Accept-Language.

Texts and code words follow the framework the vendor's apps are built on; business codes are ours.
"""

from collections import defaultdict
from typing import Any, Final

from msgspec import Struct

from crossdock.base.errors import (
    BodyMalformed,
    BodyTooLarge,
    CallerUnknown,
    Conflict,
    CrossdockError,
    Denied,
    FieldsInvalid,
    Invalid,
    MethodNotAllowed,
    NotFound,
    TooManyRequests,
    Unavailable,
)
from crossdock.core.handover.errors import (
    KeyCanceled,
    KeyClash,
    KeyExpired,
    KeyNotUsed,
    KeyUsed,
    NotPrepared,
    OperationTaken,
    OrderNotPaid,
    RollbackClosed,
    RollbackLimit,
)
from crossdock.core.staff.errors import LoginWrong, StaffInactive, TokenUnknown, UsernameTaken, UsernameUnusable
from crossdock.dialects.heidian.words import Language


class CredentialsMissing(CallerUnknown):
    """This call needs a staff token."""


class TokenEmpty(CallerUnknown):
    """The Authorization header names the scheme and no token."""


class TokenSpaced(CallerUnknown):
    """The token in the Authorization header is torn apart by blanks."""


class PageInvalid(NotFound):
    """The list has no such page."""


class MediaUnsupported(Invalid):
    """A body of this type is not read. Facts: media."""


class FieldsWrong(FieldsInvalid):
    """Fields are missing or not acceptable. Facts: fields, a Fault for each name."""


class Fault(Struct, frozen=True):
    """What is wrong with one field: a word of FIELD_TEXTS, and the number or name its text mentions."""

    word: str
    shown: int | str = ""


class Text(Struct, frozen=True):
    en: str
    zh: str

    def said(self, language: Language, **facts: Any) -> str:
        template = self.zh if language == "zh" else self.en
        return template.format_map(defaultdict(str, facts))


class Refusal(Struct, frozen=True):
    """`field` None prints detail and code; a name prints the text under it."""

    status: int
    code: str
    text: Text
    field: str | None = None


NON_FIELD: Final = "non_field_errors"

FIELD_TEXTS: Final[dict[str, Text]] = {
    "required": Text("This field is required.", "该字段是必填项。"),
    "blank": Text("This field may not be blank.", "该字段不能为空。"),
    "null": Text("This field may not be null.", "该字段不能为 null。"),
    "invalid": Text("Not a valid string.", "不是有效的字符串。"),
    "max_length": Text(
        "Ensure this field has no more than {shown} characters.", "请确保这个字段不能超过 {shown} 个字符。"
    ),
    "min_length": Text(
        "Ensure this field has at least {shown} characters.", "请确保这个字段至少包含 {shown} 个字符。"
    ),
    "null_characters": Text("Null characters are not allowed.", "不允许使用空字符。"),
    "not_an_object": Text(
        "Invalid data. Expected a dictionary, but got {shown}.", "无效数据。期待为字典类型，得到的是 {shown} 。"
    ),
}

REFUSALS: Final[dict[type[CrossdockError], Refusal]] = {
    BodyMalformed: Refusal(400, "parse_error", Text("{what} parse error - {cause}", "{what} parse error - {cause}")),
    CredentialsMissing: Refusal(
        401,
        "not_authenticated",
        Text("Authentication credentials were not provided.", "身份认证信息未提供。"),
    ),
    CallerUnknown: Refusal(401, "authentication_failed", Text("Invalid token.", "认证令牌无效。")),
    TokenUnknown: Refusal(401, "authentication_failed", Text("Invalid token.", "认证令牌无效。")),
    TokenEmpty: Refusal(
        401,
        "authentication_failed",
        Text("Invalid token header. No credentials provided.", "没有提供认证信息（认证令牌HTTP头无效）。"),
    ),
    TokenSpaced: Refusal(
        401,
        "authentication_failed",
        Text(
            "Invalid token header. Token string should not contain spaces.",
            "认证令牌字符串不应该包含空格（无效的认证令牌HTTP头）。",
        ),
    ),
    StaffInactive: Refusal(401, "authentication_failed", Text("User inactive or deleted.", "用户未激活或者已删除。")),
    Denied: Refusal(
        403,
        "permission_denied",
        Text("You do not have permission to perform this action.", "您没有执行该操作的权限。"),
    ),
    NotFound: Refusal(404, "not_found", Text("Not found.", "未找到。")),
    PageInvalid: Refusal(404, "not_found", Text("Invalid page.", "无效页。")),
    MethodNotAllowed: Refusal(
        405, "method_not_allowed", Text('Method "{method}" not allowed.', "方法 “{method}” 不被允许。")
    ),
    MediaUnsupported: Refusal(
        415,
        "unsupported_media_type",
        Text('Unsupported media type "{media}" in request.', "不支持请求中的媒体类型 “{media}”。"),
    ),
    TooManyRequests: Refusal(
        429,
        "throttled",
        Text(
            "Request was throttled. Expected available in {seconds}.",
            "请求已被限流。 预计 {wait_s} 秒后可用。",
        ),
    ),
    KeyUsed: Refusal(400, "key_used", Text("This code has already been used.", "提货码已使用")),
    KeyExpired: Refusal(400, "key_expired", Text("This code has expired.", "提货码已过期")),
    KeyCanceled: Refusal(400, "key_canceled", Text("This code has been canceled.", "提货码已取消")),
    KeyNotUsed: Refusal(400, "key_not_used", Text("This code has not been used yet.", "提货码尚未核销")),
    KeyClash: Refusal(400, "key_conflict", Text("Another live code has the same digits.", "另有相同号码的提货码")),
    OrderNotPaid: Refusal(400, "order_not_paid", Text("The order has not been paid.", "订单未付款")),
    RollbackClosed: Refusal(
        400, "rollback_window_closed", Text("This code can no longer be rolled back.", "已超过可冲正时间")
    ),
    RollbackLimit: Refusal(
        400,
        "rollback_limit_reached",
        Text("This code has been rolled back too often.", "已达到冲正次数上限"),
    ),
    OperationTaken: Refusal(
        400, "operation_taken", Text("This was sent for another action.", "该请求已用于其他操作")
    ),
    NotPrepared: Refusal(400, "not_prepared", Text("The goods have not been set aside yet.", "尚未备货")),
    LoginWrong: Refusal(
        400,
        "authorization",
        Text("Unable to log in with provided credentials.", "无法使用提供的认证信息登录。"),
        NON_FIELD,
    ),
    UsernameTaken: Refusal(
        400,
        "unique",
        Text("A user with that username already exists.", "已存在一位使用该名字的用户。"),
        "username",
    ),
    UsernameUnusable: Refusal(
        400,
        "invalid",
        Text("This value does not match the required pattern.", "输入值不匹配要求的模式。"),
        "username",
    ),
    # From here on neither the seed nor the framework has a text.
    BodyTooLarge: Refusal(413, "request_too_large", Text("The request body is too large.", "请求体过大。")),
    Invalid: Refusal(400, "invalid", Text("Invalid input.", "无效的输入。")),
    Conflict: Refusal(
        400, "conflict", Text("The parcel's present state does not allow this.", "包裹当前状态不允许此操作")
    ),
    Unavailable: Refusal(
        503,
        "service_unavailable",
        Text("Service temporarily unavailable, try again later.", "服务暂时不可用，请稍后再试。"),
    ),
    CrossdockError: Refusal(500, "error", Text("A server error occurred.", "服务器出现了错误。")),
}


def refusal_of(error: CrossdockError) -> Refusal:
    """The nearest listed ancestor speaks for an error that is not listed itself."""
    return next(REFUSALS[kind] for kind in type(error).__mro__ if kind in REFUSALS)


def spoken(error: CrossdockError, language: Language) -> tuple[int, dict[str, Any]]:
    """Status and body. Nothing of ours is told: clients join all values of the body into one pop-up."""
    if isinstance(error, FieldsWrong):
        fields: dict[str, Fault] = error.facts["fields"]
        return 400, {
            name: [FIELD_TEXTS[fault.word].said(language, shown=fault.shown)] for name, fault in fields.items()
        }
    refusal = refusal_of(error)
    facts = dict(error.facts)
    if "wait_s" in facts:
        facts["seconds"] = "1 second" if facts["wait_s"] == 1 else f"{facts['wait_s']} seconds"
    said = refusal.text.said(language, **facts)
    if refusal.field is not None:
        return refusal.status, {refusal.field: [said]}
    return refusal.status, {"detail": said, "code": refusal.code}
