"""What a scanner read, understood: a plain code of a product, a GTIN of any length, or a GS1 code with more in it.

GS1 codes name what they hold by Application Identifiers (GS1 General Specifications, section 3): 01 and 02 a GTIN,
10 a lot, 15 and 17 a date, 21 a serial number, 37 a count, 00 the plate of a pallet or a carton.
"""

from datetime import date
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from crossdock.base.ids import AccountId
from crossdock.core.catalog import sql
from crossdock.core.catalog.errors import CodeUnknown
from crossdock.core.catalog.model import Product
from crossdock.db.tx import Tx

if TYPE_CHECKING:
    from biip.gs1_messages import GS1Message

CODE_CHARACTERS_MAX: Final = 200
"""GS1-128 holds 48, a GS1 DataMatrix rarely more than 100."""
SEPARATORS: Final = ("\x1d", "|")
"""What ends a field of no fixed length. Many scanners cannot type the first, and are set up to send a bar."""
GTIN_LENGTHS: Final = (14, 13, 12, 8)


class Scanned(Struct, frozen=True, kw_only=True):
    """`codes` are what the product may be on record by, the likeliest first; empty for the plate of something."""

    text: str
    codes: tuple[str, ...]
    lot: str = ""
    expires_on: date | None = None
    serial: str = ""
    quantity: int | None = None
    """That the code itself counts, as that of a carton."""
    plate: str = ""
    """An SSCC, 18 digits."""


class Found(Struct, frozen=True, kw_only=True):
    product: Product
    scanned: Scanned


def understood(text: str) -> Scanned:
    """Never fails: what is no GS1 code is a code of somebody's own. Brackets around identifiers are read, too."""
    text = text.strip()
    message, gtin, sscc = _parsed(text[:CODE_CHARACTERS_MAX])
    fields = {} if message is None else {one.ai.ai: one for one in message.element_strings}
    if sscc is not None and not gtin:
        return Scanned(text=text, codes=(), plate=sscc)
    day = next((fields[ai].date for ai in ("17", "15") if ai in fields and fields[ai].date), None)
    counted = fields["37"].value if "37" in fields else ""
    return Scanned(
        text=text,
        codes=tuple(dict.fromkeys([text, *_lengths(gtin)])),
        lot=fields["10"].value if "10" in fields else "",
        expires_on=day,
        serial=fields["21"].value if "21" in fields else "",
        quantity=int(counted) if counted.isdecimal() and int(counted) > 0 else None,
        plate=sscc or "",
    )


async def find(tx: Tx, *, account_id: AccountId, text: str) -> Found:
    """The product behind what was scanned, by bar code or by sku. Errors: CodeUnknown."""
    scanned = understood(text)
    codes = [code for code in scanned.codes if len(code) <= CODE_CHARACTERS_MAX and "\0" not in code]
    product = await sql.by_codes(tx, account_id=account_id, codes=codes) if codes else None
    if product is None:
        raise CodeUnknown(code=scanned.text[:CODE_CHARACTERS_MAX])
    return Found(product=product, scanned=scanned)


def _parsed(text: str) -> tuple["GS1Message | None", str, str | None]:
    """The message, the GTIN in it, and the plate.

    A message without a GTIN or a plate is a mere number that looks so.
    """
    import biip  # noqa: PLC0415  # the prefixes of all the world's companies, 15 MB, in a process where somebody scans
    from biip.gs1_messages import GS1Message  # noqa: PLC0415  # of the same

    config = biip.ParseConfig(separator_chars=SEPARATORS)
    try:
        if text.startswith("("):
            message: GS1Message | None = GS1Message.parse_hri(text, config=config)
        else:
            message = biip.parse(text, config=config).gs1_message
        plain = biip.parse(text, config=config).gtin
    except (biip.ParseError, LookupError, ValueError):  # of half a code biip raises what Python raises
        return None, "", None
    held = {} if message is None else {one.ai.ai: one for one in message.element_strings}
    gtin = next((held[ai].gtin for ai in ("01", "02") if ai in held), None)
    sscc = held["00"].sscc if "00" in held else None
    if gtin is None and sscc is None:
        message = None
    named = gtin or plain
    return message, "" if named is None else named.value, None if sscc is None else sscc.value


def _lengths(gtin: str) -> list[str]:
    """A GTIN with as many zeros in front as its sisters have: 13 digits are the same 14 with a zero."""
    bare = gtin.lstrip("0")
    return [bare.zfill(length) for length in GTIN_LENGTHS if bare and len(bare) <= length]
