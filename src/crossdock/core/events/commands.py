"""Writing the timeline: a fact, and a callback to whoever asked, in the transaction that made it true."""

from collections.abc import Collection, Sequence
from typing import Any

from crossdock.base.ids import AccountId, CredentialId
from crossdock.core.events import sql
from crossdock.core.events.model import NewEvent
from crossdock.core.events.sql import CALLBACKS_TOPIC as CALLBACKS_TOPIC
from crossdock.db.tx import Tx


async def append(tx: Tx, event: NewEvent, *, asked: Collection[str] = ()) -> list[str]:
    """Those of the kinds `asked` for that somebody of the account listens for."""
    return await sql.append(tx, [event], asked=asked)


async def append_many(tx: Tx, events: Sequence[NewEvent], *, asked: Collection[str] = ()) -> list[str]:
    """In the order given; as `append`, for the accounts of all of them."""
    return await sql.append(tx, events, asked=asked) if events else []


async def hold_receivers(tx: Tx, *, account_id: AccountId) -> None:
    """Until the transaction ends nobody else who holds them changes which addresses the account has."""
    await sql.hold_receivers(tx, account_id=account_id)


async def set_receiver(
    tx: Tx,
    *,
    account_id: AccountId,
    dialect: str,
    name: str,
    url: str,
    kinds: Sequence[str],
    subject: str | None = None,
    order_dialect: str | None = None,
    credential_id: CredentialId | None = None,
    settings: dict[str, Any] | None = None,
) -> None:
    """Register an address, or change the one of that name; an empty url switches it off."""
    await sql.set_receiver(
        tx,
        account_id=account_id,
        dialect=dialect,
        name=name,
        url=url,
        kinds=kinds,
        subject=subject,
        order_dialect=order_dialect,
        credential_id=credential_id,
        settings=settings or {},
    )
