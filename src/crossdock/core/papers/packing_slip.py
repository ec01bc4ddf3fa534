"""What lies in a parcel (packing slip), and what was handed over against a signature (delivery note)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from msgspec import Struct

from crossdock.core.papers import sheet
from crossdock.core.papers.sheet import Column, Sheet
from crossdock.core.papers.wording import goods, moment, weight

SKU_MM: Final = 42


class SlipLine(Struct, frozen=True, kw_only=True):
    sku: str
    name: str
    lot: str = ""
    expires_on: date | None = None
    ordered: int
    here: int
    """In this parcel, or this delivery."""
    to_come: int = 0


class PackingSlip(Struct, frozen=True, kw_only=True):
    number: str
    """The order's own number."""
    code: str
    """What the bench scans: the order's id."""
    reference: str = ""
    service: str = ""
    owner: str = ""
    placed_at: datetime
    """In the zone of the site, as `printed_at`."""
    printed_at: datetime
    sender: Sequence[str]
    recipient: Sequence[str]
    lines: Sequence[SlipLine]
    parcels: int = 1
    notes: Sequence[str] = ()


class DeliveryNote(PackingSlip, frozen=True, kw_only=True):
    tracking: Sequence[str] = ()
    weight_g: int = 0
    """0: not known."""


def pdf(paper: PackingSlip) -> bytes:
    """Errors: PaperTooLong."""
    return sheet.pdf(_sheet(paper, "packing_slip", "here"))


def note_pdf(paper: DeliveryNote) -> bytes:
    """Errors: PaperTooLong."""
    return sheet.pdf(
        _sheet(
            paper,
            "delivery_note",
            "delivered",
            facts=[("tracking", ", ".join(paper.tracking))],
            totals=[("weight", weight(paper.weight_g))] if paper.weight_g else [],
            signatures=["handed_over", "received"],
        )
    )


def _sheet(
    paper: PackingSlip,
    title: str,
    here: str,
    *,
    facts: Sequence[tuple[str, str]] = (),
    totals: Sequence[tuple[str, str]] = (),
    signatures: Sequence[str] = (),
) -> Sheet:
    return Sheet(
        title=title,
        number=paper.number,
        code=paper.code,
        facts=[
            ("reference", paper.reference),
            ("service", paper.service),
            ("owner", paper.owner),
            ("placed", moment(paper.placed_at)),
            ("printed", moment(paper.printed_at)),
            *facts,
        ],
        sender=paper.sender,
        recipient=paper.recipient,
        columns=(
            Column(caption="sku", width_mm=SKU_MM),
            Column(caption="goods", width_mm=sheet.INNER_MM - SKU_MM - 60),
            Column(caption="ordered", width_mm=20, kind="number"),
            Column(caption=here, width_mm=22, kind="number"),
            Column(caption="to_come", width_mm=18, kind="number"),
        ),
        rows=[
            (
                line.sku,
                goods(line.name, line.name, line.lot, line.expires_on),
                str(line.ordered),
                str(line.here),
                str(line.to_come or ""),
            )
            for line in paper.lines
        ],
        totals=[
            ("pieces", str(sum(line.here for line in paper.lines))),
            ("parcels", str(paper.parcels)),
            *totals,
        ],
        notes=paper.notes,
        signatures=signatures,
    )
