"""Accounts: companies, places, services and keys. A key is issued, replaced with an overlap, and revoked."""

from typing import Any, Final, Literal

from litestar import MediaType, Response, get, post
from litestar.params import FromPath

from crossdock import dialects
from crossdock.base.errors import Conflict
from crossdock.base.ids import AccountId
from crossdock.console import forms
from crossdock.console.forms import Failure, FieldWrong, Form
from crossdock.console.office import screen
from crossdock.console.office.screen import Entry, Says
from crossdock.console.office.who import PREFIX, Somebody, operator
from crossdock.console.web import PageRequest
from crossdock.core.accounts import keys, overview
from crossdock.core.accounts.errors import (
    AccountUnknown,
    KeyMustBeNamed,
    KeyTaken,
    KeyUnknown,
    KeyUnusable,
    OverlapInvalid,
)
from crossdock.core.accounts.keys import Issued
from crossdock.core.accounts.model import Key
from crossdock.core.operators import deeds
from crossdock.db.tx import Tx
from crossdock.edge.dialect import Dialect

HERE: Final = f"{PREFIX}/accounts"
SEARCH_CHARACTERS_MAX: Final = 100
SITES_SHOWN: Final = 20
SERVICES_SHOWN: Final = 100
KEYS_SHOWN: Final = screen.ROWS_MAX
OVERLAP_H: Final = 24
"""What the form proposes."""
KEY_ENDS: Final = 4
"""Of a key that is a secret, so many characters at either end are shown."""
ROLES: Final = ("customer", "carrier", "device")
"""What a key is good for, where its API tells callers apart (hongxun)."""

KeyState = Literal["live", "ending", "over", "revoked", "coming"]

TEXTS: Final = {
    "accounts": "Accounts",
    "accounts_why": "Whose goods and orders these are, and the keys that each is recognised by.",
    "account": "Account",
    "find": "Find",
    "find_account": "Code or name",
    "code": "Account code",
    "name": "Name",
    "zone": "Time zone",
    "currency": "Currency",
    "live_keys": "Keys in use",
    "last_used": "Last use",
    "never": "never",
    "back": "All accounts",
    "companies": "Companies",
    "places": "Places",
    "all_places": "All places",
    "services": "Services",
    "kind": "Kind",
    "warehouse": "warehouse",
    "shop": "shop",
    "station": "locker station",
    "method": "Way",
    "parcel": "parcel",
    "locker": "locker",
    "in_use": "in use",
    "off": "switched off",
    "state": "State",
    "keys": "Keys",
    "key": "Key",
    "api": "API",
    "any": "any",
    "live": "in use",
    "ending": "in use until {at}",
    "over": "over since {at}",
    "revoked": "revoked {at}",
    "coming": "from {at}",
    "issued": "Issued",
    "until": "Ends",
    "no_end": "no end",
    "receivers": "Callbacks signed with it",
    "scope": "Details",
    "issue": "Issue a key",
    "issue_why": "It is good at once, beside the others.",
    "key_text": "The key itself",
    "key_text_hint": "Left empty: one is made up, where the API allows it.",
    "like": "With the details of key",
    "like_none": "none",
    "role": "Good for (hongxun)",
    "customer": "customer",
    "carrier": "carrier",
    "device": "weighing machine",
    "rotate": "Replace it",
    "rotate_why": "A new key with the same details. The old one goes on beside it until the overlap is over.",
    "overlap": "Hours that the old one goes on",
    "move": "Sign callbacks with the new one at once",
    "revoke": "Revoke it",
    "revoke_why": "It opens nothing any more, within a few seconds.",
    "sure": "I am sure",
    "shown_once": "This is shown only now, and kept nowhere where it can be read. Hand it over by a safe way.",
    "secret": "Secret",
    "go_on": "It is written down",
    "new_key": "New key",
    "workbench": "Why is a signature of it refused?",
    "told_revoke": "The key is revoked.",
}


class ShownBefore(Conflict):
    """This key was made before, and its secret was shown: it cannot be shown again."""


SAYS: Final = Says.of(
    TEXTS,
    {
        AccountUnknown: "There is no such account.",
        KeyUnknown: "There is no such key.",
        KeyTaken: "Somebody goes by this key already. Nothing was done.",
        KeyUnusable: "A key has {characters_max} visible ASCII characters at most, no blanks. Nothing was done.",
        KeyMustBeNamed: "The partner names its keys in this API: say what the new one is called. Nothing was done.",
        OverlapInvalid: "The old key can go on for {hours_max} hours at most. Nothing was done.",
        ShownBefore: "This key was made before. Its secret was shown once; if it is lost, replace the key.",
    },
)
ENTRY: Final = Entry(path=HERE, title="Accounts", operators=True)


