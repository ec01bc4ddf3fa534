"""What the gateway and its methods refuse, and the code and text each refusal is printed with.

Codes and texts: the two tables of return codes on the page of open.ovopark.storehouse.sendOrder.
"""

from typing import Final

from msgspec import Struct

from crossdock.base.errors import (
    BodyMalformed,
    BodyTooLarge,
    CallerUnknown,
    ClockSkew,
    Conflict,
    CrossdockError,
    Denied,
    FieldsInvalid,
    Invalid,
    NotFound,
    PathUnknown,
    SignatureWrong,
    Unavailable,
    Unforeseen,
)
from crossdock.core.enterprises.errors import PasswordWrong, UserUnknown
from crossdock.core.packing.errors import PackingReported
from crossdock.core.staff.errors import LoginLocked
from crossdock.core.tills.errors import ReceiptReported, TakingsReported


class KeyMissing(CallerUnknown):
    """_akey is missing."""


class KeyExpired(Denied):
    """_akey was good once."""


class SignMethodMissing(Invalid):
    """_sm is missing."""


class SignMethodUnknown(Invalid):
    """_sm names no algorithm that is served."""


class SignMissing(Invalid):
    """_sig is missing."""


class MethodMissing(Invalid):
    """_mt is missing."""


class MethodUnknown(NotFound):
    """No method of that name and version is served. Facts: method, version."""


class RequestModeMissing(Invalid):
    """_requestMode is missing."""


class ApplicationMissing(Invalid):
    """_aid is missing."""


class ApplicationWrong(Denied):
    """_aid does not belong to the key."""


class VersionMissing(Invalid):
    """_version is missing."""


class TimestampMissing(Invalid):
    """_timestamp is missing."""


class TimestampMalformed(Invalid):
    """_timestamp is not yyyyMMddHHmmss."""


class FormatUnknown(Invalid):
    """_format is something else than json."""


class CallRepeated(Conflict):
    """This key used this _nonce a moment ago."""


class FieldMissing(FieldsInvalid):
    """A required field did not come. Facts: field."""


class FieldMalformed(FieldsInvalid):
    """A field cannot be taken as it is. Facts: field."""


class OrganisationUnknown(NotFound):
    """There is no organisation of that number."""


class OrganisationUnbound(Conflict):
    """The organisation may act for no enterprise."""


class EnterpriseDenied(Denied):
    """The organisation is not the caller's, or may not act for this enterprise."""


class DepartmentUnknown(NotFound):
    """There is no such place."""


class DepartmentElsewhere(Conflict):
    """The place belongs to another enterprise."""


class TokenUnknown(Denied):
    """No user's token came beside the signature, or one that is not good here."""


class DeviceUnknown(NotFound):
    """There is no such camera."""


class DeviceElsewhere(Conflict):
    """The camera belongs to another enterprise."""


class DeviceFixed(Conflict):
    """The camera cannot be moved."""


class BusinessBaseFailed(Unavailable):
    """The report could not be stored; nothing was changed. Facts: cause."""


class Refusal(Struct, frozen=True):
    code: int
    codename: str
    text: str
    gateway: bool = True
    """Whether the gateway itself answers, before any method is reached."""


