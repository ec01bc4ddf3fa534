"""What a setup file does to the database."""

import asyncio

import pytest

from crossdock.base import json
from crossdock.core.enterprises import passwords as user_passwords
from crossdock.core.enterprises.commands import counted_as
from crossdock.core.handover.model import HouseRules
from crossdock.core.notices.model import Wishes
from crossdock.core.staff import commands as people
from crossdock.core.staff import passwords, tries
from crossdock.core.staff.errors import LoginWrong
from crossdock.core.staff.model import WRONG_PASSWORDS_MAX
from crossdock.setup.errors import SetupFileWrong
from crossdock.setup.model import ID_MAX
from tests.setup.conftest import NOW, Bench

BASE = """
[[company]]
id = 36
name = "Dongguan"
currency = "CNY"
zone = "Asia/Shanghai"

[[account]]
code = "acme"
name = "Acme"
zone = "Asia/Shanghai"
currency = "CNY"
"""
SHOP = """
[[account.shop]]
code = "S-1"
name = "Shop one"
[[account.shop]]
code = "S-2"
name = "Shop two"
"""
GOODS = """
[[account.warehouse]]
code = "W-1"
name = "Warehouse"
[[account.sub_inventory]]
code = "OWN"
[[account.product]]
sku = "P-1"
name = "Thing"
price = 12.50
"""


async def test_values_that_differ_are_changed_and_shown(bench: Bench) -> None:
    await bench.apply(BASE + GOODS)

    said = await bench.apply(
        BASE + GOODS.replace('"Thing"', '"Thing, blue"').replace("12.50", "13") + "weight_g = 7\n"
    )

    assert said == ['~ product P-1 name: "Thing" -> "Thing, blue", weight_g: 0 -> 7, price: 12.50 -> 13']
    assert await bench.rows("SELECT name, price, weight_g FROM product") == [("Thing, blue", 13, 7)]


async def test_what_the_file_does_not_name_stays(bench: Bench) -> None:
    await bench.apply(BASE + GOODS + "weight_g = 7\nactive = false\n")

    assert await bench.apply('[[account]]\ncode = "acme"\n[[account.product]]\nsku = "P-1"\nwidth_mm = 3\n') == [
        "~ product P-1 width_mm: 0 -> 3"
    ]
    assert await bench.rows("SELECT name, weight_g, width_mm, active FROM product") == [("Thing", 7, 3, False)]


async def test_a_file_with_a_byte_order_mark_and_windows_line_ends(bench: Bench) -> None:
    assert await bench.apply("\ufeff" + (BASE + SHOP).replace("\n", "\r\n")) == [
        "+ company 36",
        "+ account acme",
        "+ shop S-1",
        "+ shop S-2",
    ]
    assert await bench.apply(BASE + SHOP) == []


async def test_a_shop_has_rules_of_its_own(bench: Bench) -> None:
    rules = {
        "mask_keys": True,
        "prepared_first": False,
        "rollback_window_s": 600,
        "rollbacks_max": 2,
        "code_valid_h": 168,
        "reminder_h": 24,
        "password_characters_min": 8,
    }
    assert rules.keys() == set(HouseRules.__struct_fields__)

    await bench.apply(
        BASE + SHOP + "".join(f"settings.{name} = {json.text(value)}\n" for name, value in rules.items())
    )

    [(kept,)] = await bench.rows("SELECT settings FROM site WHERE code = 'S-2'")
    assert HouseRules.of(kept) == HouseRules(**rules)


@pytest.mark.parametrize(
    ("place", "table"), [("account", ""), ("site", SHOP), ("site", '[[account.station]]\ncode = "S-2"\nname = "s"\n')]
)
async def test_a_shop_a_station_and_an_account_say_what_buyers_are_told(bench: Bench, place: str, table: str) -> None:
    given = 'settings.notices = {ready = true, reminder = false, language = "zh"}\n'
    await bench.apply(BASE + table + given)

    code = "acme" if place == "account" else "S-2"
    [(kept,)] = await bench.rows(f"SELECT settings->'notices' FROM {place} WHERE code = '{code}'")
    assert Wishes.of(kept) == Wishes(ready=True, reminder=False, language="zh")
    assert await bench.apply(BASE + table + given) == []


