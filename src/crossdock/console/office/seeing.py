"""Whose rows a screen of the console asks for, and what orders are called there."""

from collections.abc import Sequence
from typing import Final

from crossdock.base.ids import AccountId
from crossdock.console.office.who import Somebody
from crossdock.core.accounts import sql as accounts
from crossdock.core.accounts.model import Account
from crossdock.core.overview.model import Sight
from crossdock.db.tx import Tx

KINDS: Final = {
    "outbound": "outbound",
    "inbound": "inbound",
    "return": "return",
    "transfer": "change of owner",
    "transport": "transport",
}
STATES: Final = {
    "draft": "draft",
    "pending": "waits for stock",
    "allocated": "stock set aside",
    "released": "on the floor",
    "picking": "being picked",
    "packing": "being packed",
    "packed": "packed",
    "confirmed": "confirmed",
    "labelled": "labelled",
    "partly_shipped": "partly shipped",
    "held": "held",
    "shipped": "shipped",
    "delivered": "delivered",
    "unshipped": "closed, nothing shipped",
    "cancelled": "cancelled",
    "returned": "came back",
    "deleted": "deleted",
    "announced": "announced",
    "accepted": "accepted",
    "rejected": "rejected",
    "receiving": "being received",
    "closed": "closed",
    "received": "received",
    "processing": "being processed",
    "waiting_client": "waits for its owner",
    "waiting_warehouse": "waits for the warehouse",
    "problem": "problem",
    "finished": "finished",
    "dispatched": "dispatched",
    "departed": "departed",
    "refused": "refused",
}
EVENTS: Final = {
    "order.placed": "placed",
    "order.state": "moved on",
    "order.changed": "changed by its owner",
    "order.measured": "measured",
    "order.paid": "paid",
    "order.refunded": "refunded",
    "order.delivered": "delivered",
    "order.cancel_decided": "call-off decided",
    "order.signed": "signed for",
    "order.pictured": "pictures of its delivery",
    "order.weighed": "weighed",
    "order.vehicles_inspected": "vehicles inspected",
    "inbound.received": "received",
    "inbound.closed": "receiving closed",
    "outbound.shipped": "shipped",
    "outbound.closed": "shipping closed",
    "transfer.closed": "owner changed",
    "transport.dispatched": "dispatched",
    "transport.finished": "transport finished",
    "route.passed": "passed on its route",
    "packing.reported": "packing reported",
    "handover.booked": "box booked",
    "handover.stored": "put into its box",
    "handover.taken": "taken out of its box",
    "handover.moved": "moved to another box",
    "handover.kept": "kept by its courier",
    "handover.reminded": "customer reminded",
    "handover.extended": "may wait longer",
    "handover.recalled": "recalled from its box",
    "handover.deleted": "booking deleted",
    "handover.issued": "pick-up code issued",
    "handover.prepared": "set aside in the shop",
    "handover.used": "handed over",
    "handover.rolled_back": "hand-over taken back",
    "handover.expired": "pick-up code expired",
    "handover.canceled": "pick-up code cancelled",
    "film.held": "film held",
    "film.released": "film released",
    "evidence.addressed": "evidence looked at",
    "evidence.bundled": "evidence taken out",
}
"""What the timeline of an order tells; of others the name of the event is shown."""
TEXTS: Final = {
    **{f"kind_{name}": text for name, text in KINDS.items()},
    **{f"state_{name}": text for name, text in STATES.items()},
}
"""Of what is on record in our words; for `Says`."""


async def seen(tx: Tx, who: Somebody) -> list[Account]:
    """The accounts whose rows somebody sees, by their codes."""
    if who.account is not None:
        return [who.account]
    return await accounts.all_accounts(tx)


def sight(who: Somebody, seen: Sequence[Account], code: str = "") -> Sight:
    """Of all of them, or of the one of that code; nothing where there is none such."""
    ids: list[AccountId] = [account.id for account in seen if code in ("", account.code)]
    return Sight(account_ids=ids, site_id=who.scope.site_id)
