"""What a callback would say now. No secret takes part: it is composed twice, with two that are none, and what differs
between the two is what would be signed.
"""

import json
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from msgspec import Struct, structs

from crossdock.core.accounts.model import Account, Credential
from crossdock.core.events.model import Event, Receiver
from crossdock.edge.callback import Outgoing, Owed, Sender

SIGNATURE: Final = "[signature]"
NO_SECRETS: Final = ("not the secret", "not the secret either")


class Preview(Struct, frozen=True, kw_only=True):
    """One POST, with SIGNATURE where a signature would stand."""

    url: str
    headers: dict[str, str]
    body: str


def preview(
    sender: Sender,
    *,
    event: Event,
    receiver: Receiver,
    credential: Credential | None,
    account: Account,
    now: datetime,
) -> Preview | None:
    """None when there is nothing to say, or when what it says lies in a file and is read only to be sent."""
    composed: list[Outgoing] = []
    for secret in NO_SECRETS:
        signer = None if credential is None else structs.replace(credential, secret=secret)
        owed = Owed(event=event, receiver=receiver, credential=signer, account=account, attempt=1)
        try:
            outgoing = sender.compose(owed, now)
        except Exception:  # whatever a dialect misses: the page says that it cannot be shown
            return None
        if outgoing is None:
            return None
        composed.append(outgoing)
    one, other = composed
    return Preview(
        url=_url(one.url, other.url),
        headers={
            name: value if other.headers.get(name) == value else SIGNATURE for name, value in one.headers.items()
        },
        body=_body(one.body, other.body),
    )


def _url(one: str, other: str) -> str:
    if one == other:
        return one
    parts = urlsplit(one)
    others = dict(parse_qsl(urlsplit(other).query, keep_blank_values=True))
    query = "&".join(
        f"{name}={value if others.get(name) == value else SIGNATURE}"
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    )
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def _body(one: bytes, other: bytes) -> str:
    if one == other:
        return one.decode(errors="replace")
    try:
        return json.dumps(_alike(json.loads(one), json.loads(other)), ensure_ascii=False)
    except ValueError:
        return SIGNATURE


def _alike(one: Any, other: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict):
        return {name: _alike(value, other.get(name)) for name, value in one.items()}
    return one if one == other else SIGNATURE