STATION = """
[[account.station]]
code = "ST-1"
name = "Station one"
"""


async def test_how_long_parcels_may_lie(bench: Bench) -> None:
    some = '[[account.locker_policy]]\nname = "some"\nstation = "ST-1"\nsize = "M"\n'
    every = '[[account.locker_policy]]\nname = "every"\nkeep_hours = 72\n'
    given = "keep_hours = 48\nremind_hours = 24\nextend_hours = 12\nextensions = 2\nrecall = false\n"
    await bench.apply(BASE + STATION + some + given + every)
    assert await bench.rows(
        "SELECT p.name, s.code, box_size, keep_h, remind_h, extend_h, extensions, recall"
        "  FROM locker_policy p LEFT JOIN site s ON s.id = p.site_id ORDER BY p.id"
    ) == [
        ("some", "ST-1", "M", 48, 24, 12, 2, False),
        ("every", None, None, 72, None, 24, 0, True),
    ]

    assert await bench.apply(BASE + STATION + some + given + every) == []
    assert await bench.apply(BASE + some + "keep_hours = 49\n" + every.replace("72", "73") + 'size = "S"\n') == [
        "~ locker policy some keep_hours: 48 -> 49",
        '~ locker policy every size: none -> "S", keep_hours: 72 -> 73',
    ]


async def test_what_leaves_the_file_is_not_deleted(bench: Bench) -> None:
    await bench.apply(BASE + GOODS)

    assert await bench.apply(BASE) == []
    assert await bench.value("SELECT count(*) FROM product") == 1


async def test_a_site_has_the_zone_of_its_account_unless_it_names_one(bench: Bench) -> None:
    await bench.apply(BASE + SHOP + 'zone = "Europe/London"\n')

    assert await bench.rows("SELECT code, zone FROM site ORDER BY code") == [
        ("S-1", "Asia/Shanghai"),
        ("S-2", "Europe/London"),
    ]


async def test_a_later_file_may_refer_to_what_is_on_record(bench: Bench) -> None:
    await bench.apply(BASE + SHOP)

    said = await bench.apply(
        '[[account]]\ncode = "acme"\n[[account.delivery_service]]\nname = "Pick up"\ncompany = 36\n'
        'method = "shop"\nsite = "S-2"\n'
    )

    assert said == ["+ delivery service Pick up"]
    assert await bench.value("SELECT code FROM site JOIN delivery_service d ON d.site_id = site.id") == "S-2"


async def test_a_person_moves_to_another_shop_and_becomes_manager(bench: Bench) -> None:
    staff = '[[account.shop.staff]]\nusername = "ann"\npassword = "secret one"\n'
    first, second = SHOP.strip().split("\n[[account.shop]]\n")
    await bench.apply(f"{BASE}{first}\n{staff}[[account.shop]]\n{second}\n")

    said = await bench.apply(f'{BASE}{first}\n[[account.shop]]\n{second}\n{staff}role = "manager"\n')

    assert said == ['~ staff ann shop: "S-1" -> "S-2", role: "clerk" -> "manager"']


# Secrets ----------------------------------------------------------------------------


async def test_secrets_are_sealed_and_passwords_hashed(bench: Bench) -> None:
    keys = '[[account.credential]]\ndialect = "hongxun"\nkey = "K"\nsecret = "first secret"\n'
    staff = '[[account.shop.staff]]\nusername = "ann"\npassword = "first word"\n'
    await bench.apply(BASE + SHOP + staff + keys)

    said = await bench.apply(BASE + SHOP + staff.replace("first", "other") + keys.replace("first", "other"))

    assert said == ["~ credential hongxun K secret: changed", "~ staff ann password: changed"]
    sealed = await bench.value("SELECT secret_sealed FROM credential")
    assert bench.seal.open(sealed) == "other secret"
    stored = await bench.value("SELECT password_hash FROM staff")
    assert await passwords.matches("other word", stored)
    assert not await passwords.matches("first word", stored)


