"""`crossdock` on the command line: a file for each group. A command is a screenful; what it does lives elsewhere."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup

ROOMS: Final = {
    "serve": "serving",
    "worker": "serving",
    "migrate": "keeping",
    "apply": "keeping",
    "journey": "serving",
    "doctor": "serving",
    "verify": "keeping",
    "sign": "signing",
    "receiver": "signing",
    "evidence": "evidence",
    "bulk": "bulk",
    "callbacks": "callbacks",
    "camera": "cameras",
    "cancels": "cancels",
    "lockers": "lockers",
    "notices": "notices",
    "operators": "operators",
    "orders": "orders",
    "papers": "papers",
    "staff": "staff",
    "users": "users",
    "simulate": "simulate",
}
"""The file of each command or group, in the order of `--help`."""


class Commands(Mapping[str, Any]):
    """Each is read when it is asked for: one command need not wait for what only others use."""

    def __init__(self) -> None:
        self._read: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._read:
            group = typer.main.get_group(import_module(f"crossdock.cli.{ROOMS[name]}").app)
            group.name = name
            self._read[name] = group.commands.get(name, group)
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(ROOMS)

    def __len__(self) -> int:
        return len(ROOMS)


class House(TyperGroup):
    def __init__(self, **attributes: Any) -> None:
        super().__init__(**{**attributes, "commands": Commands()})


app = typer.Typer(cls=House, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def crossdock() -> None:
    """One server from the warehouse shelf to the customer's hand, and its tools."""
