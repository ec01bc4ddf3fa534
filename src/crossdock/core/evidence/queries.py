"""Reading all that is known of one order."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from msgspec import structs

from crossdock.base.ids import AccountId, OrderId, PackingId
from crossdock.core.evidence import model, sql
from crossdock.core.evidence.model import (
    FILM_INCOMPLETE,
    GAP_TOLD,
    GAPS_MAX,
    MASKED,
    NO_FILM,
    PERSONAL,
    SECRETS,
    Evidence,
    Gap,
    HandOver,
    Packed,
    View,
    masked,
)
from crossdock.core.evidence.sql import HandOverRow, ViewRow
from crossdock.core.orders import queries as orders
from crossdock.core.orders.model import Order
from crossdock.core.packing import queries as packings
from crossdock.core.packing.model import REVERSED, Packing
from crossdock.db.tx import Tx

T = TypeVar("T")
TOKEN_CHARACTERS_MIN = 16
"""A secret as long as this is masked inside other texts, too; a shorter one only where it stands alone."""


async def evidence(tx: Tx, *, account_id: AccountId, order_id: OrderId, around: timedelta = timedelta(0)) -> Evidence:
    """Everything on record of an order of any kind; codes and secrets are masked, its recipient is left out.

    `around`: how much film before and after a packing window counts for `View.filmed_from` and `filmed_to`.
    Errors: OrderUnknown.
    """
    order = await orders.order(tx, account_id=account_id, order_id=order_id)
    of_order: dict[str, Any] = {"account_id": account_id, "order_id": order.id}
    kept = _Kept()
    lines = kept.first("lines", model.LINES_MAX, await sql.lines(tx, **of_order, limit=model.LINES_MAX + 1))
    packed = await _packed(tx, kept, order, around)
    waybills = kept.first(
        "waybills", model.WAYBILLS_MAX, await sql.waybills(tx, **of_order, limit=model.WAYBILLS_MAX + 1)
    )
    parcels: dict[str, Any] = {"account_id": account_id, "waybill_ids": [one.id for one in waybills]}
    readings = kept.first(
        "readings", model.READINGS_MAX, await sql.readings(tx, **parcels, limit=model.READINGS_MAX + 1)
    )
    pictures = kept.first(
        "pictures", model.PICTURES_MAX, await sql.pictures(tx, **parcels, limit=model.PICTURES_MAX + 1)
    )
    rows = kept.first(
        "hand_overs", model.HANDOVERS_MAX, await sql.hand_overs(tx, **of_order, limit=model.HANDOVERS_MAX + 1)
    )
    codes: dict[str, Any] = {"account_id": account_id, "handover_ids": [row.id for row in rows]}
    doors = kept.first("doors", model.DOORS_MAX, await sql.doors(tx, **codes, limit=model.DOORS_MAX + 1))
    told = kept.first(
        "door_reports",
        model.DOORS_MAX,
        await sql.door_reports(tx, **of_order, command_ids=[one.id for one in doors], limit=model.DOORS_MAX + 1),
    )
    deeds = kept.first("deeds", model.ACTIONS_MAX, await sql.deeds(tx, **codes, limit=model.ACTIONS_MAX + 1))
    events = kept.first("events", model.EVENTS_MAX, await sql.events(tx, **of_order, limit=model.EVENTS_MAX + 1))
    holds = kept.first("holds", model.HOLDS_MAX, await sql.holds(tx, **of_order, limit=model.HOLDS_MAX + 1))
    hide = Hide({order.token, *(row.key for row in rows), *(row.save_code or "" for row in rows)})
    return Evidence(
        account_id=account_id,
        read_at=tx.now,
        order=structs.replace(order, token=MASKED, recipient={}, partner_fields={}),
        lines=tuple(structs.replace(line, partner_fields={}) for line in lines),
        packings=packed,
        waybills=waybills,
        readings=readings,
        pictures=pictures,
        hand_overs=tuple(hand_over(row) for row in rows),
        doors=doors,
        door_reports=told,
        deeds=tuple(
            structs.replace(deed, reason=hide(deed.reason), before=hide(deed.before), after=hide(deed.after))
            for deed in deeds
        ),
        events=tuple(structs.replace(event, facts=hide(event.facts)) for event in events),
        holds=holds,
        cut=tuple(kept.cut),
    )


async def _packed(tx: Tx, kept: "_Kept", order: Order, around: timedelta) -> tuple[Packed, ...]:
    found = kept.first(
        "packings",
        model.PACKINGS_MAX,
        await packings.packings_of_order(tx, account_id=order.account_id, order_id=order.id),
    )
    if not found:
        return ()
    rows = kept.first(
        "views",
        model.VIEWS_MAX,
        await sql.views(
            tx,
            account_id=order.account_id,
            packing_ids=[packing.id for packing in found],
            around=around,
            told=GAP_TOLD,
            limit=model.VIEWS_MAX + 1,
        ),
    )
    views: defaultdict[PackingId, list[View]] = defaultdict(list)
    for row in rows:
        views[row.packing_id].append(_view(row))
    return tuple(
        Packed(
            packing=structs.replace(
                packing,
                items=kept.first("items", model.ITEMS_MAX, packing.items),
                warnings=packing.warnings | film_warnings(packing, views[packing.id]),
            ),
            views=tuple(views[packing.id]),
        )
        for packing in found
    )


def film_warnings(packing: Packing, views: Collection[View]) -> dict[str, Any]:
    """What is odd about the film of a window now; a window that runs backwards has none to speak of."""
    if REVERSED in packing.warnings:
        return {}
    length_s = (packing.filmed_to - packing.filmed_from).total_seconds()
    best_s = min((view.missing_s for view in views if view.filmed_from is not None), default=length_s)
    if best_s == 0 and any(view.filmed_from is not None for view in views):
        return {}
    return {NO_FILM: {}} if best_s >= length_s else {FILM_INCOMPLETE: {"missing_s": round(best_s, 1)}}


def _view(row: ViewRow) -> View:
    facts = structs.asdict(row)
    gaps = [Gap(since, until) for since, until in zip(facts.pop("since"), facts.pop("until"), strict=True)]
    if len(gaps) > GAPS_MAX:
        gaps[GAPS_MAX:] = [Gap(gaps[GAPS_MAX].since, gaps[-1].until)]
    return View(**facts, gaps=tuple(gaps))


def hand_over(row: HandOverRow) -> HandOver:
    """Without its codes."""
    facts = structs.asdict(row)
    facts["code"] = masked(facts.pop("key"))
    del facts["save_code"]
    return HandOver(**facts)


class _Kept:
    """As much as is shown, and the names of what there is more of."""

    def __init__(self) -> None:
        self.cut: list[str] = []

    def first(self, name: str, most: int, found: Collection[T]) -> tuple[T, ...]:
        if len(found) > most and name not in self.cut:
            self.cut.append(name)
        return tuple(found)[:most]


class Hide:
    """Masks what bears the name of a secret, and the known ones wherever they stand."""

    def __init__(self, known: Collection[str]) -> None:
        self._known = set(known) - {""}
        self._inside = [secret for secret in known if len(secret) >= TOKEN_CHARACTERS_MIN]

    def __call__(self, value: Any) -> Any:
        if isinstance(value, str):
            if value in self._known:
                return MASKED
            for secret in self._inside:
                value = value.replace(secret, MASKED)
            return value
        if isinstance(value, Mapping):
            return {
                name: MASKED if name in SECRETS and inner else self(inner)
                for name, inner in value.items()
                if name not in PERSONAL
            }
        if isinstance(value, list | tuple):
            return [self(inner) for inner in value]
        return value
