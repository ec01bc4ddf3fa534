"""SSCCs of a warehouse: never twice, and refused in words."""

import asyncio
from datetime import date
from typing import Any

import pytest

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import AccountId, ProductId, SiteId
from crossdock.core.accounts.errors import SiteUnknown
from crossdock.core.units import gs1, sscc
from crossdock.core.units.errors import PrefixesOverlap, PrefixMissing, SsccsUsedUp, SsccUnknown
from crossdock.core.units.sscc import HANDED_OUT_MAX, OneKind
from tests.world import ACCOUNT, SHOP, WAREHOUSE, World

PREFIX = "4012345"


async def hand_out(world: World, **more: Any) -> list[str]:
    async with world.desk.database.transaction() as tx:
        return await sscc.hand_out(tx, **({"account_id": ACCOUNT, "site_id": WAREHOUSE} | more))


async def settings(world: World, *, site: str | None = None, account: str | None = None) -> None:
    async with world.desk.database.transaction() as tx:
        for table, id_, prefix in (("site", WAREHOUSE, site), ("account", ACCOUNT, account)):
            await tx.execute(
                f"UPDATE {table} SET settings = jsonb_strip_nulls(jsonb_build_object('gs1_prefix', %(prefix)s::text))"
                " WHERE id = %(id)s",
                id=id_,
                prefix=prefix,
            )


async def used(world: World, prefix: str, count: int) -> None:
    async with world.desk.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO sscc_counter (prefix, used) VALUES (%(prefix)s, %(count)s)", prefix=prefix, count=count
        )


async def test_numbers_follow_each_other_and_bear_the_prefix_of_the_site(quiet_world: World) -> None:
    await settings(quiet_world, site=PREFIX, account="9999")
    first, second = await hand_out(quiet_world), await hand_out(quiet_world, count=2)
    assert [*first, *second] == [gs1.sscc(PREFIX, serial) for serial in range(3)]
    assert all(gs1.is_sscc(code) for code in (*first, *second))


async def test_a_site_without_a_prefix_has_its_accounts(quiet_world: World) -> None:
    await settings(quiet_world, account="9999")
    assert await hand_out(quiet_world) == [gs1.sscc("9999", 0)]
    assert await hand_out(quiet_world, site_id=SHOP) == [gs1.sscc("9999", 1)]


@pytest.mark.parametrize("prefix", [None, "", "401", "prefix"])
async def test_without_a_prefix_it_is_said_what_to_do(quiet_world: World, prefix: str | None) -> None:
    await settings(quiet_world, site=prefix)
    with pytest.raises(PrefixMissing, match=r"set `gs1_prefix` in the setup file\. \(site=WH-GZ01\)"):
        await hand_out(quiet_world)


async def test_a_place_of_nobody(quiet_world: World) -> None:
    with pytest.raises(SiteUnknown):
        await hand_out(quiet_world, site_id=SiteId(1))
    with pytest.raises(SiteUnknown):
        await hand_out(quiet_world, account_id=AccountId(1))


async def test_many_at_once_get_numbers_of_their_own(quiet_world: World) -> None:
    await settings(quiet_world, site=PREFIX)
    handed = await asyncio.gather(*(hand_out(quiet_world, count=3) for _ in range(20)))
    assert sorted(code for codes in handed for code in codes) == sorted(gs1.sscc(PREFIX, n) for n in range(60))


async def test_of_one_that_fails_the_numbers_are_free_again(quiet_world: World) -> None:
    await settings(quiet_world, site=PREFIX)
    with pytest.raises(CrossdockError):
        await hand_out(quiet_world, content=OneKind(product_id=ProductId(1), quantity=1))
    assert await hand_out(quiet_world) == [gs1.sscc(PREFIX, 0)]


async def test_the_last_number_and_none_after_it(quiet_world: World) -> None:
    prefix = "4" * 12
    await settings(quiet_world, site=prefix)
    await used(quiet_world, prefix, gs1.serials_of(prefix) - 2)
    with pytest.raises(SsccsUsedUp, match="ask GS1 for another one"):
        await hand_out(quiet_world, count=3)
    assert await hand_out(quiet_world, count=2) == [gs1.sscc(prefix, 99_998), gs1.sscc(prefix, 99_999)]
    with pytest.raises(SsccsUsedUp):
        await hand_out(quiet_world)


async def test_no_number_comes_twice_where_prefixes_overlap(quiet_world: World) -> None:
    """401234 with a serial that begins with 5 and 4012345 with the rest of it are one number."""
    await settings(quiet_world, site=PREFIX)
    [first] = await hand_out(quiet_world)
    await settings(quiet_world, site=PREFIX[:-1])
    await used(quiet_world, PREFIX[:-1], 5 * 10**9)
    with pytest.raises(PrefixesOverlap):
        await hand_out(quiet_world)
    assert gs1.sscc(PREFIX[:-1], 5 * 10**9) == first


async def test_how_many_at_once(quiet_world: World) -> None:
    await settings(quiet_world, site=PREFIX)
    assert len(set(await hand_out(quiet_world, count=HANDED_OUT_MAX))) == HANDED_OUT_MAX
    for count in (0, HANDED_OUT_MAX + 1):
        with pytest.raises(ValueError):
            await hand_out(quiet_world, count=count)


async def test_a_number_is_kept_with_what_it_stands_for(quiet_world: World) -> None:
    await settings(quiet_world, site=PREFIX)
    goods = OneKind(product_id=ProductId(2989352), quantity=120, lot="L2408A", expires_on=date(2026, 1, 31))
    [full], [empty] = await hand_out(quiet_world, content=goods), await hand_out(quiet_world)
    async with quiet_world.desk.database.autocommit() as tx:
        found = await sscc.plates(tx, account_id=ACCOUNT, codes=[empty, full])
        with pytest.raises(SsccUnknown):
            await sscc.plates(tx, account_id=ACCOUNT, codes=[full, "376104250021234569"])
        many = await hand_out(quiet_world, count=3)
        assert await sscc.batch(tx, account_id=ACCOUNT, site_id=WAREHOUSE, code=many[1]) == many
        with pytest.raises(SsccUnknown):
            await sscc.batch(tx, account_id=ACCOUNT, site_id=SHOP, code=many[1])
        assert await sscc.batch(tx, account_id=ACCOUNT, code=full) == [full]
        with pytest.raises(SsccUnknown):
            await sscc.batch(tx, account_id=ACCOUNT, code="376104250021234569")
    assert [(plate.code, plate.product_id, plate.quantity, plate.lot) for plate in found] == [
        (empty, None, None, ""),
        (full, 2989352, 120, "L2408A"),
    ]
