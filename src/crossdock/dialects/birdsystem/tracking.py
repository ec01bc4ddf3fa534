"""How far a consignment has come, newest first: for whoever knows its tracking number, and for webhooks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from crossdock.core.accounts.model import Company, Site
from crossdock.core.events import kinds
from crossdock.core.orders import records as whole
from crossdock.core.orders.model import Order
from crossdock.core.orders.steps import Step
from crossdock.dialects.birdsystem import values, words
from crossdock.dialects.birdsystem.auth import NAME, TO_EVERYBODY
from crossdock.dialects.birdsystem.errors import ValueInvalid, ValueRequired
from crossdock.dialects.birdsystem.parameters import Parameters
from crossdock.edge.desk import Desk
from crossdock.edge.dialect import Endpoint

REFERENCES: Final = "tracking_references"
REFERENCES_MAX: Final = 50
"""One call may ask for; the page shows one."""
REFERENCE_CHARS_MAX: Final = 50
"""As wide as the column; longer ones name nothing."""

NOTE: Final = "Consignment is now at [ {status} ] status."
NOTES: Final[dict[str, str]] = {
    "FINISHED": "Consignment is now at [ {status} ] status, waiting for dispatch.",
}
"""The sample's two texts."""
PARCEL_NOTES: Final[dict[str, str]] = {
    kinds.ORDER_DELIVERED: "Parcel was delivered.",
    kinds.HANDOVER_BOOKED: "Parcel is on its way to the locker.",
    kinds.HANDOVER_STORED: "Parcel is in the locker.",
    kinds.HANDOVER_RECALLED: "Parcel was not picked up and goes back.",
    kinds.HANDOVER_TAKEN: "Parcel was taken from the locker.",
    kinds.HANDOVER_ISSUED: "Parcel is on its way to the shop.",
    kinds.HANDOVER_PREPARED: "Parcel is ready at the shop.",
    kinds.HANDOVER_USED: "Parcel was picked up at the shop.",
    kinds.HANDOVER_ROLLED_BACK: "Parcel is back at the shop.",
}
"""What happens to the parcel has no status of the consignment's, as a carrier's event has none."""


class CheckPoint(Struct, frozen=True, kw_only=True):
    create_time: str
    current_status: str | None
    note: str


class Tracked(Struct, frozen=True, kw_only=True):
    destination_country: str | None
    origination_country: str | None
    check_points: list[CheckPoint]


class Tracking(Struct, frozen=True, kw_only=True):
    """The answer; `message` is a list in this call alone."""

    success: bool = True
    data: dict[str, Tracked]
    message: tuple[str, ...] = ()


async def tracking(desk: Desk, _: None, given: Parameters) -> Tracking:
    """GET /consignment/tracking: asked without a key, so it tells nothing of people or goods."""
    wanted = references(given.get(REFERENCES))
    async with desk.database.transaction(readonly=True) as tx:
        found = await whole.records_tracked(tx, dialect=NAME, tracking_numbers=wanted)
    shown = {record.order.tracking_number or "": record for record in found if not hidden(record)}
    return Tracking(data={name: tracked(shown[name]) for name in wanted if name in shown})


def references(value: Any) -> list[str]:
    """Comma-joined, each once. Errors: ValueRequired, ValueInvalid for more than REFERENCES_MAX."""
    parts = value if isinstance(value, list) else (values.text(REFERENCES, value) or "").split(",")
    texts = [(values.text(REFERENCES, part) or "").strip() for part in parts]
    names = list(dict.fromkeys(text for text in texts if text))
    if not names:
        raise ValueRequired(field=REFERENCES)
    if len(names) > REFERENCES_MAX:
        raise ValueInvalid(field=REFERENCES)
    return [name for name in names if len(name) <= REFERENCE_CHARS_MAX]


def tracked(record: whole.Record) -> Tracked:
    return Tracked(
        destination_country=record.order.recipient.get("country_iso"),
        origination_country=origination_country(record.order, record.site),
        check_points=check_points(record.steps, record.company),
    )


def check_points(steps: Sequence[Step], company: Company) -> list[CheckPoint]:
    """Newest first, in the company's time. A move between two states of one status is no news."""
    points: list[CheckPoint] = []
    status = None
    for step in steps:
        at = _moment(step.happened_at, company.zone)
        if step.kind in PARCEL_NOTES:
            points.append(CheckPoint(create_time=at, current_status=None, note=PARCEL_NOTES[step.kind]))
            continue
        now = words.STATUS_OF_STATE.get(step.state or "")
        if now is None or now == status:
            continue
        status = now
        note = NOTES.get(status, NOTE).format(status=status)
        points.append(CheckPoint(create_time=at, current_status=status, note=note))
    return points[::-1]


def origination_country(order: Order, site: Site | None) -> str | None:
    """Of the warehouse, where the setup file gives its address one; else the sender's, where one was sent."""
    at_home = None if site is None else site.address.get("country_iso")
    return at_home or order.partner_fields.get("sender_country_iso")


def hidden(record: whole.Record) -> bool:
    """Whether its service keeps the tracking number to itself; nobody is told of it then."""
    rules = {} if record.service is None else record.service.rules
    return values.FLAGS.get(str(rules.get("is_hide_delivery_reference_to_consignment")).lower()) == "1"


def _moment(moment: datetime, zone: str) -> str:
    """ISO 8601 with the offset, in whole seconds."""
    return moment.astimezone(ZoneInfo(zone)).replace(microsecond=0).isoformat()


ENDPOINTS: Final = (Endpoint("GET /consignment/tracking", tracking, TO_EVERYBODY),)
