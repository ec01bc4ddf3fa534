"""Which carton goods fit into, by the sides of each piece and the volume of all."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct, ValidationError, convert

from crossdock.core.catalog.model import Product

FILLED: Final = Decimal("0.85")
"""So much of a carton goods fill at best; the rest is air between them."""
CARTONS_MAX: Final = 30
SIDE_MM_MAX: Final = 3_000
NAME_CHARACTERS_MAX: Final = 20


class Carton(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Inside, in millimetres; `weight_g` is its own."""

    name: str
    length_mm: int
    width_mm: int
    height_mm: int
    weight_g: int = 0

    @property
    def volume_cm3(self) -> Decimal:
        return Decimal(self.length_mm * self.width_mm * self.height_mm) / 1_000

    @property
    def sides_mm(self) -> tuple[int, ...]:
        return _sides(self.length_mm, self.width_mm, self.height_mm)


CARTONS: Final[tuple[Carton, ...]] = (
    Carton(name="XS", length_mm=200, width_mm=150, height_mm=100, weight_g=90),
    Carton(name="S", length_mm=300, width_mm=200, height_mm=150, weight_g=180),
    Carton(name="M", length_mm=400, width_mm=300, height_mm=200, weight_g=340),
    Carton(name="L", length_mm=500, width_mm=400, height_mm=300, weight_g=620),
    Carton(name="XL", length_mm=600, width_mm=400, height_mm=400, weight_g=850),
)
"""Of a warehouse whose settings name none."""


class Suggestion(Struct, frozen=True, kw_only=True):
    """`carton` is None where nothing fits, or some sizes are not known: `unmeasured` are the SKUs of these."""

    carton: Carton | None
    unmeasured: tuple[str, ...] = ()


def cartons_of(settings: Mapping[str, Any]) -> tuple[Carton, ...]:
    """Those of a warehouse's settings; what cannot be read there counts as not said."""
    try:
        found = read(settings.get("cartons", ()))
    except ValueError:
        found = ()
    return found or CARTONS


def read(given: Any) -> tuple[Carton, ...]:
    """Cartons as a setup file names them. Errors: ValueError, with what is wrong."""
    try:
        cartons = convert(given, tuple[Carton, ...])
    except ValidationError as error:
        raise ValueError(str(error)) from error
    names = [carton.name for carton in cartons]
    if len(cartons) > CARTONS_MAX or len(set(names)) < len(names):
        raise ValueError(f"at most {CARTONS_MAX}, each with a name of its own")
    for carton in cartons:
        if not 0 < len(carton.name) <= NAME_CHARACTERS_MAX:
            raise ValueError(f"a name has 1 to {NAME_CHARACTERS_MAX} characters")
        if not all(0 < side <= SIDE_MM_MAX for side in carton.sides_mm) or carton.weight_g < 0:
            raise ValueError(f"sides are 1 to {SIDE_MM_MAX} mm, and a weight is not below 0")
    return cartons


def suggest(cartons: Sequence[Carton], goods: Sequence[tuple[Product, int]]) -> Suggestion:
    """The smallest carton that holds so many pieces of each product."""
    unmeasured = tuple(product.sku for product, _ in goods if product.figures.volume_cm3 is None)
    if unmeasured or not goods:
        return Suggestion(carton=None, unmeasured=unmeasured)
    volume_cm3 = sum((product.figures.volume_cm3 or 0) * pieces for product, pieces in goods)
    for carton in sorted(cartons, key=lambda carton: (carton.volume_cm3, carton.name)):
        if volume_cm3 <= carton.volume_cm3 * FILLED and all(_fits(product, carton) for product, _ in goods):
            return Suggestion(carton=carton)
    return Suggestion(carton=None)


def _fits(product: Product, carton: Carton) -> bool:
    sides = _sides(product.length_mm, product.width_mm, product.height_mm)
    return all(side <= room for side, room in zip(sides, carton.sides_mm, strict=True))


def _sides(*sides: int) -> tuple[int, ...]:
    """The longest first."""
    return tuple(sorted(sides, reverse=True))
