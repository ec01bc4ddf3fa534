"""What a client may say of a new consignment: the columns, how wide they are, what a service forbids."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from crossdock.base.ids import CompanyId
from crossdock.core.accounts.errors import ServiceUnknown
from crossdock.core.accounts.model import DeliveryService
from crossdock.dialects.birdsystem import values, words
from crossdock.dialects.birdsystem.errors import ValueInvalid, ValueRequired
from crossdock.dialects.birdsystem.parameters import Values, empty

RECIPIENT_WIDTHS: Final[dict[str, int]] = {
    "contact": 100,
    "business_name": 255,
    "address_line1": 100,
    "address_line2": 100,
    "address_line3": 100,
    "city": 50,
    "county": 50,
    "post_code": 10,
    "telephone": 50,
    "email": 255,
}
CUT_WIDTHS: Final[dict[str, int]] = {
    "special_instruction": 255,
    "neighbour_instruction": 255,
    "ioss_vat_number": 255,  # the pages disagree on its length, so it is not a reason to refuse
    **{f"sender_{name}": width for name, width in RECIPIENT_WIDTHS.items()},
}
"""Free text in characters. What is longer is cut silently: the page's sample ends in mid-word at 255."""
REFUSED_WIDTHS: Final[dict[str, int]] = {
    "sales_reference": 50,
    "sales_order_id": 50,
    "custom_identity_reference": 50,
    "payment_reference": 50,
    "omp_name": 50,
    "omp_vat_number": 50,
    "shipper_eori": 50,
    "receiver_eori": 50,
    "receiver_pid_number": 50,
}
"""What names something: cut, it would name something else."""
DECIMALS_BELOW: Final[dict[str, Decimal]] = {
    "sales_price": Decimal(10**7),
    "customs_price": Decimal(10**7),
    "length": Decimal(10**8),
    "width": Decimal(10**8),
    "depth": Decimal(10**8),
    "guarantee_percentage": Decimal(10**8),
}
"""DECIMAL(10,3) and DECIMAL(10,2)."""
FLAG_COLUMNS: Final = ("is_urgent", "is_forced_delivery_service")
WORD_COLUMNS: Final[dict[str, frozenset[str]]] = {
    "reason_for_export": frozenset({"SALE", "RETURNREPLACEMENT", "GIFT"}),
    "content_type": frozenset({"GIFT", "DOCUMENTS", "OTHER"}),
}
ALIASES: Final[dict[str, str]] = {"county_iso": "country_iso", "reason_for_expot": "reason_for_export"}
"""Misspelt on one page each; taken where the right name is missing."""
ADDRESS_REQUIRED: Final[dict[str, tuple[str, ...]]] = {"AGENT_DIRECT": ("address_line1", "city", "post_code")}
"""Pages disagree on these for the other types; clients do leave them out, and the warehouse can ask."""

RULED_CHARACTERS_MAX: Final = 256
"""Of one field, before it is cut to its column: one more than the widest holds. A pattern may take the cube of it."""
DELIMITED: Final = re.compile(r"/(.*)/([a-z]*)", re.DOTALL)
LENGTH_RULES: Final[dict[str, str]] = {
    f"restrict_max_length_{name}": name
    for name in ("contact", "address_line1", "address_line2", "address_line3", "post_code")
}
PATTERN_RULES: Final[dict[str, str]] = {
    "restrict_regex_post_code": "post_code",
    "restrict_regex_telephone": "telephone",
}


PARCELS_WEIGHT: Final = "total_weight"
PARCELS_VOLUME: Final = "total_volume"
"""What the client's own parcels come to, grams and cubic millimetres; kept beside what was sent."""
UPLOADED_ROW: Final = "temp_consignment_info_id"
"""The row that a consignment was converted from; kept beside what was sent, too."""
ACTION: Final = "return_consignment_action-id"
ACTION_TYPE: Final = "return_consignment-return_consignment_action_type"


class Asked(Struct, frozen=True, kw_only=True):
    """A consignment as the client wants it, every value known to fit its column."""

    type: str
    service_id: int | None = None
    """A return has none."""
    service_name: str | None = None
    """Instead of the id."""
    action_id: int | None = None
    """What is to be done with what comes back; of a return one of the two is given."""
    action_type: str | None = None
    recipient: dict[str, Any]
    partner_fields: dict[str, Any]
    """Under their wire names, as sent."""

    @property
    def sales_reference(self) -> str | None:
        return self.partner_fields.get("sales_reference")

    @property
    def identity_reference(self) -> str | None:
        return self.partner_fields.get("custom_identity_reference")


def asked(given: Values, *, batch: bool = False) -> Asked:
    """`batch`: as an element of a batch. Errors: ValueRequired, ValueInvalid, for the first field that is wrong."""
    given = spelt_right(given)
    type_ = values.word("type", given.get("type")) or words.DEFAULT_TYPE
    if type_ not in (words.BATCH_TYPES if batch else words.CREATED_TYPES):
        raise ValueInvalid(field="type")
    service_id = values.whole("delivery_service_id", given.get("delivery_service_id"))
    service_name = None
    if service_id is None and batch:
        service_name = values.text("delivery_service_name", given.get("delivery_service_name"))
    if service_id is None and service_name is None and type_ != words.RETURN:
        raise ValueRequired(field="delivery_service_id")
    action_id, action_type = _action(given) if type_ == words.RETURN else (None, None)
    required = ADDRESS_REQUIRED.get(type_, ())
    if batch and type_ != words.RETURN:
        required = ADDRESS_REQUIRED["AGENT_DIRECT"]
    return Asked(
        type=type_,
        service_id=service_id,
        service_name=service_name,
        action_id=action_id,
        action_type=action_type,
        recipient=recipient_of(given, required=("contact", *required)),
        partner_fields=partner_fields_of(given),
    )