@get(HERE, media_type=MediaType.HTML)
async def listed(request: PageRequest) -> Response[Any]:
    who = await operator(request, write=False)
    text = request.query_params.get("text", "").replace("\0", "").strip()[:SEARCH_CHARACTERS_MAX]
    async with who.desk.database.autocommit() as tx:
        found = await overview.accounts(
            tx,
            account_id=who.scope.account_id,
            text=text,
            after=screen.after(request),
            limit=screen.ROWS_MAX + 1,
        )
    return screen.show(
        request,
        who,
        SAYS,
        "office/accounts.html",
        here=HERE,
        text=text,
        accounts=screen.Rows.of(request, found, key=lambda account: account.id),
    )


@get(HERE + "/{account_id:int}", media_type=MediaType.HTML)
async def one(request: PageRequest, account_id: FromPath[int]) -> Response[Any]:
    return await _one(request, await operator(request, write=False), AccountId(account_id))


@get(HERE + "/{account_id:int}/places", media_type=MediaType.HTML)
async def places(request: PageRequest, account_id: FromPath[int]) -> Response[Any]:
    who = await operator(request, write=False)
    async with who.desk.database.autocommit() as tx:
        account = await overview.account(tx, account_id=_seen(who, account_id))
        sites = await overview.sites(
            tx, account_id=account.id, after=screen.after(request), limit=screen.ROWS_MAX + 1
        )
    return screen.show(
        request,
        who,
        SAYS,
        "office/places.html",
        here=f"{HERE}/{account_id}/places",
        account=account,
        sites=screen.Rows.of(request, sites, key=lambda site: site.id),
    )


@post(HERE + "/{account_id:int}")
async def issue(request: PageRequest, account_id: FromPath[int]) -> Response[Any]:
    """Its answer shows the secret, which is told once."""
    who = await operator(request, write=True)

    async def do(form: Form) -> Response[Any]:
        account = _seen(who, account_id)
        name = form.text("dialect")
        if name not in dialects.names():
            raise FieldWrong(field="dialect", value=name)
        [dialect] = dialects.load(name)
        key_text = form.text("key_text", characters_max=keys.KEY_CHARACTERS_MAX)
        if not key_text:
            if dialect.new_key is None:
                raise KeyMustBeNamed()
            key_text = dialect.new_key()
        why = deeds.reason_given(form.text("reason"))
        async with who.desk.database.transaction() as tx:
            await overview.account(tx, account_id=account)
            await _first_time(tx, who, form, "issue_key")
            scope = await _scope(tx, account, form, name)
            issued = await keys.issue(
                tx, who.desk.seal, account_id=account, dialect=name, key_text=key_text, scope=scope
            )
            await _note(tx, who, form, "issue_key", issued.key, why)
        return _shown(request, who, issued)

    return await forms.act(request, who, SAYS, do, lambda failure: _one(request, who, AccountId(account_id), failure))


@get(HERE + "/{account_id:int}/keys/{credential_id:int}", media_type=MediaType.HTML)
async def key(request: PageRequest, account_id: FromPath[int], credential_id: FromPath[int]) -> Response[Any]:
    return await _key(request, await operator(request, write=False), account_id, credential_id)


@post(HERE + "/{account_id:int}/keys/{credential_id:int}")
async def replace_or_revoke(
    request: PageRequest, account_id: FromPath[int], credential_id: FromPath[int]
) -> Response[Any]:
    who = await operator(request, write=True)

    async def do(form: Form) -> Response[Any]:
        deed = form.text("deed")
        if deed not in ("rotate", "revoke"):
            raise FieldWrong(field="deed", value=deed)
        if form.text("sure") != "yes":
            raise FieldWrong(field="sure", value=form.text("sure"))
        why = deeds.reason_given(form.text("reason"))
        by: dict[str, Any] = {"account_id": _seen(who, account_id), "credential_id": credential_id}
        if deed == "rotate":
            overlap = form.text("overlap", needed=True)
            hours = int(overlap) if overlap.isascii() and overlap.isdecimal() and len(overlap) <= 9 else -1
            async with who.desk.database.transaction() as tx:
                await _first_time(tx, who, form, "rotate_key")
                issued = await keys.rotate(
                    tx,
                    who.desk.seal,
                    **by,
                    overlap_h=hours,
                    key_text=form.text("key_text", characters_max=keys.KEY_CHARACTERS_MAX),
                    move_receivers=form.text("move") == "yes",
                )
                await _note(tx, who, form, "rotate_key", issued.key, why, instead_of=credential_id, overlap_h=hours)
            who.desk.accounts.forget()
            return _shown(request, who, issued)
        async with who.desk.database.transaction() as tx:
            before: dict[str, Any] = {"action": "revoke_key", "subject": f"key:{credential_id} "}
            if not await deeds.done_before(tx, by=who.by, operation_id=form.operation_id, **before):
                revoked = await keys.revoke(tx, **by)
                await _note(tx, who, form, "revoke_key", revoked, why)
        who.desk.accounts.forget()
        return forms.done(request, who, f"{HERE}/{account_id}/keys/{credential_id}", TEXTS["told_revoke"])

    return await forms.act(
        request, who, SAYS, do, lambda failure: _key(request, who, account_id, credential_id, failure)
    )