async def test_a_token_is_withdrawn_with_its_password_and_with_the_access(bench: Bench) -> None:
    staff = '[[account.shop.staff]]\nusername = "ann"\npassword = "first word"\n'

    async def token_after(said: str) -> str | None:
        await bench.apply(BASE + SHOP + said)
        token = await bench.value("SELECT token_hash FROM staff")
        assert (token is None) == (await bench.value("SELECT token_sealed FROM staff") is None)
        async with bench.database.transaction() as tx:
            await tx.execute("UPDATE staff SET token_hash = 'given', token_sealed = 'given'")
        return str(token) if token else None

    assert await token_after(staff) is None
    assert await token_after(staff + 'role = "manager"\n') == "given"
    assert await token_after(staff.replace("first", "other")) is None
    assert await token_after(staff.replace("first", "other")) == "given"
    assert await token_after(staff.replace("first", "other") + "active = false\n") == "given", "told as withdrawn"
    assert await token_after(staff.replace("first", "other") + "active = true\n") is None


async def test_sessions_end_with_a_password_and_with_the_access(bench: Bench) -> None:
    staff = '[[account.shop.staff]]\nusername = "ann"\npassword = "first word"\n'
    other = staff.replace("first", "other")
    first, second = SHOP.strip().split("\n[[account.shop]]\n")

    async def ends(said: str) -> bool:
        async with bench.database.transaction() as tx:
            await tx.execute("DELETE FROM staff_session")
            await tx.execute(
                "INSERT INTO staff_session (account_id, staff_id, token_hash, created_at, ends_at)"
                " SELECT account_id, id, 'x', now(), now() FROM staff"
            )
        await bench.apply(said)
        return not await bench.value("SELECT count(*) FROM staff_session")

    there = f"{BASE}{first}\n{staff}[[account.shop]]\n{second}\n"
    await bench.apply(there)
    assert not await ends(there)
    assert not await ends(f'{BASE}{first}\n{staff}role = "manager"\n[[account.shop]]\n{second}\n')
    assert not await ends(f"{BASE}{first}\n[[account.shop]]\n{second}\n{staff}")
    assert await ends(f"{BASE}{first}\n[[account.shop]]\n{second}\n{other}")
    assert await ends(f"{BASE}{first}\n[[account.shop]]\n{second}\n{other}active = false\n")
    assert await ends(f"{BASE}{first}\n[[account.shop]]\n{second}\n{other}active = true\n")


async def test_what_becomes_of_people_is_in_the_history_of_their_shop(bench: Bench) -> None:
    staff = '[[account.shop.staff]]\nusername = "ann"\npassword = "first word"\n'
    first, second = SHOP.strip().split("\n[[account.shop]]\n")
    await bench.apply(f"{BASE}{first}\n{staff}[[account.shop]]\n{second}\n")
    other = staff.replace("first", "other") + 'role = "manager"\nactive = false\n'
    changed = f"{BASE}{first}\n[[account.shop]]\n{second}\n{other}"

    await bench.apply(changed, dry_run=True)
    assert await bench.rows("SELECT 1 FROM staff_action") == []
    for _ in range(2):
        await bench.apply(changed)

    assert await bench.rows(
        "SELECT p.code, a.action, b.username, a.before, a.after FROM staff_action a JOIN site p ON p.id = a.site_id"
        " JOIN staff b ON b.id = a.about_staff_id"
        " WHERE a.actor = 'operator' AND a.staff_id IS NULL AND a.reason = 'setup file' ORDER BY a.id"
    ) == [
        ("S-1", "move_staff", "ann", {"shop": "S-1"}, {"shop": "S-2"}),
        ("S-2", "move_staff", "ann", {"shop": "S-1"}, {"shop": "S-2"}),
        ("S-2", "set_role", "ann", {"role": "clerk"}, {"role": "manager"}),
        ("S-2", "set_password", "ann", None, None),
        ("S-2", "disable_staff", "ann", {"active": True}, {"active": False}),
    ]


