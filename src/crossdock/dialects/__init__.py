"""The partner APIs. Each is a package here that exports DIALECT; a new one is found by being here."""

import pkgutil
from importlib import import_module

from crossdock.edge.dialect import Dialect


def names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)


def load(only: str | None = None) -> list[Dialect]:
    """Every dialect, by name, or one of them."""
    wanted = names() if only is None else [only]
    return [import_module(f"{__name__}.{name}").DIALECT for name in wanted]
