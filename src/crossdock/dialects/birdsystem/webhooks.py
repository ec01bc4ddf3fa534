"""Which addresses of a client hear of what, and how that went. The vendor has pages for it and no call."""

import secrets
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from crossdock.base.errors import NotFound
from crossdock.base.ids import AccountId, ReceiverId
from crossdock.core.events import commands, queries
from crossdock.core.events.model import Receiver, Try
from crossdock.db.tx import Tx
from crossdock.dialects.birdsystem import callbacks, listing, values, wire, words
from crossdock.dialects.birdsystem.auth import NAME, Client
from crossdock.dialects.birdsystem.callbacks import ACTION, RESOURCE
from crossdock.dialects.birdsystem.columns import Column, Table
from crossdock.dialects.birdsystem.errors import ValueInvalid, ValueRequired
from crossdock.dialects.birdsystem.parameters import Parameters
from crossdock.edge.desk import Desk
from crossdock.edge.dialect import Endpoint

WEBHOOKS_MAX: Final = 50
"""Of one client: each is a row at every event it wants."""
URL_CHARS_MAX: Final = 500
LOG_KEPT: Final = timedelta(days=31)
"""The page: a log of one month."""
URL: Final = "url"
STATUS: Final = "status"
ACTIVE, INACTIVE, DELETED = "ACTIVE", "INACTIVE", "DELETED"
STATUSES: Final = frozenset({ACTIVE, INACTIVE})
"""What a client may set. A deleted one stays on record for its log, and is shown no more."""
OF_ORDERS: Final = frozenset({"CONSIGNMENT", "CLIENT_DISPATCH"})
"""Of these a client hears what came in by its own calls, not by those of other partners."""
NAME_BYTES: Final = 8


TABLE: Final = Table(
    columns={
        "id": Column("id", "number"),
        URL: Column(URL, "text"),
        RESOURCE: Column(RESOURCE, "word"),
        ACTION: Column(ACTION, "word"),
        STATUS: Column(STATUS, "word"),
    },
    plain=("id", RESOURCE, ACTION, STATUS),
)


class WebhookUnknown(NotFound):
    """The client has no such webhook. Facts: id."""


class WebhookRow(Struct, frozen=True, kw_only=True):
    id: int
    client_id: int
    url: str
    resource_type: str
    action: str | None
    """None: all of the resource's."""
    status: str
    primary_keys: tuple[str, ...] = wire.PRIMARY_KEYS


class LogRow(Struct, frozen=True, kw_only=True):
    """One try."""

    id: int
    webhook_id: int
    resource_type: str
    action: str
    resource_id: str
    url: str
    attempt: int
    status: str
    """SUCCESS or FAILED, of this try."""
    response_code: int | None
    response: str
    message: str | None
    request: str
    create_time: str | None
    finish_time: str | None
    primary_keys: tuple[str, ...] = wire.PRIMARY_KEYS


async def put(desk: Desk, client: Client, given: Parameters) -> wire.Record:
    """POST /client/Webhook: a new one, or with `id` a change of what is given."""
    id_ = values.whole("id", given.get("id"))
    async with desk.database.transaction() as tx:
        await commands.hold_receivers(tx, account_id=client.account.id)
        old = [receiver for receiver in await _shown(tx, client) if receiver.id == id_] if id_ is not None else []
        if id_ is not None and not old:
            raise WebhookUnknown(id=id_)
        if id_ is None and len(await _shown(tx, client)) >= WEBHOOKS_MAX:
            raise ValueInvalid(field=URL)
        name = old[0].name if old else secrets.token_hex(NAME_BYTES)
        settings = _settings(given, old[0].settings if old else {})
        await _keep(tx, client.account.id, name, settings)
        kept = await queries.receiver(tx, account_id=client.account.id, dialect=NAME, name=name)
    if kept is None:
        raise LookupError(f"webhook {name} was not kept")
    return wire.Record(data=_row(kept))


async def query(desk: Desk, client: Client, given: Parameters) -> wire.Rows:
    """GET /client/Webhook: a list, also for one id."""
    async with desk.database.transaction(readonly=True) as tx:
        receivers = await _shown(tx, client)
    return listing.answer([_row(one) for one in receivers], given, TABLE, zone=client.account.zone)


async def delete(desk: Desk, client: Client, given: Parameters) -> wire.Done:
    """DELETE /client/Webhook/[id]: nothing is sent there from now on; what is owed already still is."""
    id_ = values.whole("id", given.get("id"))
    async with desk.database.transaction() as tx:
        await commands.hold_receivers(tx, account_id=client.account.id)
        for receiver in await _shown(tx, client):
            if receiver.id == id_:
                await _keep(tx, client.account.id, receiver.name, receiver.settings | {STATUS: DELETED})
                return wire.Done()
    raise WebhookUnknown(id=id_)