REFUSALS: Final[dict[type[CrossdockError], Refusal]] = {
    KeyMissing: Refusal(1, "KEY_NOTNULL", "_akey cannot be empty"),
    CallerUnknown: Refusal(2, "KEY_UNLAWFUL", "_akey is illegal"),
    KeyExpired: Refusal(3, "KEY_HAS_EXPIRED", "_akey has expired"),
    SignMethodMissing: Refusal(4, "SIGN_METHOD_NOTNULL", "The _sm parameter cannot be empty"),
    SignMethodUnknown: Refusal(5, "SIGN_TYPE_NOTEXIST", "_sm type does not exist"),
    SignMissing: Refusal(6, "SIGN_NOTNULL", "The _sig parameter cannot be empty"),
    SignatureWrong: Refusal(7, "SIGN_WRONG", "Invalid signature, please check the parameters and signature format"),
    MethodMissing: Refusal(8, "METHOD_NOTNULL", "The _mt parameter cannot be empty"),
    MethodUnknown: Refusal(
        9,
        "METHOD_NOTEXIST_CODE",
        "The method name corresponding to _mt does not exist or is not registered in the service",
    ),
    RequestModeMissing: Refusal(10, "REQUESTMODE_NOTNULL", "The _requestMode parameter cannot be empty"),
    ApplicationMissing: Refusal(11, "APPLICATIONID_NOTNULL", "_aid parameter cannot be empty"),
    ApplicationWrong: Refusal(12, "APPLICATIONID_NOTSAME", "_aid does not match the current key"),
    VersionMissing: Refusal(13, "VERSION_NOTNULL", "_version version number cannot be empty"),
    TimestampMissing: Refusal(14, "TIMESTAMP_NOTNULL", "_timestamp timestamp cannot be empty"),
    TimestampMalformed: Refusal(15, "TIMESTAMP_FORMAT_ERROR", "_timestamp timestamp format error"),
    ClockSkew: Refusal(16, "TIMESTAMP_OVERTIME", "_timestamp has expired"),
    FormatUnknown: Refusal(17, "FORMAT_TYPE_NOTEXIST", "_format type does not exist"),
    CallRepeated: Refusal(-100, "API_CALL_REPEAT", "Interface duplicate call"),
    # Sending again helps against -999, as its table says, and never against -500.
    BodyMalformed: Refusal(-500, "API_SYSTEM_CALL_ERROR", "API call failed, the body cannot be read"),
    BodyTooLarge: Refusal(-500, "API_SYSTEM_CALL_ERROR", "API call failed, the body is too large"),
    PathUnknown: Refusal(9, "METHOD_NOTEXIST_CODE", "No method is served at this path"),
    Unavailable: Refusal(-999, "UNKNOWN_ERROR", "Open platform system exception"),
    Unforeseen: Refusal(-999, "UNKNOWN_ERROR", "Open platform system exception"),
    OrganisationUnknown: Refusal(206001, "OPEN_USER_IS_NULL", "开放平台用户不存在", gateway=False),
    OrganisationUnbound: Refusal(206003, "BUSINESS_PLATFORM_UNBOUND", "业务平台未做绑定,请联系客服", gateway=False),
    DepartmentUnknown: Refusal(206004, "DEPARTMENT_NOT_EXIST", "部门不存在", gateway=False),
    DepartmentElsewhere: Refusal(206005, "ORGANIZATIONAL_MISMATCH", "组织架构不匹配", gateway=False),
    EnterpriseDenied: Refusal(206006, "AGENT_PERMISSION_DENIED", "代理商没有此企业权限", gateway=False),
    BusinessBaseFailed: Refusal(206999, "BUSINESS_BASE_ERROR", "business-base服务调用异常", gateway=False),
    TokenUnknown: Refusal(9990001, "TOKEN_NOT_EXIST", "token不存在", gateway=False),
    UserUnknown: Refusal(103094, "USERNAME_ERROE", "用户名错误", gateway=False),
    PasswordWrong: Refusal(103095, "PASSWORD_ERROE", "密码错误", gateway=False),
    LoginLocked: Refusal(103095, "PASSWORD_ERROE", "密码错误次数过多,请稍后再试", gateway=False),
    DeviceElsewhere: Refusal(206005, "ORGANIZATIONAL_MISMATCH", "组织架构不匹配", gateway=False),
    DeviceFixed: Refusal(999999, "API_SERVICE_ERROR", "api服务未知异常 the camera cannot be moved", gateway=False),
    ReceiptReported: Refusal(208003, "ORDER_NUMBER_DUPLICATION", "订单号重复", gateway=False),
    TakingsReported: Refusal(208003, "ORDER_NUMBER_DUPLICATION", "订单号重复", gateway=False),
    PackingReported: Refusal(208003, "ORDER_NUMBER_DUPLICATION", "订单号重复", gateway=False),
    # No page names a code for a missing field; this one and its text are what the official PHP SDK makes up.
    FieldMissing: Refusal(100002, "PARAM_NOTNULL", "必填字段不能为空！", gateway=False),
    CrossdockError: Refusal(999999, "API_SERVICE_ERROR", "api服务未知异常", gateway=False),
}


def refusal_of(error: CrossdockError) -> Refusal:
    """The nearest listed ancestor speaks for an error that is not listed itself."""
    return next(REFUSALS[kind] for kind in type(error).__mro__ if kind in REFUSALS)


def told(error: CrossdockError, refusal: Refusal) -> str:
    """The text of a refusal, and the field it is about."""
    if isinstance(error, FieldsInvalid) and "field" in error.facts:
        return f"{refusal.text} {error.facts['field']}"
    return refusal.text
