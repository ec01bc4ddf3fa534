"""Several keys live side by side: one replaces another without a call refused, and each tells when it was used."""

import string
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.base.ids import AccountId
from crossdock.core.accounts import keys
from crossdock.core.accounts.errors import KeyMustBeNamed, KeyTaken, KeyUnknown, KeyUnusable, OverlapInvalid
from crossdock.core.accounts.model import Key
from tests.world import ACCOUNT, World


async def key_of(world: World, dialect: str) -> Key:
    async with world.desk.database.transaction() as tx:
        return (await keys.keys_of(tx, account_id=ACCOUNT, dialect=dialect))[0]


async def rotated(world: World, key: Key, **asked: Any) -> keys.Issued:
    async with world.desk.database.transaction() as tx:
        return await keys.rotate(
            tx, world.desk.seal, **({"account_id": ACCOUNT, "credential_id": key.id, "overlap_h": 24} | asked)
        )


async def asked(world: World, key: str) -> int:
    """How a call with this key is answered."""
    world.desk.accounts.forget()
    headers = {"api_key": key, "company_id": "36"}
    answer = await world.client.get("/client/consignment", params={"limit": 1}, headers=headers)
    return answer.status_code if answer.json()["success"] else 0


async def test_old_and_new_key_are_good_until_the_overlap_ends(world: World) -> None:
    old = await key_of(world, "birdsystem")
    issued = await rotated(world, old)
    new = issued.key
    assert (len(new.key), new.scope) == (len(old.key), old.scope)
    assert await asked(world, old.key) == await asked(world, new.key) == 200
    world.clock.advance(timedelta(hours=24))
    assert (await asked(world, old.key), await asked(world, new.key)) == (0, 200)


async def test_a_revoked_key_opens_nothing(world: World) -> None:
    old = await key_of(world, "birdsystem")
    async with world.desk.database.transaction() as tx:
        revoked = await keys.revoke(tx, account_id=ACCOUNT, credential_id=old.id)
    assert not revoked.live(world.clock.now())
    assert await asked(world, old.key) == 0


async def test_only_a_recognised_call_counts_as_use_and_a_later_one_wins(world: World) -> None:
    key = await key_of(world, "birdsystem")
    assert await asked(world, "nobody's") == 0
    await world.desk.accounts.note_uses()
    assert (await key_of(world, "birdsystem")).last_used_at is None
    await asked(world, key.key)
    used_at = world.clock.now()
    await world.desk.accounts.note_uses()
    assert (await key_of(world, "birdsystem")).last_used_at == used_at
    world.clock.advance(timedelta(hours=-1))
    await asked(world, key.key)
    await world.desk.accounts.note_uses()
    assert (await key_of(world, "birdsystem")).last_used_at == used_at


async def test_callbacks_may_be_signed_with_the_new_key_at_once(quiet_world: World) -> None:
    world = quiet_world
    [(credential_id, before)] = await world.rows(
        "SELECT credential_id, count(*) FROM receiver WHERE credential_id IS NOT NULL GROUP BY 1 ORDER BY 1 LIMIT 1"
    )
    async with world.desk.database.transaction() as tx:
        old = await keys.key(tx, account_id=ACCOUNT, credential_id=credential_id)
    issued = await rotated(world, old, key_text="n&2", move_receivers=True)
    assert await world.rows("SELECT count(*) FROM receiver WHERE credential_id = %(id)s", id=issued.key.id) == [
        (before,)
    ]


async def test_a_key_made_of_partners_names_must_be_named(quiet_world: World) -> None:
    old = await key_of(quiet_world, "hongxun")
    assert "&" in old.key
    with pytest.raises(KeyMustBeNamed):
        await rotated(quiet_world, old)
    issued = await rotated(quiet_world, old, key_text="other&brand")
    assert len(issued.secret) == 2 * keys.SECRET_BYTES
    assert issued.secret not in repr(issued)


async def test_what_cannot_be_a_key_is_refused(quiet_world: World) -> None:
    world = quiet_world
    old = await key_of(world, "birdsystem")
    for hours in (0, keys.OVERLAP_H_MAX):
        await rotated(world, old, overlap_h=hours)
    for hours in (-1, keys.OVERLAP_H_MAX + 1):
        with pytest.raises(OverlapInvalid):
            await rotated(world, old, overlap_h=hours)
    await rotated(world, old, key_text="k" * keys.KEY_CHARACTERS_MAX)
    for text in ("k" * (keys.KEY_CHARACTERS_MAX + 1), "with blank", "名"):
        with pytest.raises(KeyUnusable):
            await rotated(world, old, key_text=text)
    with pytest.raises(KeyTaken):
        await rotated(world, old, key_text=old.key)
    with pytest.raises(KeyUnknown):
        await rotated(world, old, account_id=AccountId(48))


@given(st.text(string.ascii_letters + string.digits + "-_.", min_size=1, max_size=64))
def test_an_invented_key_looks_like_the_one_it_replaces(text: str) -> None:
    made = keys._like(text)
    assert keys.KEY_PATTERN.fullmatch(made)
    assert len(made) == len(text)
    cut = max(text.rfind(sign) for sign in "-_.") + 1
    assert made[:cut] == text[:cut]