async def log(desk: Desk, client: Client, given: Parameters) -> wire.Rows:
    """GET /client/Webhook-Log: the tries of the last month, newest first."""
    page, selected = listing.page(given), listing.selected(given)
    webhook_id = values.whole("webhook_id", given.get("webhook_id"))
    async with desk.database.transaction(readonly=True) as tx:
        total, tries = await queries.tries(
            tx,
            account_id=client.account.id,
            dialect=NAME,
            since=tx.now - LOG_KEPT,
            receiver_id=None if webhook_id is None else ReceiverId(webhook_id),
            start=page.start,
            limit=page.limit,
        )
        receivers = await queries.receivers(tx, account_id=client.account.id, dialect=NAME)
    urls = {receiver.id: receiver.settings.get(URL, receiver.url) for receiver in receivers}
    rows = [_log_row(one, url=urls[one.receiver_id], zone=client.account.zone) for one in listing.bounded(tries)]
    return wire.Rows(total=total, data=listing.selection(rows, selected))


def _settings(given: Parameters, old: dict[str, Any]) -> dict[str, Any]:
    """What a webhook is, kept with its receiver; what is not given stays, and an empty action is all of them.

    Errors: ValueRequired, ValueInvalid.
    """
    new = dict(old)
    if given.get(URL) is not None or not old:
        new[URL] = _url(given)
    resource = values.word(RESOURCE, given.get(RESOURCE)) or new.get(RESOURCE)
    if resource is None:
        raise ValueRequired(field=RESOURCE)
    if resource not in callbacks.RESOURCES:
        raise ValueInvalid(field=RESOURCE)
    action = values.word(ACTION, given.get(ACTION)) if ACTION in given.whole() else new.get(ACTION)
    if action is not None and action not in callbacks.RESOURCES[resource]:
        raise ValueInvalid(field=ACTION)
    status = values.word(STATUS, given.get(STATUS)) or new.get(STATUS, ACTIVE)
    if status not in STATUSES:
        raise ValueInvalid(field=STATUS)
    return new | {RESOURCE: resource, ACTION: action, STATUS: status}


def _url(given: Parameters) -> str:
    """Errors: ValueRequired, ValueInvalid."""
    url = values.required(URL, given.get(URL)).strip()
    try:
        parts = urlsplit(url)
        named = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError as error:
        raise ValueInvalid(field=URL) from error
    if not named or len(url) > URL_CHARS_MAX or any(sign <= " " for sign in url):
        raise ValueInvalid(field=URL)
    return url


async def _keep(tx: Tx, account_id: AccountId, name: str, settings: dict[str, Any]) -> None:
    await commands.set_receiver(
        tx,
        account_id=account_id,
        dialect=NAME,
        name=name,
        url=settings[URL] if settings[STATUS] == ACTIVE else "",
        kinds=callbacks.kinds_of(settings[RESOURCE], settings[ACTION]),
        order_dialect=NAME if settings[RESOURCE] in OF_ORDERS else None,
        settings=settings,
    )


async def _shown(tx: Tx, client: Client) -> list[Receiver]:
    """Receivers of the setup file have no settings of a webhook and are not the client's to change."""
    found = await queries.receivers(tx, account_id=client.account.id, dialect=NAME)
    return [receiver for receiver in found if receiver.settings.get(STATUS) in STATUSES]


def _row(receiver: Receiver) -> WebhookRow:
    settings = receiver.settings
    return WebhookRow(
        id=receiver.id,
        client_id=receiver.account_id,
        url=settings[URL],
        resource_type=settings[RESOURCE],
        action=settings[ACTION],
        status=settings[STATUS],
    )


def _log_row(one: Try, *, url: str, zone: str) -> LogRow:
    push = callbacks.PUSHES.get(one.kind)
    return LogRow(
        id=one.id,
        webhook_id=one.receiver_id,
        resource_type="" if push is None else push.resource_type,
        action="" if push is None else push.action,
        resource_id=one.subject.partition(":")[2],
        url=url,
        attempt=one.number,
        status="SUCCESS" if one.failure is None else "FAILED",
        response_code=one.status,
        response=one.answer,
        message=one.failure,
        request=one.body,
        create_time=words.shown(one.started_at, zone),
        finish_time=words.shown(one.ended_at, zone),
    )


ENDPOINTS: Final = (
    Endpoint("POST /client/Webhook", put),
    Endpoint("GET /client/Webhook", query),
    Endpoint("DELETE /client/Webhook/[id]", delete),
    Endpoint("GET /client/Webhook-Log", log),
)
