"""What a place may set for itself: each rule is a key of its site's settings."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from crossdock.base.ids import AccountId, SiteId
from crossdock.core.accounts.model import SiteKind
from crossdock.core.film.model import FILM_DAYS, FILM_DAYS_MAX
from crossdock.core.handover.model import CODE_HOURS_MAX, ROLLBACK_WINDOW_S_MAX, ROLLBACKS_MAX
from crossdock.core.staff.model import PASSWORD_CHARACTERS_MAX
from crossdock.core.stock.model import ALLOCATIONS

Value = bool | int | str


class Rule(Struct, frozen=True, kw_only=True):
    """One of `choices`, a whole number from `least` to `most`, or, with neither, yes or no."""

    name: str
    default: Value | None
    """What counts where the place says nothing; None is for ever, without end, or never."""
    choices: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None

    def fits(self, value: Value) -> bool:
        if self.choices:
            return value in self.choices
        if self.least is not None and self.most is not None:
            return type(value) is int and self.least <= value <= self.most
        return type(value) is bool


def _number(name: str, default: int | None, least: int, most: int) -> Rule:
    return Rule(name=name, default=default, least=least, most=most)


FILM: Final = _number("film_days", FILM_DAYS, 1, FILM_DAYS_MAX)
ALLOCATION: Final = Rule(name="allocation", default=ALLOCATIONS[0], choices=ALLOCATIONS)
RULES: Final[Mapping[SiteKind, tuple[Rule, ...]]] = {
    "warehouse": (ALLOCATION, FILM),
    "shop": (
        Rule(name="prepared_first", default=False),
        Rule(name="mask_keys", default=False),
        _number("rollback_window_s", None, 0, ROLLBACK_WINDOW_S_MAX),
        _number("rollbacks_max", None, 0, ROLLBACKS_MAX),
        _number("code_valid_h", None, 1, CODE_HOURS_MAX),
        _number("reminder_h", None, 1, CODE_HOURS_MAX),
        _number("password_characters_min", 1, 1, PASSWORD_CHARACTERS_MAX),
        FILM,
    ),
    "station": (FILM,),
}
"""As the setup file takes them."""


class Place(Struct, frozen=True, kw_only=True):
    """A site, and what it says."""

    id: SiteId
    account_id: AccountId
    account: str
    """Its code."""
    kind: SiteKind
    code: str
    name: str
    settings: dict[str, Any]

    @property
    def rules(self) -> list[tuple[Rule, Value | None]]:
        """Each rule, and what the place says; None is nothing."""
        return [(rule, self.settings.get(rule.name)) for rule in RULES[self.kind]]
