"""The staff token's header rules, and the digest of the platform's webhook."""

import pytest

from crossdock.dialects.heidian import explain
from crossdock.dialects.heidian.auth import body_token, header_token, webhook_digest
from crossdock.dialects.heidian.errors import TokenEmpty, TokenSpaced

TOKEN = "6109527ae7ba8cb421417304f1759e06732e2849"
SECRET = "3f9c2a7d5e10b8846c1d"
WEBHOOK = (
    '{"event":"order_paid","data":{"id":2894,"order_number":"3096201701031645115932861",'
    '"title":"测试商品鞋","total_price":"128.00","customer":{"id":1234,"mobile":"13800000001"}}}'
)


@pytest.mark.parametrize("keyword", ["stafftoken", "StaffToken", "STAFFTOKEN"])
def test_the_keyword_has_any_case(keyword: str) -> None:
    assert header_token(f"{keyword} {TOKEN}") == TOKEN
    assert header_token(f"  {keyword}   {TOKEN} ") == TOKEN


@pytest.mark.parametrize("header", [None, "", "  ", f"Bearer {TOKEN}", f"CustomerToken {TOKEN}", TOKEN])
def test_no_header_and_another_scheme_name_nobody(header: str | None) -> None:
    assert header_token(header) is None


@pytest.mark.parametrize("header", ["stafftoken", "StaffToken  "])
def test_the_keyword_alone_is_refused(header: str) -> None:
    with pytest.raises(TokenEmpty):
        header_token(header)


@pytest.mark.parametrize("header", ["stafftoken a b", f"stafftoken {TOKEN} {TOKEN} x"])
def test_a_torn_token_is_refused(header: str) -> None:
    with pytest.raises(TokenSpaced):
        header_token(header)


def test_a_body_may_name_the_token() -> None:
    assert body_token({"stafftoken": f" {TOKEN} "}) == TOKEN
    for body in ({}, {"stafftoken": ""}, {"stafftoken": None}, {"stafftoken": 1}, {"StaffToken": TOKEN}):
        assert body_token(body) is None


def test_the_worked_example_of_the_webhook_digest() -> None:
    raw = WEBHOOK.encode()

    assert len(raw) == 179
    assert webhook_digest(raw, SECRET) == "1849BED0CB681BDE2CD4F2074669030EC4F6949B2999018B3DD0302428E8471E"


def test_the_digest_is_over_the_bytes_that_are_sent() -> None:
    escaped = WEBHOOK.encode("ascii", "backslashreplace")

    assert len(escaped) == 194
    assert webhook_digest(escaped, SECRET) == "7E0DA9C3C72DA045DE7A8FB5D0C2F9BAB0BF566A16A450C2D8F19DED905BA821"


def test_explain_shows_the_digest_and_what_it_is_over() -> None:
    signed, digest = explain(WEBHOOK.encode(), query="", headers={}, secret=SECRET)

    assert digest == webhook_digest(WEBHOOK.encode(), SECRET)
    assert signed == WEBHOOK + SECRET
