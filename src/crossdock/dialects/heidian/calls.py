"""The list of calls, and how a request finds its own."""

import re
from typing import Any, Final

from msgspec import Struct

from crossdock.base.errors import MethodNotAllowed, PathUnknown
from crossdock.dialects.heidian import routes
from crossdock.dialects.heidian.asked import integer
from crossdock.dialects.heidian.limits import FETCHES_OF_ADDRESS, LOGINS_OF_ADDRESS
from crossdock.edge.dialect import Endpoint
from crossdock.edge.limits import Window


class Terms(Struct, frozen=True, kw_only=True):
    """What must hold before a call runs, and how its answer begins."""

    staff: bool = True
    """A staff token is needed; without it the header is not even looked at."""
    manager: bool = False
    keyed: bool = False
    """A code is named: tries are limited."""
    body: bool = False
    """The body is read; False ignores it, whatever it is."""
    of_address: Window | None = None
    status: int = 200


PUBLIC: Final = Terms(staff=False)

ENDPOINTS: Final = (
    Endpoint("GET /api/orders/pick_up_code/", routes.list_codes, Terms()),
    Endpoint("GET /api/orders/pick_up_code/fetch/", routes.fetch, Terms(staff=False, of_address=FETCHES_OF_ADDRESS)),
    Endpoint("GET /api/orders/pick_up_code/check/", routes.check, Terms(keyed=True)),
    Endpoint("POST /api/orders/pick_up_code/consume/", routes.consume, Terms(keyed=True, body=True)),
    Endpoint("POST /api/orders/pick_up_code/rollback/", routes.rollback, Terms(keyed=True, body=True)),
    Endpoint("GET /api/orders/pick_up_code/[id]/", routes.one_code, Terms()),
    Endpoint("GET /api/orders/pick_up_code/[id]/order/", routes.order_behind, Terms()),
    Endpoint("POST /api/orders/pick_up_code/[id]/stock_prepare/", routes.stock_prepare, Terms()),
    Endpoint("GET /api/shops/offline_shop/", routes.list_shops, PUBLIC),
    Endpoint("GET /api/shops/staff/", routes.list_staff, Terms(manager=True)),
    Endpoint("POST /api/shops/staff/", routes.create_staff, Terms(manager=True, body=True, status=201)),
    Endpoint(
        "POST /api/shops/staff_login/",
        routes.staff_login,
        Terms(staff=False, body=True, of_address=LOGINS_OF_ADDRESS),
    ),
    Endpoint("GET /api/shops/action_history/", routes.action_history, Terms()),
)
PREFLIGHT: Final = Endpoint("OPTIONS *", routes.preflight, PUBLIC)

_NUMBERED = re.compile(r"(?P<before>/api/orders/pick_up_code/)(?P<number>[0-9]+)(?P<after>/.*)")


class Found(Struct, frozen=True):
    endpoint: Endpoint
    path: str
    """With the final slash."""
    number: int | None


def find(method: str, path: str) -> Found:
    """A path without its final slash is served as if it had it. Errors: PathUnknown, MethodNotAllowed."""
    whole = path if path.endswith("/") else path + "/"
    match = _NUMBERED.fullmatch(whole)
    number = integer(match["number"]) if match else None
    if match and number is None:
        raise PathUnknown()
    methods = _NUMBERED_PATHS.get(f"{match['before']}[id]{match['after']}") if match else _PATHS.get(whole)
    if methods is None:
        raise PathUnknown()
    endpoint = methods.get("GET" if method == "HEAD" else method)
    if endpoint is None:
        raise MethodNotAllowed(method=method, allowed=allowed(methods))
    return Found(endpoint, whole, number)


def allowed(methods: dict[str, Endpoint]) -> str:
    """For the Allow header."""
    names = [*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"]
    return ", ".join(names)


def _table(*, numbered: bool) -> dict[str, dict[str, Endpoint]]:
    table: dict[str, dict[str, Endpoint]] = {}
    for endpoint in ENDPOINTS:
        method, path = endpoint.call.split(" ", 1)
        if ("[id]" in path) is numbered:
            table.setdefault(path, {})[method] = endpoint
    return table


_PATHS: Final[dict[str, dict[str, Any]]] = _table(numbered=False)
_NUMBERED_PATHS: Final[dict[str, dict[str, Any]]] = _table(numbered=True)
