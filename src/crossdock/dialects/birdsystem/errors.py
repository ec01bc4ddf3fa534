"""How BirdSystem says no: a text, no code. The texts in capitals and the odd grammar are the vendor's own."""

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from crossdock.base.errors import (
    BodyMalformed,
    BodyTooLarge,
    CallerUnknown,
    Conflict,
    CrossdockError,
    FieldsInvalid,
    Invalid,
    MethodNotAllowed,
    NotFound,
    PathUnknown,
    TooManyRequests,
    Unavailable,
)
from crossdock.core.accounts.errors import CompanyUnknown, ServiceUnknown, UserTaken
from crossdock.core.catalog.errors import ProductInUse, ProductNotActive, ProductUnknown, SkuTaken
from crossdock.core.orders.errors import (
    LineKeyTaken,
    OrderEmpty,
    OrderUnknown,
    ReferenceTaken,
    SerialTaken,
    StateForbids,
    UpdateForbidden,
    WeightNotBigger,
)
from crossdock.dialects.birdsystem.words import STATUS_OF_STATE


class ValueRequired(FieldsInvalid):
    """A field that must be there is missing or empty. Facts: field."""


class ValueInvalid(FieldsInvalid):
    """A field holds what it cannot hold. Facts: field."""


class SearchWrong(FieldsInvalid):
    """Fields and operators of a search do not go in step."""


class ConsignmentForeign(NotFound):
    """The caller's company has no such consignment to add to. Facts: id."""


class LineForeign(NotFound):
    """The caller's company has no such line. Facts: id."""


class NotMeasurable(Conflict):
    """Only DIRECT and AGENT_DIRECT consignments in ADDRESS_LABEL_PRINTED are measured anew."""


class NothingToUpdate(FieldsInvalid):
    """An update names no column that could be changed."""


class RecordUnknown(NotFound):
    """The client has no such record. Facts: id."""


class DispatchForbids(Conflict):
    """What a client dispatch's status does not lead to. Facts: id, status, wanted."""


class DispatchFixed(Conflict):
    """A client dispatch is changed while it is in preparation. Facts: id, status."""


class Refusal(Struct, frozen=True):
    """`text` is filled with the error's facts. Without a status the configured failure status is answered."""

    text: str | Callable[[CrossdockError], str]
    status: int | None = None


def _own_words(error: CrossdockError) -> str:
    """For what the vendor has no text for: our sentence, without facts that are ours alone."""
    return (type(error).__doc__ or "").strip().splitlines()[0].split(" Facts:")[0]


FIELDS: Final[dict[str, str]] = {
    "reference": "sales_reference",
    "service_id": "delivery_service_id",
    "return_action_id": "return_consignment_action-id",
}
"""Those of an order that have another name on the wire."""


def _update_forbidden(error: CrossdockError) -> str:
    status = STATUS_OF_STATE.get(error.facts.get("state", ""), "")
    given = str(error.facts.get("fields", "")).split(", ")
    fields = ", ".join(dict.fromkeys(FIELDS.get(name, name) for name in given))
    return f"Consignment {error.facts.get('id', '')} is {status}, {fields} can not be changed."


def _state_forbids(error: CrossdockError) -> str:
    status = STATUS_OF_STATE.get(error.facts.get("state", ""), "")
    wanted = STATUS_OF_STATE.get(error.facts.get("wanted", ""), "")
    number = error.facts.get("id", "")
    if wanted == "PREPARING":  # nothing moves back to it: a line was to be added
        return f"Consignment {number} is {status}, products can be changed while it is PREPARING only."
    return f"Consignment {number} can not be changed from {status} to {wanted}."


REFUSALS: dict[type[CrossdockError], Refusal] = {
    CallerUnknown: Refusal("Login Required!"),
    CompanyUnknown: Refusal("Login Required!"),
    ReferenceTaken: Refusal("Duplicate consignment identity reference [{reference}]"),
    OrderEmpty: Refusal(
        "You consignment {id} does not have product associated, please add product first"
        " before changing the consignment status to Pending."
    ),
    ProductUnknown: Refusal("Product with id {id} does not belong to you."),
    ProductNotActive: Refusal("Product with id {id} is not active."),
    SkuTaken: Refusal("Duplicate client_ref [{sku}]"),
    ProductInUse: Refusal("Product with id {id} has stock or open consignments."),
    UserTaken: Refusal("Username [{user}] already exists"),
    ServiceUnknown: Refusal("Cannot find expected delivery service, please verify the according option."),
    OrderUnknown: Refusal("can't find the record"),
    LineForeign: Refusal("can't find the record"),
    NothingToUpdate: Refusal("No data to update after sanitization"),
    UpdateForbidden: Refusal(_update_forbidden),
    WeightNotBigger: Refusal("Only allow update weight to bigger."),
    SerialTaken: Refusal("Invalid value for serial"),
    LineKeyTaken: Refusal("Invalid value for client_ref"),
    ConsignmentForeign: Refusal("Consignment with id {id} does not belong to you."),
    StateForbids: Refusal(_state_forbids),
    DispatchForbids: Refusal("Client dispatch {id} can not be changed from {status} to {wanted}."),
    DispatchFixed: Refusal("Client dispatch {id} is {status}, it can be changed while it is PREPARING only."),
    ValueRequired: Refusal("Value is required and can't be empty: {field}"),
    ValueInvalid: Refusal("Invalid value for {field}"),
    SearchWrong: Refusal("Search criterias wrong!"),
    BodyMalformed: Refusal("Decoding failed: Syntax error"),
    BodyTooLarge: Refusal(_own_words),
    PathUnknown: Refusal(_own_words, 404),
    MethodNotAllowed: Refusal(_own_words, 405),
    TooManyRequests: Refusal(_own_words, 429),
    Unavailable: Refusal("The system is not available at the moment, nothing was changed. Please try again later."),
    NotFound: Refusal("can't find the record"),
    Invalid: Refusal(_own_words),
    CrossdockError: Refusal(_own_words),
}


def refusal_of(error: CrossdockError) -> Refusal:
    """The nearest listed ancestor speaks for an error that is not listed itself."""
    return next(REFUSALS[kind] for kind in type(error).__mro__ if kind in REFUSALS)


def message(error: CrossdockError) -> str:
    """The text a client compares."""
    text = refusal_of(error).text
    return text(error) if callable(text) else text.format_map(_Facts(error.facts))


class _Facts(dict[str, object]):
    """A fact that was not given prints as nothing: a refusal must not fail."""

    def __missing__(self, name: str) -> str:
        return ""
