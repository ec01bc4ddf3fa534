"""SSCCs of a site's own pallets and cartons: each is handed out once, and kept with what it stands for."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from msgspec import Struct

from crossdock.base.ids import AccountId, ProductId, SiteId
from crossdock.core.accounts.errors import SiteUnknown
from crossdock.core.units import gs1, sscc_sql
from crossdock.core.units.errors import PrefixesOverlap, PrefixMissing, SsccsUsedUp, SsccUnknown
from crossdock.core.units.model import OwnPlate
from crossdock.db.tx import Tx

HANDED_OUT_MAX: Final = 500
"""At once: a roll of labels."""


class OneKind(Struct, frozen=True, kw_only=True):
    """What each of the plates holds, where it is one product of one lot."""

    product_id: ProductId
    quantity: int
    lot: str = ""
    expires_on: date | None = None


async def hand_out(
    tx: Tx, *, account_id: AccountId, site_id: SiteId, count: int = 1, content: OneKind | None = None
) -> list[str]:
    """`count` new numbers, one after the other. They may be printed once the transaction is on disk.

    `count` is 1 to HANDED_OUT_MAX. Errors: SiteUnknown, PrefixMissing, SsccsUsedUp, PrefixesOverlap; ValueError.
    """
    if not 0 < count <= HANDED_OUT_MAX:
        raise ValueError(f"{count} is not within 1 to {HANDED_OUT_MAX}")
    found = await sscc_sql.prefix(tx, account_id=account_id, site_id=site_id)
    if found is None:
        raise SiteUnknown()
    if not gs1.is_prefix(found.prefix):
        raise PrefixMissing(site=found.site)
    used = await sscc_sql.count_on(tx, prefix=found.prefix, count=count, most=gs1.serials_of(found.prefix))
    if used is None:
        raise SsccsUsedUp(prefix=found.prefix)
    codes = [gs1.sscc(found.prefix, serial) for serial in range(used - count, used)]
    kept = await sscc_sql.keep(tx, account_id=account_id, site_id=site_id, codes=codes, content=content)
    if kept < count:
        raise PrefixesOverlap(prefix=found.prefix)
    return codes


async def batch(tx: Tx, *, account_id: AccountId, code: str, site_id: SiteId | None = None) -> list[str]:
    """The numbers handed out together with this one, and itself; with `site_id`, there. Errors: SsccUnknown."""
    found = await sscc_sql.batch(tx, account_id=account_id, code=code)
    if not found or any(site_id not in (None, of_site) for of_site, _ in found):
        raise SsccUnknown(code=code)
    return [one for _, one in found]


async def plates(tx: Tx, *, account_id: AccountId, codes: Sequence[str]) -> list[OwnPlate]:
    """In the order of the codes. Errors: SsccUnknown."""
    found = {plate.code: plate for plate in await sscc_sql.plates(tx, account_id=account_id, codes=codes)}
    for code in codes:
        if code not in found:
            raise SsccUnknown(code=code)
    return [found[code] for code in codes]