async def test_another_password_ends_a_lock(bench: Bench) -> None:
    staff = '[[account.shop.staff]]\nusername = "ann"\npassword = "first word"\n'
    await bench.apply(BASE + SHOP + staff)
    for _ in range(WRONG_PASSWORDS_MAX):
        with pytest.raises(LoginWrong):
            await people.open_session(bench.database, username="ann", password="wrong")

    await bench.apply(BASE + SHOP + staff.replace("first", "other"))

    await people.open_session(bench.database, username="ann", password="other word")


async def test_an_empty_secret_is_none(bench: Bench) -> None:
    keys = '[[account.credential]]\ndialect = "hongxun"\nkey = "K"\nsecret = "SECRET"\n'
    await bench.apply(BASE + keys)

    assert await bench.apply(BASE + keys.replace("SECRET", "")) == ["~ credential hongxun K secret: changed"]
    assert await bench.value("SELECT secret_sealed FROM credential") is None
    assert await bench.apply(BASE + keys.replace("SECRET", "")) == []


async def test_a_secret_from_the_environment(bench: Bench) -> None:
    keys = (
        '[[account.credential]]\ndialect = "hongxun"\nkey = {env = "KEY"}\n'
        'secret = {env = "SECRET", default = "fallback"}\n'
    )
    await bench.apply(BASE + keys, environ={"KEY": "K", "SECRET": "from outside"})
    assert bench.seal.open(await bench.value("SELECT secret_sealed FROM credential")) == "from outside"

    assert await bench.apply(BASE + keys, environ={"KEY": "K", "SECRET": ""}) == [
        "~ credential hongxun K secret: changed"
    ]
    assert bench.seal.open(await bench.value("SELECT secret_sealed FROM credential")) == "fallback"


async def test_a_credential_is_switched_off_and_on(bench: Bench) -> None:
    keys = '[[account.credential]]\ndialect = "hongxun"\nkey = "K"\nactive = '
    await bench.apply(BASE + keys + "true\n")
    assert await bench.value("SELECT revoked_at FROM credential") is None

    assert await bench.apply(BASE + keys + "false\n") == ["~ credential hongxun … active: true -> false"]
    assert await bench.value("SELECT revoked_at FROM credential") == NOW
    assert await bench.apply(BASE + keys + "false\n") == []
    assert await bench.apply(BASE + keys + "true\n") == ["~ credential hongxun … active: false -> true"]
    assert await bench.value("SELECT revoked_at FROM credential") is None


ADDRESSES = """
[[account.receiver]]
dialect = "hongxun"
name = "erp"
kinds = ["*"]
url = "https://me:ONE@@erp.example/in?token=ONE"
[[account.warehouse]]
code = "W-1"
name = "Warehouse"
[[account.enterprise]]
id = 1
name = "E"
[[account.enterprise.department]]
id = 1
name = "D"
site = "W-1"
[[account.enterprise.department.camera]]
name = "C"
station = "001"
source = "rtsp://me:ONE@10.0.0.5/stream"
"""


async def test_login_and_query_of_an_address_are_not_shown(bench: Bench) -> None:
    await bench.apply(BASE + ADDRESSES)

    assert await bench.apply(BASE + ADDRESSES.replace("ONE", "TWO")) == [
        '~ receiver hongxun erp url: "https://…@erp.example/in?…" -> "https://…@erp.example/in?…"',
        '~ camera 1/C source: "rtsp://…@10.0.0.5/stream" -> "rtsp://…@10.0.0.5/stream"',
    ]


