"""Everything that can be imported and exported, by name."""

from collections.abc import Mapping
from typing import Final

from crossdock.core.bulk import orders, people, products, stock
from crossdock.core.bulk.model import Kind, KindName

KINDS: Final[Mapping[KindName, Kind]] = {
    kind.name: kind for kind in (products.KIND, stock.KIND, orders.KIND, people.KIND)
}
