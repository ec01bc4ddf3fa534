"""Logging in: one token per person, one refusal for every reason."""

import asyncio

import pytest

from crossdock.core.staff import passwords, queries
from crossdock.core.staff.errors import LoginWrong
from crossdock.core.staff.tokens import new_token, token_hash
from tests.core.staff.conftest import ACCOUNT, SHOP, Shops


async def test_every_login_gives_the_same_token(shops: Shops) -> None:
    await shops.hire("clerk1")

    tokens = {await shops.log_in("clerk1") for _ in range(3)}

    (token,) = tokens
    assert len(token) == 40
    assert set(token) <= set("0123456789abcdef")


async def test_two_first_logins_at_one_time_agree_on_the_token(shops: Shops) -> None:
    await shops.hire("clerk1")

    first, second = await asyncio.gather(shops.log_in("clerk1"), shops.log_in("clerk1"))

    assert first == second


async def test_the_token_finds_its_person_and_nobody_else(shops: Shops) -> None:
    clerk = await shops.hire("clerk1")
    await shops.hire("clerk2")
    token = await shops.log_in("clerk1")
    await shops.log_in("clerk2")

    async with shops.database.transaction(readonly=True) as tx:
        found = await queries.staff_by_token(tx, token=token)
        nobody = await queries.staff_by_token(tx, token=new_token())
        torn = await queries.staff_by_token(tx, token=token.upper())

    assert found is not None
    assert found.id == clerk.id
    assert found.last_login == shops.clock.now()
    assert nobody is None
    assert torn is None


async def test_a_person_whose_access_was_withdrawn_is_still_found_by_token(shops: Shops) -> None:
    await shops.hire("clerk1")
    token = await shops.log_in("clerk1")
    await shops.run("UPDATE staff SET active = false")

    async with shops.database.transaction(readonly=True) as tx:
        found = await queries.staff_by_token(tx, token=token)

    assert found is not None
    assert not found.active


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("nobody", "pw"),
        ("clerk1", "PW"),
        ("clerk1", "pw "),
        ("clerk1", ""),
        ("Clerk1", "pw"),
        ("away", "pw"),
    ],
)
async def test_who_is_not_let_in_is_not_told_why(shops: Shops, username: str, password: str) -> None:
    await shops.hire("clerk1")
    await shops.hire("away")
    await shops.run("UPDATE staff SET active = false WHERE username = 'away'")

    with pytest.raises(LoginWrong) as refused:
        await shops.log_in(username, password)

    assert refused.value.facts == {}


async def test_a_password_changed_while_it_was_checked_does_not_let_in(
    shops: Shops, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shops.hire("clerk1")
    other = await passwords.hashed("new", profile=passwords.CHEAP)

    async def change_and_match(password: str, password_hash: str) -> bool:
        await shops.run("UPDATE staff SET password_hash = %(other)s", other=other)
        return True

    monkeypatch.setattr(passwords, "matches", change_and_match)

    with pytest.raises(LoginWrong):
        await shops.log_in("clerk1")


async def test_an_unknown_name_costs_a_whole_verification(shops: Shops, monkeypatch: pytest.MonkeyPatch) -> None:
    verified = []

    async def note(password: str, password_hash: str) -> bool:
        verified.append(password_hash)
        return False

    monkeypatch.setattr(passwords, "matches", note)

    with pytest.raises(LoginWrong):
        await shops.log_in("nobody")

    assert verified == [passwords.nobodys_hash()]


async def test_the_token_is_kept_sealed_and_hashed_only(shops: Shops) -> None:
    await shops.hire("clerk1")
    token = await shops.log_in("clerk1")

    async with shops.database.transaction(readonly=True) as tx:
        ((hashed, sealed),) = await tx.rows("SELECT token_hash, token_sealed FROM staff")

    assert hashed == token_hash(token)
    assert token.encode() not in sealed
    assert shops.seal.open(sealed) == token


async def test_a_login_is_in_the_history_and_a_refused_one_is_not(shops: Shops) -> None:
    clerk = await shops.hire("clerk1")
    await shops.log_in("clerk1")
    with pytest.raises(LoginWrong):
        await shops.log_in("clerk1", "wrong")

    async with shops.database.transaction(readonly=True) as tx:
        rows = await tx.rows(
            "SELECT staff_id FROM staff_action WHERE account_id = %(account)s AND site_id = %(site)s"
            " AND action = 'login'",
            account=ACCOUNT,
            site=SHOP,
        )

    assert rows == [(clerk.id,)]
