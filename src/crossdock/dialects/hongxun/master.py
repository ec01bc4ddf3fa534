"""A customer's master data: products, places, consignees. Each call names one; the same again changes it."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from msgspec import UNSET, structs

from crossdock.core.accounts import master
from crossdock.core.accounts.model import Caller, Consignee
from crossdock.core.catalog import commands as catalog
from crossdock.core.catalog.model import Figures, NewProduct, Product, ProductChange
from crossdock.dialects.hongxun import words
from crossdock.dialects.hongxun.fields import NAME_CHARS_MAX, NOT_ALLOWED, REMARK_CHARS_MAX, Reader, Text
from crossdock.dialects.hongxun.wire import Call, object_reader
from crossdock.edge.desk import Desk

FIGURE_MAX: Final = Decimal(10**9)
"""Of a price, a size or a weight; ours, so that millimetres and grams stay whole numbers of a column."""
MEASURED_MAX: Final = 1_000
"""Products in one 产品体积重量同步; ours, for all are changed in one transaction."""

PRODUCT: Final = (
    Text("customerProductCode", required=True),
    Text("customerDescription", NAME_CHARS_MAX, required=True),
    Text("englishDesc", NAME_CHARS_MAX),
    Text("barCode"),
    Text("productBigType"),
    Text("brand", NAME_CHARS_MAX, required=True),
    Text("modelName", NAME_CHARS_MAX, required=True),
    Text("color", required=True),
    Text("unit"),
    Text("guaranteeCountType"),
    Text("guaranteeDays"),
    Text("standardCase"),
    Text("remark", REMARK_CHARS_MAX),
    Text("imei1Rule", REMARK_CHARS_MAX),
    Text("imei2Rule", REMARK_CHARS_MAX),
    Text("snRule", REMARK_CHARS_MAX),
    Text("meidRule", REMARK_CHARS_MAX),
    Text("supplierName", NAME_CHARS_MAX),
    Text("supplierAddress", REMARK_CHARS_MAX),
)
SERIAL_FLAGS: Final = ("imei1CollectFlag", "imei2CollectFlag", "snCollectFlag", "meidCollectFlag")
"""One of them set: each piece has a name of its own."""
FLAGS: Final = ("gift", "weighFlag", "guaranteePeriodFlag", "batchControl", *SERIAL_FLAGS)
FIGURES: Final = (
    *("price", "longs", "widths", "heights", "netWeight", "roughWeight", "throwWeight"),
    *("throwRatiosX", "throwRatiosY"),
)

INVENTORY: Final = (
    Text("inventoryCode", required=True),
    Text("inventoryName", NAME_CHARS_MAX, required=True),
    Text("subbaseCode", required=True),
    Text("subbaseName", NAME_CHARS_MAX, required=True),
    Text("contact", NAME_CHARS_MAX, required=True),
    Text("phone", required=True),
    Text("createUserName", NAME_CHARS_MAX),
    Text("countryName", NAME_CHARS_MAX),
    Text("provinceName", NAME_CHARS_MAX),
    Text("cityName", NAME_CHARS_MAX),
    Text("areaName", NAME_CHARS_MAX),
    Text("streetName", REMARK_CHARS_MAX),
    Text("addressDetail", REMARK_CHARS_MAX),
)
CONSIGNEE: Final = (
    Text("code", required=True),
    Text("socialCreditCode"),
    Text("fullName", NAME_CHARS_MAX, required=True),
    Text("shortName", NAME_CHARS_MAX),
    Text("contact", NAME_CHARS_MAX, required=True),
    Text("mobile", required=True),
    Text("provinceName", NAME_CHARS_MAX, required=True),
    Text("cityName", NAME_CHARS_MAX, required=True),
    Text("areaName", NAME_CHARS_MAX, required=True),
    Text("streetName", REMARK_CHARS_MAX, required=True),
    Text("addressDetail", REMARK_CHARS_MAX, required=True),
)


async def product(desk: Desk, caller: Caller, call: Call) -> None:
    """产品同步: absent members keep their value, null or an empty text clears it.

    Errors: FieldsInvalid, CodeTaken, ProductDeleted.
    """
    reader = object_reader(call.request)
    members = reader.kept() | reader.literals(PRODUCT)
    texts = reader.texts(PRODUCT)
    figures = {name: reader.decimal(name, low=Decimal(0), high=FIGURE_MAX) for name in FIGURES}
    flags = {name: _flag(reader, name) for name in FLAGS}
    reader.finish()
    change = ProductChange(
        name=texts["customerDescription"],
        name_customs=texts["englishDesc"] if "englishDesc" in members else UNSET,
        weight_g=_scaled(figures["roughWeight"], 1_000) if "roughWeight" in members else UNSET,
        length_mm=_scaled(figures["longs"], 10) if "longs" in members else UNSET,
        width_mm=_scaled(figures["widths"], 10) if "widths" in members else UNSET,
        height_mm=_scaled(figures["heights"], 10) if "heights" in members else UNSET,
        price=figures["price"] or Decimal(0) if "price" in members else UNSET,
        lot_tracked=flags["batchControl"] if "batchControl" in members else UNSET,
        active=True,
        codes=(texts["barCode"],) if texts["barCode"] else (),
        partner_fields={name: value if value != "" else None for name, value in members.items()},
    )
    new = NewProduct(
        account_id=caller.account.id,
        sku=texts["customerProductCode"],
        name=texts["customerDescription"],
        name_customs=texts["englishDesc"],
        weight_g=_scaled(figures["roughWeight"], 1_000),
        length_mm=_scaled(figures["longs"], 10),
        width_mm=_scaled(figures["widths"], 10),
        height_mm=_scaled(figures["heights"], 10),
        price=figures["price"] or Decimal(0),
        lot_tracked=flags["batchControl"],
        serial_tracked=any(flags[name] for name in SERIAL_FLAGS),
        active=True,
        codes=change.codes,
        partner_fields={name: value for name, value in members.items() if value not in (None, "")},
    )

    def laid_over(known: Product) -> ProductChange:
        told = known.partner_fields | members
        bar_code = str(known.partner_fields.get("barCode") or "")
        return structs.replace(
            change,
            serial_tracked=any(words.FLAGS.get(str(told.get(name))) for name in SERIAL_FLAGS)
            if any(name in members for name in SERIAL_FLAGS)
            else UNSET,
            codes_dropped=(bar_code,) if "barCode" in members and bar_code not in ("", texts["barCode"]) else (),
        )

    async with desk.database.transaction() as tx:
        await catalog.put_product(tx, new, laid_over, dialect="hongxun", actor=caller.credential.key)


async def inventory(desk: Desk, caller: Caller, call: Call) -> None:
    """库存组织同步: a warehouse and whose goods lie in it.

    Errors: FieldsInvalid, CompanyUnknown, SiteCodeTaken for the code of a shop or a station.
    """
    reader = object_reader(call.request)
    reader.kept()
    texts = reader.texts(INVENTORY)
    reader.finish()
    address = {name: texts[name] for name in words.INVENTORY_ADDRESS if texts[name]}
    async with desk.database.transaction() as tx:
        await master.put_warehouse(
            tx,
            account_id=caller.account.id,
            code=texts["inventoryCode"],
            name=texts["inventoryName"],
            address={words.INVENTORY_ADDRESS[name]: text for name, text in address.items()},
        )
        await master.put_sub_inventory(
            tx,
            account_id=caller.account.id,
            code=texts["subbaseCode"],
            name=texts["subbaseName"],
            contact={"contact": texts["contact"], "telephone": texts["phone"]},
        )
    desk.accounts.forget()


async def consignee(desk: Desk, caller: Caller, call: Call) -> None:
    """收货用户同步. `countyName` is the country: the vendor's spelling; `countryName` is taken too.

    Errors: FieldsInvalid.
    """
    reader = object_reader(call.request)
    members = reader.kept() | reader.literals(CONSIGNEE)
    texts = reader.texts(CONSIGNEE)
    synonym = reader.text("countryName", chars_max=NAME_CHARS_MAX)
    country = reader.text("countyName", chars_max=NAME_CHARS_MAX, required=not members.get("countryName")) or synonym
    reader.finish()
    async with desk.database.transaction() as tx:
        await master.put_consignee(
            tx,
            Consignee(
                account_id=caller.account.id,
                code=texts["code"],
                name=texts["fullName"],
                recipient=words.recipient(texts | {"customerName": texts["fullName"]}) | words.country(country),
                partner_fields=members,
            ),
        )


async def volume_weight(desk: Desk, caller: Caller, call: Call) -> None:
    """产品体积重量同步: kilograms and cubic metres of one piece; a null figure leaves the one on record.

    Errors: FieldsInvalid, ProductUnknown naming all that are unknown, with nothing changed.
    """
    reader = object_reader(call.request)
    reader.kept()
    figures: dict[str, Figures] = {}
    for product in reader.objects("productList", entries_max=MEASURED_MAX):
        sku = product.text("customerProductCode", required=True)
        weight = product.decimal("roughWeight", low=Decimal(0), high=FIGURE_MAX)
        volume = product.decimal("vol", low=Decimal(0), high=FIGURE_MAX)
        if sku in figures:
            product.complain("customerProductCode", "重复")
        figures[sku] = Figures(
            weight_g=None if weight is None else _scaled(weight, 1_000),
            volume_cm3=None if volume is None else volume * 1_000_000,
        )
    reader.finish()
    async with desk.database.transaction() as tx:
        await catalog.put_figures(
            tx, account_id=caller.account.id, figures=figures, dialect="hongxun", actor=caller.credential.key
        )


def _flag(reader: Reader, name: str) -> bool:
    text = reader.text(name)
    if text and text not in words.FLAGS:
        reader.complain(name, NOT_ALLOWED)
    return words.FLAGS.get(text, False)


def _scaled(figure: Decimal | None, by: int) -> int:
    """Centimetres to millimetres, kilograms to grams; nothing is nought."""
    return int(((figure or Decimal(0)) * by).quantize(Decimal(1), ROUND_HALF_UP))
