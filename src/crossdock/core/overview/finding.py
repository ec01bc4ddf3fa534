"""Finding an order by any number that is printed on it, or on anything of it."""

from crossdock.base.ids import OrderId
from crossdock.core.catalog import scanning
from crossdock.core.orders.queries import ORDER_ID_MAX
from crossdock.core.overview import finding_sql as sql
from crossdock.core.overview.model import FOUND_MAX, TEXT_CHARACTERS_MAX, OrderRow, ProductRow, Sight
from crossdock.db.tx import Tx


async def orders(tx: Tx, *, sight: Sight, text: str) -> list[OrderRow]:
    """Behind a number of any sort: its own or its owner's, a reference, a waybill's, a parcel's, a live pick-up
    code, a serial number, a plate or SSCC, a tote. Newest first, at most FOUND_MAX + 1: more fit than are told."""
    texts = _texts(text)
    if not texts:
        return []
    ids = [int(one) for one in texts if one.isascii() and one.isdecimal() and 0 < int(one) <= ORDER_ID_MAX]
    found = await sql.hits(tx, sight=sight, texts=texts, ids=ids, most=FOUND_MAX + 1)
    return await rows(tx, order_ids=found) if found else []


async def rows(tx: Tx, *, order_ids: list[OrderId]) -> list[OrderRow]:
    """Of orders that were found for whoever asks."""
    return await sql.rows(tx, order_ids=order_ids)


async def products(tx: Tx, *, sight: Sight, text: str) -> list[ProductRow]:
    """Behind an SKU or a bar code: those of the same code in several accounts are several."""
    texts = _texts(text)
    if not texts:
        return []
    codes = dict.fromkeys([*texts, *scanning.understood(text).codes])
    return await sql.products(tx, sight=sight, texts=list(codes), most=FOUND_MAX)


def _texts(text: str) -> list[str]:
    """What was typed or scanned, and what a GS1 code says inside; empty for what no number can be."""
    text = text.strip()
    if not text or len(text) > TEXT_CHARACTERS_MAX or "\0" in text:
        return []
    scanned = scanning.understood(text)
    return list(dict.fromkeys(one for one in (text, scanned.serial, scanned.plate) if one))
