"""The texts a client compares, and the HTTP status behind them."""

import re
from importlib import import_module
from types import SimpleNamespace

import msgspec
import pytest

from crossdock.base import errors as base
from crossdock.base.config import Config
from crossdock.core.accounts.errors import CompanyUnknown, ServiceUnknown, SiteUnknown
from crossdock.core.catalog.errors import ProductNotActive, ProductUnknown
from crossdock.core.orders.errors import (
    OrderEmpty,
    OrderUnknown,
    ReferenceTaken,
    SerialTaken,
    StateForbids,
    UpdateForbidden,
    WeightNotBigger,
)
from crossdock.dialects.birdsystem import DIALECT
from crossdock.dialects.birdsystem.errors import (
    REFUSALS,
    ConsignmentForeign,
    LineForeign,
    NothingToUpdate,
    NotMeasurable,
    SearchWrong,
    ValueInvalid,
    ValueRequired,
    message,
    refusal_of,
)
from tests.dialects.birdsystem.requests import request

NUMBER = 1904160360000015
UNAVAILABLE = "The system is not available at the moment, nothing was changed. Please try again later."


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (base.CallerUnknown(), "Login Required!"),
        (CompanyUnknown(company_id=11), "Login Required!"),
        (ReferenceTaken(reference="ERP-10001"), "Duplicate consignment identity reference [ERP-10001]"),
        (ReferenceTaken(reference="{id}"), "Duplicate consignment identity reference [{id}]"),
        (
            OrderEmpty(id=NUMBER),
            "You consignment 1904160360000015 does not have product associated, please add product first"
            " before changing the consignment status to Pending.",
        ),
        (ProductUnknown(id=2989), "Product with id 2989 does not belong to you."),
        (ProductUnknown(), "Product with id  does not belong to you."),
        (ProductNotActive(id=2989352, sku="P-7001"), "Product with id 2989352 is not active."),
        (
            ServiceUnknown(id=1),
            "Cannot find expected delivery service, please verify the according option.",
        ),
        (OrderUnknown(id=1), "can't find the record"),
        (SiteUnknown(company_id=36), "can't find the record"),
        (ConsignmentForeign(id=7), "Consignment with id 7 does not belong to you."),
        (
            StateForbids(id=NUMBER, number="x", state="picking", wanted="cancelled"),
            "Consignment 1904160360000015 can not be changed from PICKING to CANCELLED.",
        ),
        (
            StateForbids(id=NUMBER, number="x", state="allocated", wanted="draft"),
            "Consignment 1904160360000015 is PENDING, products can be changed while it is PREPARING only.",
        ),
        (
            StateForbids(id=NUMBER, number="x", state="waiting_client", wanted="finished"),
            "Consignment 1904160360000015 can not be changed from WAITING_CLIENT_RESPOND to FINISHED.",
        ),
        (
            UpdateForbidden(id=NUMBER, number="x", state="labelled", fields="contact, sales_price"),
            "Consignment 1904160360000015 is ADDRESS_LABEL_PRINTED, contact, sales_price can not be changed.",
        ),
        (WeightNotBigger(id=NUMBER, weight_g=500), "Only allow update weight to bigger."),
        (SerialTaken(serial=1), "Invalid value for serial"),
        (LineForeign(id=7), "can't find the record"),
        (NothingToUpdate(), "No data to update after sanitization"),
        (SearchWrong(), "Search criterias wrong!"),
        (
            NotMeasurable(id=NUMBER),
            "Only DIRECT and AGENT_DIRECT consignments in ADDRESS_LABEL_PRINTED are measured anew.",
        ),
        (ValueRequired(field="contact"), "Value is required and can't be empty: contact"),
        (ValueInvalid(field="type"), "Invalid value for type"),
        (base.BodyMalformed(cause="secret"), "Decoding failed: Syntax error"),
        (base.BodyTooLarge(bytes_max=9), "The body is larger than this server takes."),
        (base.Unforeseen(trace_id="0a"), "A fault of this server; its log has the trace id."),
        (base.Overloaded(waiting=9), UNAVAILABLE),
        (base.DatabaseUnavailable(), UNAVAILABLE),
    ],
)
def test_texts(error, text):
    assert message(error) == text


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (base.PathUnknown(), 404),
        (base.MethodNotAllowed(), 405),
        (base.TooManyRequests(), 429),
        (base.CallerUnknown(), 500),
        (base.Unforeseen(), 500),
        (OrderUnknown(), 500),
    ],
)
def test_status_is_one_switch(error, status):
    for configured in (500, 200):
        desk = SimpleNamespace(config=Config(birdsystem_failure_status=configured))
        answer = DIALECT.refuse(desk, request(), error)

        assert answer.status == (configured if status == 500 else status)
        assert list(msgspec.json.decode(answer.body)) == ["success", "message"]
        assert answer.headers["content-type"] == "application/json; charset=utf-8"


def test_every_error_of_base_and_core_has_an_ancestor_that_speaks():
    areas = ("accounts", "catalog", "orders", "stock")
    modules = [base, *(import_module(f"crossdock.core.{area}.errors") for area in areas)]
    for module in modules:
        for kind in vars(module).values():
            if isinstance(kind, type) and issubclass(kind, base.CrossdockError):
                assert message(kind())
                assert refusal_of(kind()) in REFUSALS.values()


def test_our_own_words_are_sentences_without_a_list_of_facts():
    for kind in REFUSALS:
        assert not re.search(r"Facts:", message(kind()))
