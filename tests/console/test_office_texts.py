"""What the console says, in both languages."""

import importlib
import pkgutil

from crossdock.console import office, words
from crossdock.console.office import screen
from crossdock.console.office.screen import Says


def says() -> list[Says]:
    """Of every module of the console."""
    modules = [
        importlib.import_module(f"{office.__name__}.{found.name}") for found in pkgutil.iter_modules(office.__path__)
    ]
    return [module.SAYS for module in modules if hasattr(module, "SAYS")]


def test_everything_is_translated() -> None:
    chinese = words.translations("zh")
    texts = {text for one in says() for text in (*one.texts.values(), *one.failures.values())}
    texts |= {entry.title for entry in office.ENTRIES} | set(screen.TEXTS.values())
    assert sorted(text for text in texts if text not in screen.SAME and chinese.gettext(text) == text) == []
