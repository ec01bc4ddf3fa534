"""Papers of the floor, and numbers for pallets: labels and slips at `/floor/papers/`, SSCCs at `/floor/plates`."""

from datetime import date
from typing import Any, Final

from litestar import MediaType, Response, get, post
from litestar.params import FromPath

from crossdock.console import forms, papers
from crossdock.console.floor import screen
from crossdock.console.floor.door import Item
from crossdock.console.floor.screen import Says
from crossdock.console.floor.who import PREFIX, person
from crossdock.console.forms import Failure, FieldWrong, Form
from crossdock.console.web import PageRequest
from crossdock.core.catalog import queries as catalog
from crossdock.core.catalog.errors import ProductUnknown
from crossdock.core.staff import commands as staff
from crossdock.core.units import sscc
from crossdock.core.units.errors import PrefixesOverlap, PrefixMissing, SsccsUsedUp, SsccUnknown
from crossdock.core.units.sscc import HANDED_OUT_MAX, OneKind
from crossdock.db.tx import Tx

PLATES: Final = f"{PREFIX}/plates"
HAND_OUT: Final = "hand_out_sscc"
QUANTITY_MAX: Final = 1_000_000
LOT_CHARACTERS_MAX: Final = papers.LOT_CHARACTERS_MAX
SAYS: Final = Says.of(
    {
        "title": "Pallet labels",
        "why": "Each label has a new number (SSCC), which no other pallet in the world has.",
        "count": "How many",
        "one_kind": "What each pallet holds, if it is one product of one lot:",
        "sku": "Product (SKU)",
        "quantity": "Pieces on each",
        "lot": "Lot",
        "expires": "Expires on",
        "make": "Make new numbers",
        "numbers": "Numbers",
        "print": "Print all of them:",
        "again": "Print one of them again:",
        "more": "More numbers",
    },
    {
        PrefixMissing: "This warehouse has no GS1 company prefix. Ask the operator to set gs1_prefix in the setup"
        " file. Nothing was done.",
        SsccsUsedUp: "The GS1 company prefix {prefix} has not so many numbers left. The operator must ask GS1 for"
        " another one. Nothing was done.",
        PrefixesOverlap: "Some of these numbers were given to other pallets under another prefix. Tell the operator."
        " Nothing was done.",
        ProductUnknown: "No product has the SKU {sku}. Nothing was done.",
        SsccUnknown: "No pallet of this warehouse has this number.",
    },
)
ITEMS: Final = (Item(path=PLATES, title="Pallet labels", hint="New numbers for pallets, and their labels"),)


@get(PREFIX + "/papers/{paper:str}/{file:str}")
async def paper(request: PageRequest, paper: FromPath[str], file: FromPath[str]) -> Response[bytes]:
    """`label/2408010360000001.pdf`, `plates/095212340000000018.zpl?dpi=300`."""
    who = await person(request)
    return await papers.answer(
        who.desk,
        request.app.state.press,
        **who.place,
        paper=paper,
        file=file,
        options={name: str(value) for name, value in request.query_params.items()},
    )


@get(PLATES, media_type=MediaType.HTML)
async def ask(request: PageRequest) -> Response[Any]:
    who = await person(request)
    return screen.show(request, who, SAYS, "floor/plates.html", count_max=HANDED_OUT_MAX, fields={})


@post(PLATES)
async def hand_out(request: PageRequest) -> Response[Any]:
    """The same form a second time shows what it made the first time."""
    who = await person(request)
    sent: dict[str, str] = {}

    async def do(form: Form) -> Response[Any]:
        sent.update(form.fields)
        count = form.whole("count", least=1, most=HANDED_OUT_MAX)
        async with who.desk.database.transaction() as tx:
            before = await staff.action_of(tx, **who.place, operation_id=form.operation_id)
            if before is None:
                content = await _content(tx, who.staff.account_id, form)
                first = (await sscc.hand_out(tx, **who.place, count=count, content=content))[0]
                await staff.record_action(
                    tx,
                    **who.place,
                    staff_id=who.staff.id,
                    action=HAND_OUT,
                    after={"first": first, "count": count},
                    operation_id=form.operation_id,
                )
            else:
                first = str((before.after or {})["first"])
        return forms.done(request, who, f"{PLATES}/{first}")

    async def again(failure: Failure) -> Response[Any]:
        return screen.show(
            request,
            who,
            SAYS,
            "floor/plates.html",
            here=PLATES,
            failure=failure,
            count_max=HANDED_OUT_MAX,
            fields=sent,
        )

    return await forms.act(request, who, SAYS, do, again, scanned="sku")


@get(PLATES + "/{code:str}", media_type=MediaType.HTML)
async def handed_out(request: PageRequest, code: FromPath[str]) -> Response[Any]:
    """Errors: SsccUnknown."""
    who = await person(request)
    async with who.desk.database.autocommit() as tx:
        codes = await sscc.batch(tx, **who.place, code=code)
    address = f"{PREFIX}/papers"
    return screen.show(request, who, SAYS, "floor/plates_made.html", codes=codes, papers=address, plates=PLATES)


async def _content(tx: Tx, account_id: Any, form: Form) -> OneKind | None:
    """None where the form names no product. Errors: FieldWrong, ProductUnknown."""
    sku = form.text("sku")
    lot, expires = form.text("lot", characters_max=LOT_CHARACTERS_MAX), form.text("expires")
    if not sku:
        return None
    found = await catalog.products_by_sku(tx, account_id=account_id, skus=[sku])
    if sku not in found:
        raise ProductUnknown(sku=forms.shortened(sku))
    try:
        day = date.fromisoformat(expires) if expires else None
    except ValueError as error:
        raise FieldWrong(field="expires", value=forms.shortened(expires)) from error
    quantity = form.whole("quantity", least=1, most=QUANTITY_MAX)
    return OneKind(product_id=found[sku].id, quantity=quantity, lot=lot, expires_on=day)


HANDLERS: Final = (paper, ask, hand_out, handed_out)
