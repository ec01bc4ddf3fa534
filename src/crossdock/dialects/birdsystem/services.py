"""Ways to the customer, and what each forbids."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from crossdock.core.accounts.model import DeliveryService
from crossdock.dialects.birdsystem import listing, values, wire
from crossdock.dialects.birdsystem.auth import Client
from crossdock.dialects.birdsystem.columns import Column, Table
from crossdock.dialects.birdsystem.parameters import Parameters
from crossdock.edge.desk import Desk
from crossdock.edge.dialect import Endpoint

FLAGS: Final[dict[str, str]] = {
    "is_signature": "0",
    "is_tracking": "0",
    "is_express": "0",
    "is_international": "0",
    "is_customs_required": "0",
    "is_check_post_code": "0",
    "is_check_telephone": "0",
    "is_allow_urgent_consignment": "1",
    "is_hide_delivery_reference_to_consignment": "0",
    "consignment_notice_enable": "0",
}
"""What is printed of a service whose rules say nothing."""
LIMITS: Final = (
    "restrict_max_length_contact",
    "restrict_max_length_address_line1",
    "restrict_max_length_address_line2",
    "restrict_max_length_address_line3",
    "restrict_max_length_post_code",
)
PATTERNS: Final = ("restrict_regex_post_code", "restrict_regex_telephone")

TABLE: Final = Table(
    columns={
        "id": Column("id", "number"),
        "company_id": Column("company_id", "number"),
        "name": Column("name", "text"),
        "locale_name": Column("locale_name", "text"),
        "special_type": Column("special_type", "word"),
        "consignment_type": Column("consignment_type", "word"),
        "status": Column("status", "word"),
        **{name: Column(name, "number") for name in LIMITS},
        **{name: Column(name, "text") for name in PATTERNS},
        **{name: Column(name, "flag") for name in FLAGS},
    },
    plain=("id", "consignment_type", "status", "special_type"),
)
"""The page lists `name` and the flags as plain filters too, and says that they have no effect."""


class ServiceRow(Struct, frozen=True, kw_only=True):
    """One row of GET /client/delivery-service, in the order of the page's sample."""

    id: int
    company_id: int
    restrict_max_length_contact: str | None
    restrict_max_length_address_line1: str | None
    restrict_max_length_address_line2: str | None
    restrict_max_length_address_line3: str | None
    restrict_max_length_post_code: str | None
    restrict_regex_post_code: str | None
    restrict_regex_telephone: str | None
    name: str
    locale_name: str
    is_signature: str
    is_tracking: str
    is_express: str
    is_international: str
    is_customs_required: str
    is_check_post_code: str
    is_check_telephone: str
    is_allow_urgent_consignment: str
    is_hide_delivery_reference_to_consignment: str
    special_type: str | None
    consignment_type: str
    consignment_notice_enable: str
    consignment_notice: str
    status: str
    primary_keys: tuple[str, ...] = wire.PRIMARY_KEYS


async def query(desk: Desk, client: Client, given: Parameters) -> wire.Rows:
    """GET /client/delivery-service: those of the company that asks, out of use ones too."""
    services = await desk.accounts.services_of(client.account.id, client.company.id)
    return listing.answer([row(service) for service in services], given, TABLE, zone=client.company.zone)


def row(service: DeliveryService) -> ServiceRow:
    rules = service.rules
    texts: dict[str, Any] = {name: _text(rules, name) for name in (*LIMITS, *PATTERNS, "special_type")}
    flags: dict[str, Any] = {
        name: values.FLAGS.get(str(rules.get(name)).lower(), unset) for name, unset in FLAGS.items()
    }
    return ServiceRow(
        id=service.id,
        company_id=service.company_id,
        name=service.name,
        locale_name=_text(rules, "locale_name") or "",
        consignment_type=service.order_type,
        consignment_notice=_text(rules, "consignment_notice") or "",
        status="ACTIVE" if service.active else "DELETED",
        **texts,
        **flags,
    )


def _text(rules: Mapping[str, Any], name: str) -> str | None:
    return None if rules.get(name) is None else str(rules[name])


ENDPOINTS: Final = (Endpoint("GET /client/delivery-service", query),)