async def test_a_camera_is_switched_off_and_on(bench: Bench) -> None:
    await bench.apply(BASE + ADDRESSES)
    assert await bench.value("SELECT enabled FROM camera") is True

    off = ADDRESSES + "enabled = false\n"
    assert await bench.apply(BASE + off) == ["~ camera 1/C enabled: true -> false"]
    assert await bench.apply(BASE + ADDRESSES) == []
    assert await bench.apply(BASE + off.replace("false", "true")) == ["~ camera 1/C enabled: false -> true"]


# Ids --------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [1, 7, ID_MAX])
async def test_later_rows_do_not_collide_with_ids_of_the_file(bench: Bench, given: int) -> None:
    await bench.apply(BASE + GOODS.replace('sku = "P-1"', f'id = {given}\nsku = "P-1"'))

    await bench.apply(BASE + '[[account.product]]\nsku = "P-2"\nname = "Next"\n')

    assert await bench.rows("SELECT sku, id FROM product ORDER BY id") == [("P-1", given), ("P-2", given + 1)]


async def test_new_ids_follow_the_order_of_the_file(bench: Bench) -> None:
    codes = [f"C-{number}" for number in (5, 3, 9, 1)]
    await bench.apply(BASE + "".join(f'[[account.sub_inventory]]\ncode = "{code}"\n' for code in codes))

    assert [row[0] for row in await bench.rows("SELECT code FROM sub_inventory ORDER BY id")] == codes


# Opening stock ----------------------------------------------------------------------

OPENING = """
[[account.product.opening]]
site = "W-1"
sub_inventory = "OWN"
quantity = 10
[[account.product.opening]]
site = "W-1"
sub_inventory = "OWN"
lot = "L1"
condition = "defective"
quantity = 2
"""


async def test_opening_stock_goes_into_the_ledger_once(bench: Bench) -> None:
    said = await bench.apply(BASE + GOODS + OPENING)

    assert said[-2:] == [
        "+ opening stock P-1 at W-1/OWN: 10",
        "+ opening stock P-1 at W-1/OWN/L1 defective: 2",
    ]
    assert await bench.apply(BASE + GOODS + OPENING) == []
    assert await bench.rows(
        "SELECT m.cause, m.quantity, s.on_hand, s.allocated FROM stock s"
        " JOIN stock_move m ON m.stock_id = s.id ORDER BY m.quantity"
    ) == [
        ("opening:W-1:OWN:P-1:L1:defective", 2, 2, 0),
        ("opening:W-1:OWN:P-1::good", 10, 10, 0),
    ]


async def test_opening_stock_adds_to_what_came_in_before(bench: Bench) -> None:
    await bench.apply(BASE + GOODS)
    async with bench.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO stock (account_id, site_id, sub_inventory_id, product_id, on_hand)"
            " SELECT p.account_id, w.id, o.id, p.id, 5 FROM product p, site w, sub_inventory o"
        )

    await bench.apply(BASE + GOODS + OPENING)

    assert await bench.rows("SELECT lot, on_hand FROM stock ORDER BY lot") == [("", 15), ("L1", 2)]


async def test_another_opening_quantity_is_refused(bench: Bench) -> None:
    await bench.apply(BASE + GOODS + OPENING)

    (problem,) = await bench.refused(BASE + GOODS + OPENING.replace("quantity = 10", "quantity = 11"))

    assert problem == (
        "27 account.product.opening.quantity: opening stock was applied already, with 10:"
        " write that, and adjust stock instead"
    )


# Together ---------------------------------------------------------------------------


async def test_two_applies_at_once_write_everything_once(bench: Bench) -> None:
    said = await asyncio.gather(*(bench.apply(BASE + SHOP + GOODS + OPENING) for _ in range(3)))

    assert sorted(map(len, said)) == [0, 0, 9]
    assert await bench.value("SELECT sum(on_hand) FROM stock") == 12


