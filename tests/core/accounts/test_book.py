"""Who is calling: found once, kept for a while, never kept when nobody was found."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from crossdock.base.ids import AccountId, CompanyId, CredentialId, ServiceId, SiteId
from crossdock.base.seal import Seal, SecretKeyWrong
from crossdock.core.accounts import book as module
from crossdock.core.accounts.book import KEPT_S, AccountBook
from crossdock.core.accounts.errors import CompanyUnknown, ServiceUnknown, SiteUnknown, SubInventoryUnknown
from crossdock.core.accounts.model import Credential
from tests.world import ACCOUNT, COMPANY, World

BESTWOND = ("bestwond", "bw_de2767d821f911e")
REVOKE = "UPDATE credential SET revoked_at = %(at)s WHERE key = %(key)s"


class Watch:
    """The seconds the book counts by."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 0.0
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: self.seconds))


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    return Watch(monkeypatch)


@pytest.fixture
def book(quiet_world: World) -> AccountBook:
    return AccountBook(quiet_world.desk.database, quiet_world.desk.seal)


async def execute(world: World, statement: str, **params: Any) -> None:
    async with world.desk.database.transaction() as tx:
        await tx.execute(statement, **params)


async def test_a_key_opens_its_account_and_its_secret(book: AccountBook) -> None:
    caller = await book.caller(*BESTWOND)
    assert caller is not None
    assert (caller.account.id, caller.account.code, caller.credential.key) == (ACCOUNT, "demo", BESTWOND[1])
    assert caller.credential.secret == "0123456789abcdef0123456789abcdef"
    assert "0123456789abcdef" not in repr(caller), "a caller may be logged"
    assert await book.credential(caller.credential.id) == caller.credential


@pytest.mark.parametrize(
    "asked",
    [
        ("bestwond", "nobody"),
        ("heidian", BESTWOND[1]),
        ("", ""),
        ("bestwond", "a\0b"),
        ("bestwond", BESTWOND[1].upper()),
    ],
)
async def test_nobody_goes_by_another_name(book: AccountBook, asked: tuple[str, str]) -> None:
    assert await book.caller(*asked) is None


@pytest.mark.parametrize(("seconds", "noticed"), [(KEPT_S - 0.001, False), (KEPT_S, True)])
async def test_a_revoked_key_is_noticed_in_time(
    quiet_world: World, book: AccountBook, watch: Watch, seconds: float, noticed: bool
) -> None:
    await book.caller(*BESTWOND)
    await execute(quiet_world, REVOKE, at=quiet_world.clock.now(), key=BESTWOND[1])
    watch.seconds = seconds
    caller = await book.caller(*BESTWOND)
    assert caller is not None
    assert caller.credential.valid_at(quiet_world.clock.now()) is not noticed


async def test_or_at_once_when_told_to_forget(quiet_world: World, book: AccountBook, watch: Watch) -> None:
    await book.caller(*BESTWOND)
    await execute(quiet_world, "DELETE FROM credential WHERE key = %(key)s", key=BESTWOND[1])
    assert await book.caller(*BESTWOND) is not None
    book.forget()
    assert await book.caller(*BESTWOND) is None


async def test_a_key_that_was_just_made_works_at_once(quiet_world: World, book: AccountBook, watch: Watch) -> None:
    assert await book.caller("bestwond", "new") is None
    await execute(quiet_world, "INSERT INTO credential (account_id, dialect, key) VALUES (47, 'bestwond', 'new')")
    caller = await book.caller("bestwond", "new")
    assert caller is not None
    assert caller.credential.secret == ""


async def test_what_is_gone_is_not_kept_beyond_its_time(quiet_world: World, book: AccountBook, watch: Watch) -> None:
    await book.caller(*BESTWOND)
    await execute(quiet_world, "DELETE FROM credential WHERE key = %(key)s", key=BESTWOND[1])
    watch.seconds = KEPT_S
    assert await book.caller(*BESTWOND) is None


async def test_the_book_has_a_last_page(
    quiet_world: World, book: AccountBook, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entry that was read longest ago is dropped for a new one."""
    monkeypatch.setattr(module, "ENTRIES_MAX", 2)
    await book.caller(*BESTWOND)
    await book.account(ACCOUNT)
    await execute(quiet_world, "DELETE FROM credential WHERE key = %(key)s", key=BESTWOND[1])
    assert await book.caller(*BESTWOND) is not None, "two entries fit"
    await book.company(ACCOUNT, COMPANY)
    assert await book.caller(*BESTWOND) is None, "a third does not"


async def test_a_seal_with_another_key_opens_nothing(quiet_world: World) -> None:
    other = AccountBook(quiet_world.desk.database, Seal("A" * 43 + "="))
    with pytest.raises(SecretKeyWrong):
        await other.caller(*BESTWOND)


@pytest.mark.parametrize(
    ("dates", "valid"),
    [
        ({}, True),
        ({"valid_from": 0}, True),
        ({"valid_from": 1}, False),
        ({"valid_until": 1}, True),
        ({"valid_until": 0}, False),
        ({"revoked_at": 5}, False),
        ({"valid_from": -1, "valid_until": 1}, True),
    ],
)
def test_a_keys_dates(dates: dict[str, int], valid: bool) -> None:
    now = datetime(2024, 8, 2, tzinfo=UTC)
    given: dict[str, Any] = {name: now + timedelta(seconds=seconds) for name, seconds in dates.items()}
    credential = Credential(id=CredentialId(1), account_id=ACCOUNT, dialect="x", key="k", **given)
    assert credential.valid_at(now) is valid


async def test_places_companies_and_services_by_their_names(book: AccountBook) -> None:
    assert (await book.site(ACCOUNT, "SHOP-12")).id == SiteId(12)
    assert (await book.site_by_id(ACCOUNT, SiteId(80))).code == "WH-GZ01"
    assert (await book.warehouse_of(ACCOUNT, COMPANY)).code == "WH-GZ01"
    assert (await book.first_sub_inventory(ACCOUNT)).code == "OWN-A"
    assert (await book.service(ACCOUNT, 5867)).method == "locker"
    assert (await book.service_by_name(ACCOUNT, COMPANY, "到店自提")).id == ServiceId(2662)
    assert [company.id for company in await book.companies()] == [
        company.id for company in await book.companies_of(ACCOUNT)
    ]
    organisation = await book.organisation(1)
    assert organisation is not None
    assert organisation.enterprise_ids == [1]
    empty = await book.organisation(2)
    assert empty is not None
    assert empty.enterprise_ids == []
    assert [department.id for department in await book.departments_by_shop_code("D001")] == [123]
    assert await book.department(1) is None


async def test_nor_are_those_found_that_belong_to_others(book: AccountBook) -> None:
    other = AccountId(48)
    for call, error in (
        (book.company(other, COMPANY), CompanyUnknown),
        (book.company(ACCOUNT, CompanyId(1)), CompanyUnknown),
        (book.site(other, "SHOP-12"), SiteUnknown),
        (book.site_by_id(other, SiteId(12)), SiteUnknown),
        (book.warehouse_of(other, COMPANY), SiteUnknown),
        (book.sub_inventory(other, "OWN-A"), SubInventoryUnknown),
        (book.first_sub_inventory(other), SubInventoryUnknown),
        (book.service(other, 5867), ServiceUnknown),
        (book.service_by_name(other, COMPANY, "到店自提"), ServiceUnknown),
        (book.account(other), LookupError),
    ):
        with pytest.raises(error):
            await call
    assert await book.companies_of(other) == []
