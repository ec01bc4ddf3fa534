"""Which call a path means: /client/{Controller}[/{Action-or-id}[/{id}]][/], compared without case; and one beside."""

import tomllib
from collections.abc import Sequence
from importlib.resources import files
from typing import Final

from msgspec import Struct

from crossdock.base.errors import MethodNotAllowed, PathUnknown
from crossdock.edge.dialect import Endpoint

Name = tuple[str, str]
"""Controller and action, both lower-case; the action is empty for a controller's own verbs."""

ID: Final = "/[id]"
"""How a documented path ends that names one record."""
SAME_VERB: Final = {"PUT": "POST"}


class Found(Struct, frozen=True):
    endpoint: Endpoint
    route: dict[str, str]
    """The id that stood in the path, if one did."""


class Paths:
    """`documented` are all actions of the manual: what is none of them, behind a controller, is an id."""

    def __init__(self, endpoints: Sequence[Endpoint], documented: Sequence[str]) -> None:
        self._served: dict[Name, dict[str, Endpoint]] = {}
        for endpoint in endpoints:
            verb, path = endpoint.call.split(" ", 1)
            self._served.setdefault(_name(path), {})[verb] = endpoint
        self._known = {_name(call.split(" ", 1)[1]) for call in documented}
        self._of_one = {
            name for call in documented if call.endswith(ID) and (name := _name(call.split(" ", 1)[1]))[1]
        }

    def find(self, method: str, path: str) -> Found:
        """Errors: PathUnknown, MethodNotAllowed."""
        name, route = self._read(path)
        verbs = self._served.get(name)
        if verbs is None:
            raise PathUnknown(path=path)
        endpoint = verbs.get(SAME_VERB.get(method, method))
        if endpoint is None:
            raise MethodNotAllowed(method=method)
        return Found(endpoint, route)

    def _read(self, path: str) -> tuple[Name, dict[str, str]]:
        match _segments(path):
            case ["client", controller]:
                return (controller.lower(), ""), {}
            case ["client", controller, second]:
                name = (controller.lower(), second.lower())
                return (name, {}) if name in self._known else ((controller.lower(), ""), {"id": second})
            case ["client", controller, action, id_] if (controller.lower(), action.lower()) in self._of_one:
                return (controller.lower(), action.lower()), {"id": id_}
            case ["consignment", _]:
                return _name(path), {}
        raise PathUnknown(path=path)


def documented_calls() -> list[str]:
    """Every `path` of endpoints.toml."""
    text = files(__package__).joinpath("endpoints.toml").read_text(encoding="utf-8")
    return [call["path"] for call in tomllib.loads(text)["call"]]


def _name(path: str) -> Name:
    first, controller, *rest = _segments(path)
    if first != "client":
        return f"/{first}/{controller.lower()}", ""
    action = rest[0] if rest and not rest[0].startswith("[") else ""
    return controller.lower(), action.lower()


def _segments(path: str) -> list[str]:
    first, *rest = path.removesuffix("/").removeprefix("/").split("/")
    return [first.lower(), *rest]
