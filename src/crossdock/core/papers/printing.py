"""Any paper in any form it is printed in."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from crossdock.core.papers import manifest, packing_slip, parcel_label, pick_list, plate_label, product_label
from crossdock.core.papers.errors import PaperTooLong, PaperUnknown
from crossdock.core.papers.manifest import Manifest
from crossdock.core.papers.packing_slip import DeliveryNote, PackingSlip
from crossdock.core.papers.parcel_label import ParcelLabel
from crossdock.core.papers.pick_list import PickList
from crossdock.core.papers.plate_label import PlateLabels
from crossdock.core.papers.product_label import ProductLabel

Form = Literal["pdf", "zpl203", "zpl300"]
Paper = ParcelLabel | ProductLabel | PlateLabels | PickList | PackingSlip | DeliveryNote | Manifest

LABELS_MAX: Final = 500
"""Of one print: a roll."""
DPI: Final[Mapping[str, int]] = {"zpl203": 203, "zpl300": 300}
PDF_OF: Final[Mapping[type[Any], Callable[[Any], bytes]]] = {
    ParcelLabel: parcel_label.pdf,
    ProductLabel: product_label.pdf,
    PlateLabels: lambda plates: plate_label.pdf_of(plates.labels),
    PickList: pick_list.pdf,
    PackingSlip: packing_slip.pdf,
    DeliveryNote: packing_slip.note_pdf,
    Manifest: manifest.pdf,
}
LABELS_OF: Final[Mapping[type[Any], Callable[[Any], int]]] = {
    ParcelLabel: lambda label: label.parcels,
    ProductLabel: lambda label: label.copies,
    PlateLabels: lambda plates: len(plates.labels),
}
"""How many labels it is; what is not here is a sheet, and has no ZPL."""


def printed(paper: Paper, form: Form) -> bytes:
    """Takes a while: not on the event loop. Errors: PaperTooLong, PaperUnknown."""
    kind = type(paper)
    if kind in LABELS_OF and not 0 < (labels := LABELS_OF[kind](paper)) <= LABELS_MAX:
        raise PaperTooLong(rows=labels, most=LABELS_MAX)
    if form == "pdf":
        return PDF_OF[kind](paper)
    if kind not in LABELS_OF:
        raise PaperUnknown(paper=kind.__name__, form=form)
    from crossdock.core.papers.zpl import zpl  # noqa: PLC0415  # PDFium and Pillow, for who prints on a label printer

    return zpl(PDF_OF[kind](paper), dpi=DPI[form])
