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