def said(key: Key) -> str:
    """A key as it may be shown: where nothing is signed it is a secret itself."""
    return _hidden(key.key) if _is_secret(key.dialect) else key.key


async def _one(
    request: PageRequest, who: Somebody, account_id: AccountId, failure: Failure | None = None
) -> Response[Any]:
    asked = request.query_params.get("api", "")
    dialect = asked if asked in dialects.names() else None
    async with who.desk.database.autocommit() as tx:
        account = await overview.account(tx, account_id=_seen(who, account_id))
        by: dict[str, Any] = {"account_id": account.id}
        sites = await overview.sites(tx, **by, limit=SITES_SHOWN + 1)
        services = await overview.services(tx, **by, limit=SERVICES_SHOWN)
        found = await overview.keys(tx, **by, dialect=dialect, before=screen.after(request), limit=KEYS_SHOWN + 1)
        now = tx.now
    return screen.show(
        request,
        who,
        SAYS,
        "office/account.html",
        here=f"{HERE}/{account_id}",
        failure=failure,
        account=account,
        companies=await who.desk.accounts.companies_of(account.id),
        sites=sites,
        sites_max=SITES_SHOWN,
        services=services,
        keys=screen.Rows.of(request, found, key=lambda key: key.id, rows_max=KEYS_SHOWN),
        key_max=keys.KEY_CHARACTERS_MAX,
        shown=said,
        state=lambda key: _state(key, now),
        dialect=dialect,
        dialects=dialects.names(),
        roles=ROLES,
    )


async def _key(
    request: PageRequest, who: Somebody, account_id: int, credential_id: int, failure: Failure | None = None
) -> Response[Any]:
    async with who.desk.database.autocommit() as tx:
        account = await overview.account(tx, account_id=_seen(who, account_id))
        found = await keys.key(tx, account_id=account.id, credential_id=credential_id)
        state = _state(found, tx.now)
    return screen.show(
        request,
        who,
        SAYS,
        "office/key.html",
        here=f"{HERE}/{account_id}/keys/{credential_id}",
        failure=failure,
        account=account,
        key=found,
        shown=said(found),
        state=state,
        overlap=OVERLAP_H,
        overlap_max=keys.OVERLAP_H_MAX,
        key_max=keys.KEY_CHARACTERS_MAX,
    )


def _shown(request: PageRequest, who: Somebody, issued: Issued) -> Response[Any]:
    """The one page that shows a secret. It is not kept: not by the browser either."""
    return screen.show(
        request,
        who,
        SAYS,
        "office/key_issued.html",
        here=f"{HERE}/{issued.key.account_id}/keys/{issued.key.id}",
        key=issued.key,
        secret="" if _is_secret(issued.key.dialect) else issued.secret,
    )


async def _first_time(tx: Tx, who: Somebody, form: Form, action: str) -> None:
    """Errors: ShownBefore, OperationSpent."""
    if await deeds.done_before(tx, by=who.by, operation_id=form.operation_id, action=action):
        raise ShownBefore()


async def _note(tx: Tx, who: Somebody, form: Form, action: str, key: Key, why: str, **more: Any) -> None:
    await deeds.record(
        tx,
        by=who.by,
        action=action,
        account_id=key.account_id,
        subject=f"key:{key.id} {key.dialect}",
        reason=why,
        after=more or None,
        operation_id=form.operation_id,
    )


async def _scope(tx: Tx, account_id: AccountId, form: Form, dialect: str) -> dict[str, Any]:
    """Errors: KeyUnknown, FieldWrong."""
    if form.text("like"):
        like = await keys.key(tx, account_id=account_id, credential_id=form.number("like"))
        if like.dialect != dialect:
            raise FieldWrong(field="like", value=str(like.id))
        return like.scope
    role = form.text("role")
    if role and role not in ROLES:
        raise FieldWrong(field="role", value=role)
    return {"role": role} if role else {}


def _seen(who: Somebody, account_id: int) -> AccountId:
    """Errors: AccountUnknown."""
    if not who.scope.holds(AccountId(account_id)):
        raise AccountUnknown(code=account_id)
    return AccountId(account_id)


def _state(key: Key, now: Any) -> KeyState:
    if key.revoked_at is not None:
        return "revoked"
    if key.valid_until is not None and key.valid_until <= now:
        return "over"
    if key.valid_from is not None and key.valid_from > now:
        return "coming"
    return "live" if key.valid_until is None else "ending"


def _is_secret(dialect: str) -> bool:
    """Also in an API that is not served any more: then nobody knows what a key of it was."""
    found: list[Dialect] = dialects.load(dialect) if dialect in dialects.names() else []
    return not found or found[0].key_is_secret


def _hidden(text: str) -> str:
    return f"{text[:KEY_ENDS]}…{text[-KEY_ENDS:]}" if len(text) > 4 * KEY_ENDS else "…"


HANDLERS: Final = [listed, one, places, issue, key, replace_or_revoke]
