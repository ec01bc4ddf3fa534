"""The tables of return codes, walked."""

import inspect

import pytest

from crossdock.base import errors as base
from crossdock.base.errors import CrossdockError
from crossdock.core.enterprises import errors as enterprises
from crossdock.core.packing import errors as packing
from crossdock.core.tills import errors as tills
from crossdock.db import errors as db
from crossdock.dialects.ovopark import errors
from crossdock.dialects.ovopark.errors import REFUSALS, FieldMalformed, FieldMissing, refusal_of, told
from crossdock.film import addresses as film

GATEWAY = {*range(1, 18), -100, -500, -999}
BUSINESS = {206001, 206003, 206004, 206005, 206006, 206999, 208003, 999999, 100002, 103094, 103095, 9990001}


def kinds(*modules: object) -> list[type[CrossdockError]]:
    return [
        kind
        for module in modules
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, CrossdockError)
    ]


def test_every_documented_code_can_be_said() -> None:
    said = {refusal.code for refusal in REFUSALS.values()}

    assert said == GATEWAY | BUSINESS


def test_the_gateway_says_its_own_codes_and_the_methods_theirs() -> None:
    assert {refusal.code for refusal in REFUSALS.values() if refusal.gateway} == GATEWAY


def test_a_code_has_one_name() -> None:
    names: dict[int, set[str]] = {}
    for refusal in REFUSALS.values():
        names.setdefault(refusal.code, set()).add(refusal.codename)

    assert all(len(found) == 1 for found in names.values())


@pytest.mark.parametrize(
    "kind", kinds(base, db, enterprises, packing, tills, film, errors), ids=lambda kind: kind.__name__
)
def test_every_error_has_a_refusal(kind: type[CrossdockError]) -> None:
    assert refusal_of(kind()).code in GATEWAY | BUSINESS


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (base.DatabaseUnavailable, -999),
        (base.DiskFull, -999),
        (base.Overloaded, -999),
        (base.Unforeseen, -999),
        (base.BodyTooLarge, -500),
        (base.BodyMalformed, -500),
        (base.PathUnknown, 9),
        (errors.BusinessBaseFailed, 206999),
        (packing.PackingReported, 208003),
    ],
)
def test_generic_errors(kind: type[CrossdockError], code: int) -> None:
    assert refusal_of(kind()).code == code


def test_the_field_is_told() -> None:
    for error in (FieldMissing(field="orderNo"), FieldMalformed(field="orderNo")):
        assert told(error, refusal_of(error)).endswith(" orderNo")