async def test_a_value_that_another_row_holds_is_refused(bench: Bench) -> None:
    boxes = """
[[account.station]]
code = "T-1"
name = "Station"
[[account.station.cabinet]]
number = "C1"
box = [{name = "01", size = "S", lock_address = "0101"}, {name = "02", size = "S", lock_address = "0102"}]
"""
    await bench.apply(BASE + boxes)

    another_box = boxes.replace('"0101"', '"0103"').replace('name = "01"', 'name = "03"').replace('"0102"', '"0101"')
    swapped = boxes.replace('"0102"', '"0101"').replace('"0101"', '"0102"', 1)
    for text, count in ((BASE + another_box, 1), (BASE + swapped, 2)):
        problems = await bench.refused(text)
        assert len(problems) == count
        assert problems[0].startswith("19 account.station.cabinet.box.lock_address: 010")
        assert problems[-1].endswith(
            ": 0101 is the lock_address of box 01 already: choose another, or change it there in an earlier apply"
        )
        with pytest.raises(SetupFileWrong):
            await bench.apply(text, dry_run=True)


async def test_a_name_that_somebody_took_meanwhile(bench: Bench) -> None:
    """A person is hired at the counter while the file hires one of the same name."""
    await bench.apply(BASE + SHOP)
    async with bench.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO staff (account_id, site_id, username, password_hash, created_at, updated_at)"
            " SELECT account_id, id, 'ann', 'x', created_at, created_at FROM site WHERE code = 'S-1'"
        )
        applied = asyncio.create_task(
            bench.apply(BASE + SHOP + '[[account.shop.staff]]\nusername = "ann"\npassword = "secret one"\n')
        )
        while not await bench.value("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0.01)

    with pytest.raises(
        SetupFileWrong, match=r"does not fit what is on record \(staff_username_key\): .* or apply again"
    ):
        await applied
    assert await bench.value("SELECT password_hash FROM staff") == "x"


async def test_what_another_account_holds_is_refused(bench: Bench) -> None:
    text = BASE + SHOP + '[[account.online_shop]]\ndomain = "a.example"\n'
    await bench.apply(text.replace("acme", "first"))

    assert await bench.refused(text) == [
        "20 account.online_shop: online shop a.example is on record with account first, which never changes:"
        " choose another name, or correct where it stands"
    ]


USERS = """
[[account.enterprise]]
id = 1
name = "E"
[[account.enterprise.user]]
username = "ann"
password = "first word"
"""


async def test_a_user_of_an_enterprise_and_what_ends_the_token(bench: Bench) -> None:
    async def token_after(said: str) -> str | None:
        await bench.apply(BASE + said)
        [(hash_, sealed)] = await bench.rows("SELECT token_hash, token_sealed FROM enterprise_user")
        assert (hash_ is None) == (sealed is None)
        async with bench.database.transaction() as tx:
            await tx.execute("UPDATE enterprise_user SET token_hash = 'given', token_sealed = 'given'")
        return str(hash_) if hash_ else None

    assert await token_after(USERS) is None
    assert await token_after(USERS) == "given"
    assert await token_after(USERS + "active = false\n") == "given"
    assert await token_after(USERS + "active = true\n") is None
    assert await token_after(USERS.replace("first", "other")) is None
    stored = await bench.value("SELECT password_hash FROM enterprise_user")
    assert await user_passwords.matches("other word", stored)
    assert await user_passwords.matches(user_passwords.digest("other word"), stored)
    assert not await user_passwords.matches("first word", stored)
    assert await bench.apply(BASE + USERS.replace("first", "third")) == ["~ user ann password: changed"]


async def test_another_password_of_a_user_ends_a_lock(bench: Bench) -> None:
    await bench.apply(BASE + USERS)
    async with bench.database.transaction() as tx:
        for _ in range(WRONG_PASSWORDS_MAX):
            await tries.begin(tx, username=counted_as("ann"))

    await bench.apply(BASE + USERS)
    assert await bench.value("SELECT wrong FROM login_try") == WRONG_PASSWORDS_MAX
    await bench.apply(BASE + USERS.replace("first", "other"))
    assert await bench.rows("SELECT 1 FROM login_try") == []
