"""Who is calling: a key and a company on every call, no signature."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from crossdock.base.errors import BodyMalformed, CallerUnknown
from crossdock.core.accounts.model import Account, Company
from crossdock.dialects.birdsystem.parameters import lists_joined
from crossdock.edge.desk import Desk
from crossdock.edge.request import Request
from crossdock.edge.workbench import Claimed

NAME: Final = "birdsystem"
TO_EVERYBODY: Final = "to everybody"
"""The option of an endpoint that needs no key."""
KEY_HEADER: Final = "api_key"
COMPANY_HEADER: Final = "company_id"
"""Both with an underscore, which some proxies drop unless told otherwise."""

KEY: Final = re.compile(r"[!-~]{1,64}")
"""Printed without blanks; the vendor's are 32 hex digits."""
COMPANY: Final = re.compile(r"[0-9]{1,9}")


class Client(Struct, frozen=True, kw_only=True):
    """The scope of every read and write: one account in one of its companies."""

    account: Account
    company: Company
    actor: str
    """The key's user, or the number of the key; the key itself is a secret and is written nowhere."""


class Shown(Struct, frozen=True):
    """A value and where it stood."""

    value: str
    place: str


async def recognise(desk: Desk, request: Request) -> Client:
    """Errors: CallerUnknown, CompanyUnknown. One text for all: nobody learns which of the two was wrong."""
    key = shown(request, KEY_HEADER).value
    company_id = shown(request, COMPANY_HEADER).value
    if not KEY.fullmatch(key) or not COMPANY.fullmatch(company_id):
        raise CallerUnknown()
    caller = await desk.accounts.caller(NAME, key)
    if caller is None or not caller.credential.valid_at(desk.clock.now()):
        raise CallerUnknown()
    desk.accounts.used(caller.credential, desk.clock.now())
    return Client(
        account=caller.account,
        company=await desk.accounts.company(caller.account.id, int(company_id)),
        actor=str(caller.credential.scope.get("user") or f"key {caller.credential.id}"),
    )


def shown(request: Request, name: str) -> Shown:
    """The first that is not empty: header, query, form."""
    return next((found for found in _places(request, name) if found.value), Shown("", "nowhere"))


def claimed(raw: bytes, *, query: str, headers: Mapping[str, str]) -> Claimed:
    """Errors: BodyMalformed."""
    return Claimed(key=shown(_request(raw, query, headers), KEY_HEADER).value)


def explain(raw: bytes, *, query: str, headers: dict[str, str], secret: str) -> tuple[str, str]:
    """What a request shows of its caller, and an empty signature: this API signs nothing."""
    request = _request(raw, query, headers)
    try:
        found = [(name, shown(request, name)) for name in (KEY_HEADER, COMPANY_HEADER)]
    except BodyMalformed as error:
        return error.sentence, ""
    return ", ".join(f"{name}={one.value} ({one.place})" for name, one in found), ""


def _request(raw: bytes, query: str, headers: Mapping[str, str]) -> Request:
    return Request(
        method="POST",
        path="",
        query_string=query.encode(),
        headers=[(name.lower().encode(), value.encode()) for name, value in headers.items()],
        body=raw,
    )


def _places(request: Request, name: str) -> Iterator[Shown]:
    yield Shown((request.header(name) or "").strip(), "header")
    yield Shown(_plain(lists_joined(request.query).get(name)), "query")
    yield Shown(_plain(lists_joined(request.form).get(name)), "form")


def _plain(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
