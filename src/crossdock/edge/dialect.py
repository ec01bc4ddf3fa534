"""What a partner's API is, seen from outside: three verbs, open, refuse and seal, and a list of calls."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crossdock.base.errors import CrossdockError
from crossdock.edge.callback import Sender
from crossdock.edge.desk import Desk
from crossdock.edge.request import Request
from crossdock.edge.response import Response
from crossdock.edge.workbench import Workbench


@dataclass(frozen=True)
class Endpoint:
    """One documented call. `call` is its line in endpoints.toml, as `POST /api/iot/open/box/`."""

    call: str
    run: Callable[[Desk, Any, Any], Awaitable[Any]]
    """`run(desk, caller, body)` answers with whatever the dialect's seal prints."""
    options: Any = None
    """What this dialect's open or seal needs to know about the call; None for most."""


@dataclass(frozen=True)
class Opened:
    """A request whose caller is known and whose body is read."""

    endpoint: Endpoint
    caller: Any
    body: Any


@dataclass(frozen=True)
class Dialect:
    name: str
    prefixes: tuple[str, ...]
    """Everything below these paths is this partner's, also what is not served. Compared without case."""
    body_bytes_max: int
    endpoints: tuple[Endpoint, ...]
    open: Callable[[Desk, Request], Awaitable[Opened]]
    """Find the call, recognise the caller, read the body; raises a CrossdockError otherwise."""
    refuse: Callable[[Desk, Request, CrossdockError], Response]
    """Say no in the partner's words."""
    seal: Callable[[Desk, Request, Opened, Any], Response]
    """Print the answer, signed where the partner signs."""
    sender: Sender | None = None
    """How this partner is told of events; None for one that is never called."""
    key_is_secret: bool = False
    """Nothing is signed: whoever knows a key is taken for its account, so it is shown as a secret is."""
    new_key: Callable[[], str] | None = None
    """Makes a key; None where the partner names its own."""
    workbench: Workbench | None = None
    """What it knows of its signatures."""
    jobs: Mapping[str, Callable[..., Awaitable[None]]] = field(default_factory=dict)
    """What it has done in the background, by the name its routes enqueue it under: `run(desk, **args)`."""
