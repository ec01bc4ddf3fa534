"""Papers over HTTP, for whoever is logged in: a name, what it is of, and in which form.

`label/2408010360000001.pdf`, `plate/395212340000000018.zpl?dpi=300`, `product/2989352.pdf?lot=L-1&copies=20`. They
are made one after the other, off the event loop.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Any, Final, cast
from urllib.parse import quote

from litestar import Response
from msgspec import Struct

from crossdock.base.errors import Invalid, Overloaded
from crossdock.base.ids import AccountId, SiteId
from crossdock.console.web import HEADERS
from crossdock.core.papers import gathering, printing
from crossdock.core.papers.errors import PaperUnknown
from crossdock.core.papers.printing import Form, Paper
from crossdock.core.units import sscc
from crossdock.db.tx import Tx
from crossdock.edge.desk import Desk

WAITING_MAX: Final = 20
"""Papers that are asked for and not made yet, in one process; a list of 5,000 rows takes seconds."""
LOT_CHARACTERS_MAX: Final = 64
TYPES: Final = {"pdf": "application/pdf", "zpl": "application/zpl"}
DPI: Final = {"": "zpl203", "203": "zpl203", "300": "zpl300"}


class Press:
    """One paper at a time: a long list must not take the processor from partners' calls twice over."""

    def __init__(self) -> None:
        self._one = asyncio.Semaphore(1)
        self._waiting = 0

    async def printed(self, paper: Paper, form: Form) -> bytes:
        """Errors: Overloaded, and those of printing.printed."""
        if self._waiting >= WAITING_MAX:
            raise Overloaded()
        self._waiting += 1
        try:
            async with self._one:
                return await asyncio.to_thread(printing.printed, paper, form)
        finally:
            self._waiting -= 1


class Asked(Struct, frozen=True, kw_only=True):
    account_id: AccountId
    site_id: SiteId | None
    """Where the person works; None where all places of the account are theirs."""
    ref: str
    """What the paper is of: an order's id, a product's id, an SSCC."""
    options: Mapping[str, str]

    @property
    def number(self) -> int:
        """Errors: PaperUnknown."""
        if not (self.ref.isascii() and self.ref.isdigit() and len(self.ref) < 20):
            raise PaperUnknown(paper=self.ref)
        return int(self.ref)

    @property
    def place(self) -> dict[str, Any]:
        return {"account_id": self.account_id, "site_id": self.site_id}


async def _product(tx: Tx, asked: Asked) -> Paper:
    """Options: lot, expires (2026-01-31), copies. Errors: Invalid, ProductUnknown."""
    lot, expires, copies = (asked.options.get(name, "") for name in ("lot", "expires", "copies"))
    if len(lot) > LOT_CHARACTERS_MAX or (copies and not (copies.isascii() and copies.isdigit() and len(copies) < 9)):
        raise Invalid()
    try:
        day = date.fromisoformat(expires) if expires else None
    except ValueError as error:
        raise Invalid() from error
    return await gathering.product_label(
        tx, account_id=asked.account_id, product_id=asked.number, lot=lot, expires_on=day, copies=int(copies or 1)
    )


async def _plates(tx: Tx, asked: Asked) -> Paper:
    """All that were handed out with this one."""
    codes = await sscc.batch(tx, **asked.place, code=asked.ref)
    return await gathering.plate_labels(tx, **asked.place, codes=codes)


PAPERS: Final[Mapping[str, Callable[[Tx, Asked], Awaitable[Paper]]]] = {
    "label": lambda tx, asked: gathering.parcel_label(tx, **asked.place, order_id=asked.number),
    "slip": lambda tx, asked: gathering.packing_slip(tx, **asked.place, order_id=asked.number),
    "note": lambda tx, asked: gathering.delivery_note(tx, **asked.place, order_id=asked.number),
    "manifest": lambda tx, asked: gathering.manifest(tx, **asked.place, manifest_id=asked.number),
    "picks": lambda tx, asked: gathering.pick_list(tx, **asked.place, wave_id=asked.number),
    "product": _product,
    "plate": lambda tx, asked: gathering.plate_labels(tx, **asked.place, codes=[asked.ref]),
    "plates": _plates,
}
"""By the name in the address."""


async def answer(
    desk: Desk,
    press: Press,
    *,
    account_id: AccountId,
    site_id: SiteId | None,
    paper: str,
    file: str,
    options: Mapping[str, str],
) -> Response[bytes]:
    """`file` is what the paper is of, and its form: `2408010360000001.pdf`.

    Errors: PaperUnknown, Invalid, Overloaded, PaperTooLong, OrderUnknown, ProductUnknown, SsccUnknown.
    """
    ref, _, ending = file.rpartition(".")
    form = "pdf" if ending == "pdf" else DPI.get(options.get("dpi", "")) if ending == "zpl" else None
    if paper not in PAPERS or form is None:
        raise PaperUnknown(paper=paper, form=ending)
    asked = Asked(account_id=account_id, site_id=site_id, ref=ref, options=options)
    async with desk.database.transaction(readonly=True) as tx:
        gathered = await PAPERS[paper](tx, asked)
    made = await press.printed(gathered, cast(Form, form))
    shown = "inline" if ending == "pdf" else "attachment"
    return Response(
        made,
        media_type=TYPES[ending],
        headers={**HEADERS, "content-disposition": f'{shown}; filename="{quote(f"{paper}-{file}")}"'},
    )
