"""What scanners send: plain codes, GTINs of any length, GS1 codes with and without their separators."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.base.ids import ProductId
from crossdock.core.catalog import commands, scanning
from crossdock.core.catalog.errors import CodeUnknown
from crossdock.core.catalog.model import ProductChange
from tests.world import ACCOUNT, World

GTIN = "09501101530003"
SHORT = "9501101530003"


@pytest.mark.parametrize(
    ("text", "known"),
    [
        (f"01{GTIN}1725123110AB12\x1d21S1", {"lot": "AB12", "expires_on": date(2025, 12, 31), "serial": "S1"}),
        (f"]C101{GTIN}10AB12", {"lot": "AB12"}),
        (f"]d201{GTIN}21S1|10AB12", {"lot": "AB12", "serial": "S1"}),
        (f"(01){GTIN}(17)251200(10)AB12", {"lot": "AB12", "expires_on": date(2025, 12, 31)}),
        (f"01{GTIN}15260110", {"expires_on": date(2026, 1, 10)}),
        (f"02{GTIN}3724", {"quantity": 24}),
        (GTIN, {}),
        (SHORT, {}),
        ("https://id.gs1.org/01/09501101530003", {}),
    ],
)
def test_a_gtin_is_found_in_it(text: str, known: dict[str, Any]) -> None:
    scanned = scanning.understood(text)
    assert set(scanned.codes) >= {text, GTIN, SHORT}
    assert scanned.codes[0] == text
    assert {name: getattr(scanned, name) for name in known} == known
    assert (scanned.plate, scanned.quantity if "quantity" not in known else None) == ("", None)


def test_a_plate_is_no_product() -> None:
    scanned = scanning.understood("00395011015300000011")
    assert (scanned.plate, scanned.codes) == ("395011015300000011", ())


@pytest.mark.parametrize("text", ["00131031", "P-7001", "IP-XX3355", "1010", "", "(", "(99)", "]", "|||"])
def test_a_code_of_somebody_s_own_is_left_alone(text: str) -> None:
    scanned = scanning.understood(f" {text} ")
    assert (scanned.codes, scanned.lot, scanned.serial, scanned.plate) == ((text,), "", "", "")


@given(st.text(max_size=scanning.CODE_CHARACTERS_MAX + 5))
def test_nothing_that_is_scanned_is_a_fault(text: str) -> None:
    scanned = scanning.understood(text)
    assert scanned.text == text.strip()


async def test_a_product_is_found_by_bar_code_then_by_sku(quiet_world: World) -> None:
    desk = quiet_world.desk
    async with desk.database.transaction() as tx:
        await commands.update_product(
            tx,
            account_id=ACCOUNT,
            product_id=ProductId(2989352),
            change=ProductChange(codes=(SHORT, "IP-XX3355")),
            dialect="house",
            actor="test",
        )
    async with desk.database.autocommit() as tx:
        for text, sku in {
            "00131031": "00131031",
            "P-7001": "P-7001",
            f"01{GTIN}10AB12": "P-7001",
            "IP-XX3355": "P-7001",
        }.items():
            found = await scanning.find(tx, account_id=ACCOUNT, text=text)
            assert found.product.sku == sku
        for text in ("nobody", "", "00395011015300000011", "x\0", "9" * 500):
            with pytest.raises(CodeUnknown):
                await scanning.find(tx, account_id=ACCOUNT, text=text)