def check_service(service: DeliveryService, wanted: Asked, *, company_id: CompanyId) -> None:
    """Errors: ServiceUnknown for one that cannot carry this, ValueInvalid for what it restricts."""
    if not service.active or service.company_id != company_id or service.order_type != wanted.type:
        raise ServiceUnknown(id=service.id)
    for rule, name in LENGTH_RULES.items():
        length_max = _length_max(service.rules.get(rule))
        if length_max and len(wanted.recipient.get(name, "")) > length_max:
            raise ValueInvalid(field=name)
    for rule, name in PATTERN_RULES.items():
        pattern = service.rules.get(rule)
        if pattern and name in wanted.recipient and not _fits(str(pattern), wanted.recipient[name]):
            raise ValueInvalid(field=name)
    if wanted.partner_fields.get("is_urgent") == "1" and not urgent_allowed(service):
        raise ValueInvalid(field="is_urgent")


def urgent_allowed(service: DeliveryService) -> bool:
    """Unless the service says no."""
    return values.FLAGS.get(str(service.rules.get("is_allow_urgent_consignment")).lower()) != "0"


def _length_max(rule: Any) -> int:
    """0 is no limit; so is what is no number."""
    if rule is None:
        return 0
    text = str(rule).strip()
    return int(text) if values.WHOLE.fullmatch(text) else 0


def _fits(pattern: str, text: str) -> bool:
    """The pattern may stand between slashes, as PHP writes it. One that cannot be read forbids nothing."""
    delimited = DELIMITED.fullmatch(pattern)
    plain, letters = (delimited[1], delimited[2]) if delimited else (pattern, "")
    try:
        return re.search(plain, text, re.IGNORECASE if "i" in letters else 0) is not None
    except re.error:
        return True


def _action(given: Values) -> tuple[int | None, str | None]:
    """Errors: ValueRequired when neither is given, ValueInvalid."""
    action_id, type_ = values.whole(ACTION, given.get(ACTION)), values.word(ACTION_TYPE, given.get(ACTION_TYPE))
    if action_id is None and type_ is None:
        raise ValueRequired(field=ACTION)
    if type_ is not None and type_ not in words.ACTION_TYPES:
        raise ValueInvalid(field=ACTION_TYPE)
    return action_id, type_


def spelt_right(given: Values) -> Values:
    right = dict(given)
    if empty(right.get("country_iso")) and not empty(right.get("country_name")):
        name = values.word("country_name", right["country_name"]) or ""
        if name not in words.COUNTRY_CODES:
            raise ValueInvalid(field="country_name")
        right["country_iso"] = words.COUNTRY_CODES[name]
    for alias, name in ALIASES.items():
        if empty(right.get(name)) and not empty(right.get(alias)):
            right[name] = right[alias]
    return right


def recipient_of(given: Values, *, required: tuple[str, ...]) -> dict[str, Any]:
    """As long as a service's rules look at it. Errors: ValueRequired, ValueInvalid."""
    for name in required:
        values.required(name, given.get(name))
    recipient = {
        name: value[:RULED_CHARACTERS_MAX]
        for name in RECIPIENT_WIDTHS
        if (value := values.text(name, given.get(name))) is not None
    }
    values.required("country_iso", given.get("country_iso"))
    return recipient | {"country_iso": _country("country_iso", given)}


def cut(recipient: Mapping[str, str]) -> dict[str, Any]:
    """To the columns' widths, as it is kept."""
    return {name: value[: RECIPIENT_WIDTHS.get(name)] for name, value in recipient.items()}


def partner_fields_of(given: Values) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name in _sent(CUT_WIDTHS, given):
        if (value := values.text(name, given[name])) is not None:
            kept[name] = value[: CUT_WIDTHS[name]]
    if not empty(given.get("sender_country_iso")):
        kept["sender_country_iso"] = _country("sender_country_iso", given)
    for name in _sent(REFUSED_WIDTHS, given):
        if (value := values.text(name, given[name])) is not None:
            if len(value) > REFUSED_WIDTHS[name]:
                raise ValueInvalid(field=name)
            kept[name] = value
    for name in _sent(DECIMALS_BELOW, given):
        if (amount := values.decimal(name, given[name], below=DECIMALS_BELOW[name])) is not None:
            kept[name] = str(amount)
    for name in _sent(WORD_COLUMNS, given):
        if (value := values.word(name, given[name])) is not None:
            if value not in WORD_COLUMNS[name]:
                raise ValueInvalid(field=name)
            kept[name] = given[name]
    for name in _sent(FLAG_COLUMNS, given):
        if (value := values.flag(name, given[name])) is not None:
            kept[name] = value
    if (value := values.text("is_compensation_for_delay", given.get("is_compensation_for_delay"))) is not None:
        kept["is_compensation_for_delay"] = values.FLAGS.get(value.lower(), "1")  # any non-zero counts
    if (size := values.whole("delivery_package_size_id", given.get("delivery_package_size_id"))) is not None:
        kept["delivery_package_size_id"] = size
    return kept


def _sent(columns: Iterable[str], given: Values) -> list[str]:
    """Those of the columns that came, in their order: of fifty a client sends a few."""
    return [name for name in columns if name in given]


def _country(field: str, given: Values) -> str:
    code = values.word(field, given.get(field))
    if code not in words.COUNTRIES:
        raise ValueInvalid(field=field)
    return code
