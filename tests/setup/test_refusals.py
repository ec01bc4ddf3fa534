"""What is wrong with a file is said with its line and field, and nothing is written."""

import sys
from pathlib import Path

import pytest

from crossdock.core.handover.model import CODE_HOURS_MAX, ROLLBACK_WINDOW_S_MAX, ROLLBACKS_MAX
from crossdock.core.staff.model import PASSWORD_CHARACTERS_MAX, USERNAME_CHARACTERS_MAX
from crossdock.setup import model, read
from crossdock.setup.checks import PRICE_MAX, PRICE_PLACES_MAX, YEAR_MAX, YEAR_MIN
from crossdock.setup.errors import PROBLEMS_SHOWN_MAX, Problem, SetupFileWrong
from crossdock.setup.plan import MASKED_SHOWN
from crossdock.setup.run import PROPOSED_FROM_MAX
from tests.setup.conftest import Bench
from tests.setup.test_apply import BASE, GOODS, SHOP

ACCOUNT = '[[account]]\ncode = "acme"\n'
CREDENTIAL = ACCOUNT + '[[account.credential]]\ndialect = "hongxun"\nkey = "K"\n'
RECEIVER = ACCOUNT + '[[account.receiver]]\ndialect = "hongxun"\nname = "a"\n'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[account]\n", "1 : is not TOML: Expected ']]' at the end of an array declaration"),
        ('a = "b"\na = "c"\n', "2 : is not TOML: Cannot overwrite a value"),
        ('a = "open', "1 : is not TOML: Unterminated string"),
        (b"\n\n# \xff\n", "3 : is not UTF-8: save the file as UTF-8"),
        ("acount = 1\n", "1 acount: is not a known key; did you mean account?"),
        ("zzz = 1\n", "1 zzz: is not a known key; known here: company, account"),
        (ACCOUNT + 'zome = "x"\n', "3 account.zome: is not a known key; did you mean zone?"),
        ("[[account]]\n\n", "1 account.code: is missing: add it"),
        ('[account]\ncode = "x"\n', "1 account: must be a list or [[tables]], got a table"),
        ("[[account]]\ncode = 5\n", "2 account.code: must be a text in quotes, got a whole number"),
        (
            '[[account]]\ncode = " x"\n',
            "2 account.code: must be without a blank at either end and without control characters",
        ),
        (ACCOUNT + 'currency = "cny"\n', "3 account.currency: must be three capital letters, as CNY"),
        (ACCOUNT + 'currency = "CNY\\n"\n', "3 account.currency: must be three capital letters, as CNY"),
        (ACCOUNT + 'name = "a\\u0000b"\n', "3 account.name: holds a NUL character: take it out"),
        (ACCOUNT + 'settings = {"a\\u0000b" = 1}\n', "3 account.settings: holds a NUL character: take it out"),
        (
            ACCOUNT + 'zone = "Asia/Shangai"\n',
            "3 account.zone: Asia/Shangai is no known zone; did you mean Asia/Shanghai?",
        ),
        (
            ACCOUNT + 'zone = "../etc"\n',
            "3 account.zone: ../etc is no known zone; use an IANA name",
        ),
        (
            ACCOUNT + "settings = {deep = [99999999999999999999]}\n",
            "3 account.settings.deep: is no number",
        ),
        (ACCOUNT + "settings = {deep = nan}\n", "3 account.settings.deep: is no number"),
        (ACCOUNT + "settings = {deep = 1e999}\n", "3 account.settings.deep: is no number"),
        (
            ACCOUNT + '[[account.product]]\nsku = "P"\nweight_g = 1.5\n',
            "5 account.product.weight_g: must be a whole number, got a number",
        ),
        (
            ACCOUNT + '[[account.credential]]\ndialect = "hongxum"\nkey = "K"\n',
            "4 account.credential.dialect: hongxum is no known dialect; did you mean hongxun?",
        ),
        (
            CREDENTIAL + "valid_from = 2024-08-01\n",
            "6 account.credential.valid_from: must be a date and time, as 2024-08-01T10:00:00+08:00, got date",
        ),
        (
            CREDENTIAL + "valid_from = 2024-08-01T10:00:00\n",
            "6 account.credential.valid_from: has no offset from UTC: write it as 2024-08-01T10:00:00+08:00",
        ),
        (
            CREDENTIAL + 'secret = {env = "NONE"}\n',
            "6 account.credential.secret: environment variable NONE is not set: set it, or give a default",
        ),
        (
            ACCOUNT
            + '[[account.credential]]\ndialect = "hongxun"\nkey = "K"\nsecret = {env = "A", standard = "x"}\n',
            "6 account.credential.secret.standard: is not a known key; known here: env, default",
        ),
        (
            CREDENTIAL + "secret = 5\n",
            "6 account.credential.secret: must be a text in quotes or {env = ...}, got a whole number",
        ),
        (
            ACCOUNT
            + '[[account.receiver]]\ndialect = "hongxun"\nname = "a"\nkinds = [\n"inbound.*",\n"inbound.closd"]\n',
            "8 account.receiver.kinds: inbound.closd is no kind of event; did you mean inbound.closed?",
        ),
        (
            RECEIVER + 'url = "erp.example"\n',
            "6 account.receiver.url: must begin with http:// or https://, name a host and hold no blank",
        ),
        (
            ACCOUNT + '[[account.shop]]\ncode = "S"\n[[account.shop.staff]]\nusername = "a"\nrole = "boss"\n',
            "7 account.shop.staff.role: must be one of clerk, manager",
        ),
        (
            ACCOUNT + '[[account.product]]\nsku = "P"\nopening = [{site = "W", sub_inventory = "O", quantity = 1,'
            ' condition = "bad"}]\n',
            "5 account.product.opening.condition: must be one of good, defective",
        ),
        (
            ACCOUNT + '[[account.station]]\ncode = "S"\n[[account.station.cabinet]]\nnumber = "a/b"\n',
            "6 account.station.cabinet.number: must be letters, digits, - or _",
        ),
        (
            ACCOUNT + '[[account.product]]\nsku = "P"\nprice = "9,90"\n',
            "5 account.product.price: must be a number, without quotes",
        ),
        (
            ACCOUNT + '[[account.delivery_service]]\nname = "a\\u001b[2Jb"\ncompany = 36\n',
            "4 account.delivery_service.name: must be without a blank at either end and without control characters",
        ),
        (ACCOUNT + '"\\u001b[2J" = 1\n', '3 account."\\u001b[2J": is not a known key; known here: id,'),
        (
            ACCOUNT + '[[account.shop]]\ncode = "S"\nsettings = {prepared_frst = true}\n',
            "5 account.shop.settings.prepared_frst: is not a known key; did you mean prepared_first?",
        ),
        (
            ACCOUNT + '[[account.shop]]\ncode = "S"\n[account.shop.settings]\nrollback_window_s = "600"\n',
            "6 account.shop.settings.rollback_window_s: must be a whole number, got a text in quotes",
        ),
        (
            ACCOUNT + '[[account.shop]]\ncode = "S"\nsettings.notices = {redy = true}\n',
            "5 account.shop.settings.notices.redy: is not a known key; did you mean ready?",
        ),
        (
            ACCOUNT + '[[account.shop]]\ncode = "S"\nsettings.notices.language = "fr"\n',
            "5 account.shop.settings.notices.language: must be one of en, zh",
        ),
        (
            ACCOUNT + '[[account.station]]\ncode = "S"\nname = "s"\nsettings.notices = {redy = true}\n',
            "6 account.station.settings.notices: must be a table of `ready` and `reminder`, true or false, and",
        ),
        *(
            (
                ACCOUNT + f'[[account.warehouse]]\ncode = "W"\nname = "w"\nsettings.film_days = {days}\n',
                "6 account.warehouse.settings.film_days: must be a whole number, 1 to 3650",
            )
            for days in ("0", "3651", "true", '"30"')
        ),
        *(
            (
                ACCOUNT + f"settings.gs1_prefix = {prefix}\n",
                "3 account.settings.gs1_prefix: must be a text of 4 to 12",
            )
            for prefix in ("4012345", '""', '"401"', '"4012345678901"', '"40123x"')
        ),
        (
            ACCOUNT + '[[account.warehouse]]\ncode = "W"\nname = "w"\nsettings.gs1_prefix = 4012\n',
            "6 account.warehouse.settings.gs1_prefix: must be a text of 4 to 12 digits, as GS1 gave it",
        ),
        *(
            (
                ACCOUNT + f'[[account.warehouse]]\ncode = "W"\nname = "w"\nsettings.allocation = {rule}\n',
                "6 account.warehouse.settings.allocation: must be one of lot, fifo, fefo",
            )
            for rule in ('"FEFO"', "1", '["lot"]')
        ),
        *(
            (
                ACCOUNT + f'[[account.warehouse]]\ncode = "W"\nname = "w"\nsettings.cartons = {cartons}\n',
                "6 account.warehouse.settings.cartons: must be cartons as the page on the setup file has them: ",
            )
            for cartons in ('"S"', '[{name = "S"}]', '[{name = "S", length_mm = 0, width_mm = 1, height_mm = 1}]')
        ),
        (
            ACCOUNT + '[[account.shop]]\ncode = "S"\nsettings.film_days = 0\n',
            "5 account.shop.settings.film_days: must be",
        ),
        (
            ACCOUNT + "settings.notices = true\n",
            "3 account.settings.notices: must be a table of `ready` and `reminder`, true or false, and",
        ),
        (
            CREDENTIAL + "valid_from = 2024-08-02T00:00:00Z\nvalid_until = 2024-08-02T08:00:00+08:00\n",
            "7 account.credential.valid_until: must be later than valid_from",
        ),
        (
            RECEIVER + 'url = "https://:80/"\n',
            "6 account.receiver.url: must begin with http:// or https://, name a host",
        ),
        (RECEIVER + 'url = "http://a:99999/"\n', "6 account.receiver.url: must begin with http:// or https://, name"),
        (
            ACCOUNT + '[[account.online_shop]]\ndomain = "a.example:80"\n',
            "4 account.online_shop.domain: must be a host name in lower case, as shop.example.com",
        ),
        (
            ACCOUNT
            + '[[account.online_shop]]\ndomain = "a.example"\n'
            + '[[account.online_shop]]\ndomain = "b.example"\ndomains = ["b.example",\n"a.example"]\n',
            "8 account.online_shop.domains: a.example is a domain of a.example in line 4 already: keep one of them",
        ),
        (
            ACCOUNT + '[[account.online_shop]]\ndomain = "https://a.example"\n',
            "4 account.online_shop.domain: must be a host name in lower case, as shop.example.com",
        ),
    ],
)
async def test_a_file_that_says_something_impossible(bench: Bench, text: str | bytes, problem: str) -> None:
    (said,) = await bench.refused(text)

    assert said.startswith(problem)


POLICY = '[[account.locker_policy]]\nname = "new"\n'
SERVICE = '[[account.delivery_service]]  # here\nname = "x"\ncompany = 36\n'
CABINET = '[[account.station]]\ncode = "S-9"\nname = "x"\n[[account.station.cabinet]]\nnumber = "1"\n'
OPENING = '[[account.product.opening]]  # here\nsite = "W-1"\nsub_inventory = "OWN"\nquantity = 1\n'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            '[[account]]  # here\ncode = "new"\nname = "A"\ncurrency = "CNY"\n',
            "zone: is missing: a new account needs it",
        ),
        (BASE + "companies = [37]  # here\n", "companies: there is no company 37; define it, or correct the name"),
        (BASE + SHOP + "company = 35  # here\n", "shop.company: there is no company 35; define it, or"),
        (
            BASE + SHOP.replace('"S-2"', '"S-1"  # here'),
            "shop.code: the same one is given in line 14 already: keep one of them",
        ),
        (
            BASE + SHOP.replace('"S-1"', '"S-1"\nid = 5').replace('"S-2"', '"S-2"\nid = 5  # here'),
            "shop.id: the same one is given in line 14 already: keep one of them",
        ),
        (BASE + "id = 2  # here\n", "id: account acme has the id 1; an id never changes"),
        (
            BASE.replace("acme", "other") + "id = 1  # here\n",
            "id: 1 is the id of account acme already: choose another",
        ),
        (
            BASE + '[[account.warehouse]]  # here\ncode = "OLD"\nname = "x"\n',
            "warehouse: warehouse OLD is on record with kind shop, which never changes:",
        ),
        (
            BASE + '[[account.product]]\nsku = "P-9"\nname = "x"\ncodes = [\n"c",\n"c"]  # here\n',
            "product.codes: the same one is given in line 17 already",
        ),
        (
            BASE + SHOP + '[[account.shop.staff]]  # here\nusername = "ann"\n',
            "shop.staff.password: is missing: a new staff needs it",
        ),
        (
            BASE + SHOP + '[[account.shop.staff]]\nusername = "ann"\npassword = ""  # here\n',
            "shop.staff.password: is empty: give one",
        ),
        (
            BASE + CABINET + 'key = ""  # here\n',
            "station.cabinet.key: is empty: give one",
        ),
        (
            BASE + CABINET + 'key = { env = "NOT_SET", default = "" }  # here\n',
            "station.cabinet.key: is empty: give one",
        ),
        (BASE + SERVICE + 'method = "shop"\n', "delivery_service.site: is missing: a shop service goes to a shop"),
        (
            BASE + SERVICE.replace("# here", "") + 'method = "locker"\nsite = "OLD"  # here\n',
            "delivery_service.site: OLD is a shop; a locker service goes to a station",
        ),
        (
            BASE + SERVICE.replace("# here", "") + 'method = "shop"\nsite = "OLDE"  # here\n',
            "delivery_service.site: there is no site OLDE; did you mean OLD?",
        ),
        (
            BASE
            + SERVICE.replace("# here", "")
            + 'method = "shop"\nsite = "OLD"\nrules.online_shop = "ol.example"  # here\n',
            "delivery_service.rules.online_shop: there is no online shop ol.example; did you mean old.example?",
        ),
        (
            BASE
            + SERVICE.replace("# here", "")
            + 'method = "shop"\nsite = "OLD"\nrules.online_shop = "z.example"  # here\n',
            "delivery_service.rules.online_shop: z.example is an online shop of another account: name one of this",
        ),
        (
            BASE + '[[account.receiver]]\ndialect = "hongxun"\nname = "a"\nurl = "http://a/"\nkinds = []\n'
            'credential = "of another account"  # here\n',
            "receiver.credential: is a key of another account: name one of this account",
        ),
        (
            BASE + '[[account.online_shop]]\ndomain = "b.example"\ndomains = ["c.example", "old.example"]  # here\n',
            "online_shop.domains: old.example is a domain of online shop old.example already: take it out",
        ),
        (
            BASE + '[[account.online_shop]]\ndomain = "more.example"  # here\n',
            "online_shop.domain: more.example is a domain of online shop old.example already: take it out",
        ),
        (
            BASE + '[[account.online_shop]]\ndomain = "b.example"\ndomains = ["more.example"]  # here\n',
            "online_shop.domains: more.example is a domain of online shop old.example already: take it out",
        ),
        (
            BASE + '[[account.receiver]]\ndialect = "hongxun"\nname = "a"\ncredential = "0123456789"  # here\n',
            "receiver.credential: there is no credential 0123…; define it, or correct the name",
        ),
        (
            BASE + GOODS + OPENING.replace("# here", "").replace('"OWN"', '"OWEN"  # here'),
            "product.opening.sub_inventory: there is no sub-inventory OWEN; did you mean OWN?",
        ),
        (
            BASE + GOODS + OPENING.replace("# here", "") + OPENING,
            "product.opening: is given twice: add the quantities up",
        ),
        (
            BASE + POLICY.replace("]]", "]]  # here"),
            "locker_policy.keep_hours: is missing: a new locker policy needs",
        ),
        (
            BASE + POLICY + 'keep_hours = 72\nstation = "OLD"  # here\n',
            "locker_policy.station: OLD is a shop: name a station",
        ),
        (
            BASE + POLICY + 'keep_hours = 72\nstation = "ST-OLDE"  # here\n',
            "locker_policy.station: there is no site ST-OLDE; did you mean ST-OLD?",
        ),
        (
            BASE + POLICY + "keep_hours = 24\nremind_hours = 24  # here\n",
            "locker_policy.remind_hours: must be less than keep_hours, which is 24",
        ),
        (
            BASE + '[[account.locker_policy]]\nname = "old"\nremind_hours = 72  # here\n',
            "locker_policy.remind_hours: must be less than keep_hours, which is 72",
        ),
        (
            BASE + POLICY.replace("]]", "]]  # here") + 'keep_hours = 72\nstation = "ST-OLD"\nsize = "S"\n',
            "locker_policy: locker policy old is for the same station and size: keep one of them",
        ),
        (
            BASE
            + POLICY
            + "keep_hours = 1\n"
            + POLICY.replace("new", "twin").replace("]]", "]]  # here")
            + "keep_hours = 2\n",
            "locker_policy: locker policy new is for the same station and size: keep one of them",
        ),
        (
            BASE + '[[account.organisation]]\nid = 1\nname = "x"\nenterprises = [5]  # here\n',
            "organisation.enterprises: there is no enterprise 5; define it, or correct the name",
        ),
    ],
)
async def test_a_file_that_does_not_fit_what_is_on_record(bench: Bench, text: str, problem: str) -> None:
    await bench.apply(
        BASE
        + '[[account.shop]]\ncode = "OLD"\nname = "Old shop"\n'
        + '[[account.station]]\ncode = "ST-OLD"\nname = "Old station"\n'
        + '[[account.locker_policy]]\nname = "old"\nstation = "ST-OLD"\nsize = "S"\nkeep_hours = 72\n'
        + '[[account.online_shop]]\ndomain = "old.example"\ndomains = ["more.example"]\n'
        + BASE.partition("[[account]]")[2].join(("[[account]]", "")).replace("acme", "zoo")
        + '[[account.credential]]\ndialect = "hongxun"\nkey = "of another account"\n'
        + '[[account.online_shop]]\ndomain = "z.example"\n'
    )
    line = next(number for number, said in enumerate(text.splitlines(), start=1) if "# here" in said)

    said = await bench.refused(text)

    assert said[0].startswith(f"{line} account.{problem}")


async def test_a_bar_code_belongs_to_one_product(bench: Bench) -> None:
    await bench.apply(BASE + GOODS + 'codes = ["69001"]\n')

    (problem,) = await bench.refused(BASE + '[[account.product]]\nsku = "P-2"\nname = "x"\ncodes = ["69001"]\n')

    assert problem.startswith("16 account.product.codes: bar code 69001 is on record with product P-1, which")


async def test_all_problems_of_a_kind_are_said_at_once(bench: Bench) -> None:
    said = await bench.refused('nope = 1\n[[account]]\ncode = "x"\nzonne = "x"\nsettings = {a = nan}\n')

    assert [problem.split(":")[0] for problem in said] == ["1 nope", "4 account.zonne", "5 account.settings.a"]


def test_an_error_is_printed_with_file_line_and_field() -> None:
    problems = [Problem(line=0, field="", text="is empty"), Problem(line=3, field="a.b", text="is bad: mend it")]

    assert str(SetupFileWrong(file="x.toml", problems=problems)).splitlines() == [
        "The setup file cannot be applied; nothing was written.",
        "x.toml: is empty",
        "x.toml:3: a.b: is bad: mend it",
    ]


@pytest.mark.parametrize(("count", "lines"), [(PROBLEMS_SHOWN_MAX, 0), (PROBLEMS_SHOWN_MAX + 1, 1)])
def test_only_so_many_problems_are_printed(count: int, lines: int) -> None:
    said = str(SetupFileWrong(file="x", problems=[Problem(line=1, field="f", text="bad")] * count)).splitlines()

    assert len(said) == 1 + PROBLEMS_SHOWN_MAX + lines


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SetupFileWrong, match=r"none\.toml: cannot be read: No such file"):
        read.read(tmp_path / "none.toml")


NESTED = {
    "lists": ("[" * 2_000, "]" * 2_000),
    "tables": ("{a = " * 2_000 + "1", "}" * 2_000),
}


@pytest.mark.parametrize("way", NESTED)
def test_a_file_that_is_nested_too_deeply_to_be_read(way: str) -> None:
    opening, closing = NESTED[way]

    with pytest.raises(SetupFileWrong, match="x: is nested too deeply: 64 keys"):
        read.decode(f"a = {opening}{closing}".encode(), name="x")


@pytest.mark.parametrize(("deeper", "taken"), [(0, True), (1, False), (2_000, False)])
async def test_the_edge_of_a_dotted_key(bench: Bench, deeper: int, taken: bool) -> None:
    """`account`, its position and `settings` lead to it."""
    text = f"{BASE}settings{'.a' * (read.DEPTH_MAX - 3 + deeper)} = 1\n"

    if taken:
        await bench.apply(text)
        assert await bench.apply(text) == []
    else:
        (problem,) = await bench.refused(text)
        assert problem.startswith("13 account.settings.a.a")
        assert problem.endswith(": is nested too deeply: 64 keys within each other are enough")


@pytest.mark.parametrize(
    ("digits", "said"), [(0, "is no number that can be kept"), (1, "a number has too many digits")]
)
async def test_the_edge_of_a_number_that_python_reads(bench: Bench, digits: int, said: str) -> None:
    (problem,) = await bench.refused(f"{BASE}settings.a = {'9' * (sys.get_int_max_str_digits() + digits)}\n")

    assert problem.startswith("13 ")
    assert said in problem


@pytest.mark.parametrize(
    ("number", "taken"),
    [
        (str(read.WHOLE_MAX), True),
        (str(read.WHOLE_MAX + 1), False),
        (str(read.WHOLE_MIN), True),
        (str(read.WHOLE_MIN - 1), False),
        (f"1e{read.SMALLEST_EXPONENT}", True),
        (f"1e{read.SMALLEST_EXPONENT - 1}", False),
    ],
)
async def test_the_edges_of_a_free_number(bench: Bench, number: str, taken: bool) -> None:
    text = f"{BASE}settings = {{number = {number}}}\n"

    if taken:
        await bench.apply(text)
        assert await bench.apply(text) == []
    else:
        await bench.refused(text)


# Edges ------------------------------------------------------------------------------


def test_the_largest_file() -> None:
    read.decode(b"#" * read.FILE_BYTES_MAX, name="x")

    with pytest.raises(SetupFileWrong, match="is larger than"):
        read.decode(b"#" * (read.FILE_BYTES_MAX + 1), name="x")


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("weight_g", model.MEASURE_MAX, model.MEASURE_MAX + 1),
        ("weight_g", 0, -1),
        ("id", model.ID_MAX, model.ID_MAX + 1),
        ("id", 1, 0),
        ("sku", f'"{"x" * model.CODE_LENGTH_MAX}"', f'"{"x" * (model.CODE_LENGTH_MAX + 1)}"'),
        ("name", f'"{"x" * model.NAME_LENGTH_MAX}"', f'"{"x" * (model.NAME_LENGTH_MAX + 1)}"'),
        ("name_customs", f'"{"x" * model.TEXT_LENGTH_MAX}"', f'"{"x" * (model.TEXT_LENGTH_MAX + 1)}"'),
        ("price", f"{PRICE_MAX:f}", f"{PRICE_MAX + 1:f}"),
        ("price", "0", "-0.01"),
        ("price", f"0.{'1' * PRICE_PLACES_MAX}", f"0.{'1' * (PRICE_PLACES_MAX + 1)}"),
    ],
)
async def test_the_edges_of_a_product(bench: Bench, field: str, good: object, bad: object) -> None:
    product = {"sku": '"P"', "name": '"x"'}
    await bench.apply(BASE + _table("account.product", {**product, field: good}))

    (problem,) = await bench.refused(BASE + _table("account.product", {**product, field: bad}))

    assert f"account.product.{field}: must be" in problem


@pytest.mark.parametrize(("good", "bad"), [(1, 0), (model.QUANTITY_MAX, model.QUANTITY_MAX + 1)])
async def test_the_edges_of_an_opening_quantity(bench: Bench, good: int, bad: int) -> None:
    opening = {"site": '"W-1"', "sub_inventory": '"OWN"'}

    await bench.refused(BASE + GOODS + _table("account.product.opening", {**opening, "quantity": bad}))
    await bench.apply(BASE + GOODS + _table("account.product.opening", {**opening, "quantity": good}))


@pytest.mark.parametrize(("good", "bad"), [(1, 0), (999, 1000)])
async def test_the_edges_of_a_company_number(bench: Bench, good: int, bad: int) -> None:
    company = {"name": '"x"', "currency": '"CNY"', "zone": '"UTC"'}

    await bench.refused(_table("company", {**company, "id": bad}))
    await bench.apply(_table("company", {**company, "id": good}))


@pytest.mark.parametrize(("good", "bad"), [(YEAR_MIN, YEAR_MIN - 1), (YEAR_MAX, YEAR_MAX + 1)])
async def test_the_edges_of_a_date(bench: Bench, good: int, bad: int) -> None:
    key = {"dialect": '"hongxun"', "key": '"K"'}

    (problem,) = await bench.refused(
        BASE + _table("account.credential", {**key, "valid_until": f"{bad}-01-01T00:00:00+08:00"})
    )
    assert f"must lie in the years {YEAR_MIN} to {YEAR_MAX}" in problem
    await bench.apply(BASE + _table("account.credential", {**key, "valid_until": f"{good}-01-01T00:00:00+08:00"}))


@pytest.mark.parametrize(
    ("value", "taken"),
    [("x" * model.TEXT_LENGTH_MAX, True), ("x" * (model.TEXT_LENGTH_MAX + 1), False), ("bad \udcff", False)],
)
async def test_the_edges_of_a_text_from_the_environment(bench: Bench, value: str, taken: bool) -> None:
    text = BASE + _table("account.credential", {"dialect": '"hongxun"', "key": '"K"', "secret": '{env = "S"}'})

    if taken:
        await bench.apply(text, environ={"S": value})
    else:
        (problem,) = await bench.refused(text, environ={"S": value})
        assert "S must hold at most" in problem


@pytest.mark.parametrize(
    ("key", "taken"),
    [
        ("k" * model.NAME_LENGTH_MAX, True),
        ("k" * (model.NAME_LENGTH_MAX + 1), False),
        ("k\x1b[2J", False),
        (" k", False),
    ],
)
async def test_the_edges_of_a_key_from_the_environment(bench: Bench, key: str, taken: bool) -> None:
    text = BASE + _table("account.credential", {"dialect": '"hongxun"', "key": '{env = "K"}'})

    if taken:
        await bench.apply(text, environ={"K": key})
    else:
        (problem,) = await bench.refused(text, environ={"K": key})
        assert problem == (
            "15 account.credential.key: must have 1 to 200 characters, none of them a control character,"
            " and no blank at either end"
        )


@pytest.mark.parametrize(
    ("length", "taken"), [(1, True), (USERNAME_CHARACTERS_MAX, True), (USERNAME_CHARACTERS_MAX + 1, False)]
)
async def test_the_edges_of_a_user_name(bench: Bench, length: int, taken: bool) -> None:
    text = BASE + SHOP + _table("account.shop.staff", {"username": f'"{"u" * length}"', "password": '"secret"'})

    if taken:
        await bench.apply(text)
    else:
        assert await bench.refused(text) == [
            "21 account.shop.staff.username: must be a text in quotes of length <= 150"
        ]


@pytest.mark.parametrize(
    ("length", "taken"), [(1, True), (PASSWORD_CHARACTERS_MAX, True), (PASSWORD_CHARACTERS_MAX + 1, False)]
)
async def test_the_edges_of_a_password(bench: Bench, length: int, taken: bool) -> None:
    text = BASE + SHOP + _table("account.shop.staff", {"username": '"ann"', "password": f'"{"p" * length}"'})

    if taken:
        await bench.apply(text)
    else:
        assert await bench.refused(text) == ["22 account.shop.staff.password: must have at most 128 characters"]


@pytest.mark.parametrize(
    ("setting", "good", "bad"),
    [
        ("rollback_window_s", [0, ROLLBACK_WINDOW_S_MAX], [-1, ROLLBACK_WINDOW_S_MAX + 1]),
        ("rollbacks_max", [0, ROLLBACKS_MAX], [-1, ROLLBACKS_MAX + 1]),
        ("code_valid_h", [1, CODE_HOURS_MAX], [0, CODE_HOURS_MAX + 1]),
        ("reminder_h", [1, CODE_HOURS_MAX], [0, CODE_HOURS_MAX + 1]),
        ("password_characters_min", [1, PASSWORD_CHARACTERS_MAX], [0, PASSWORD_CHARACTERS_MAX + 1]),
    ],
)
async def test_the_edges_of_a_shops_settings(bench: Bench, setting: str, good: list[int], bad: list[int]) -> None:
    for value in good:
        await bench.apply(f"{BASE}{SHOP}settings.{setting} = {value}\n")
    for value in bad:
        (problem,) = await bench.refused(f"{BASE}{SHOP}settings.{setting} = {value}\n")
        assert problem.startswith(f"20 account.shop.settings.{setting}: must be a whole number ")


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("keep_hours", [1, model.LOCKER_HOURS_MAX], [0, model.LOCKER_HOURS_MAX + 1]),
        ("remind_hours", [0, 71], [-1, 72, model.LOCKER_HOURS_MAX + 1]),
        ("extend_hours", [1, model.LOCKER_HOURS_MAX], [0, model.LOCKER_HOURS_MAX + 1]),
        ("extensions", [0, model.EXTENSIONS_MAX], [-1, model.EXTENSIONS_MAX + 1]),
    ],
)
async def test_the_edges_of_a_locker_policy(bench: Bench, field: str, good: list[int], bad: list[int]) -> None:
    policy = {"name": '"x"', "keep_hours": 72}
    for value in good:
        await bench.apply(BASE + _table("account.locker_policy", {**policy, field: value}))
    for value in bad:
        (problem,) = await bench.refused(BASE + _table("account.locker_policy", {**policy, field: value}))
        assert f"account.locker_policy.{field}: must be" in problem


@pytest.mark.parametrize(("length", "taken"), [(model.DOMAIN_LENGTH_MAX, True), (model.DOMAIN_LENGTH_MAX + 1, False)])
async def test_the_edge_of_a_domain(bench: Bench, length: int, taken: bool) -> None:
    text = BASE + _table("account.online_shop", {"domain": f'"{"d" * length}"'})

    if taken:
        await bench.apply(text)
    else:
        await bench.refused(text)


@pytest.mark.parametrize(("length", "shown"), [(2 * MASKED_SHOWN, "…"), (2 * MASKED_SHOWN + 1, "kkkk…")])
async def test_a_key_without_a_secret_is_masked(bench: Bench, length: int, shown: str) -> None:
    text = BASE + _table("account.credential", {"dialect": '"birdsystem"', "key": f'"{"k" * length}"'})

    assert (await bench.apply(text))[-1] == f"+ credential birdsystem {shown}"


@pytest.mark.parametrize(
    ("others", "hint"),
    [(PROPOSED_FROM_MAX - 1, "did you mean S-NORTH?"), (PROPOSED_FROM_MAX, "define it, or correct the name")],
)
async def test_so_many_names_are_looked_through(bench: Bench, others: int, hint: str) -> None:
    await bench.apply(BASE + '[[account.shop]]\ncode = "S-NORTH"\nname = "x"\n')
    async with bench.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO site (account_id, kind, code, name, zone, created_at, updated_at)"
            " SELECT account_id, kind, 'A' || n, name, zone, created_at, updated_at"
            "   FROM site, generate_series(1, %(others)s) AS n",
            others=others,
        )

    (problem,) = await bench.refused(BASE + SERVICE + 'method = "shop"\nsite = "S-NORHT"\n')

    assert problem.endswith(hint)


def _table(name: str, values: dict[str, object]) -> str:
    return f"[[{name}]]\n" + "".join(f"{key} = {value}\n" for key, value in values.items())


ENTERPRISES = '[[account.enterprise]]\nid = 1\nname = "E"\n'
USER = '[[account.enterprise.user]]\nusername = "ann"\n'


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("", "account.enterprise.user.password: is missing: a new user needs it"),
        ('password = ""\n', "account.enterprise.user.password: is empty: give one"),
        (
            f'password = "{"p" * (PASSWORD_CHARACTERS_MAX + 1)}"\n',
            "account.enterprise.user.password: must have at most 128 characters",
        ),
        ('password = "x"\n' + USER, "account.enterprise.user.username: the same one is given in line"),
    ],
)
async def test_users_of_an_enterprise(bench: Bench, said: str, problem: str) -> None:
    [found] = await bench.refused(BASE + ENTERPRISES + USER + said)
    assert problem in found


async def test_a_user_does_not_go_over_to_another_enterprise(bench: Bench) -> None:
    await bench.apply(BASE + ENTERPRISES + USER + f'password = "{"p" * PASSWORD_CHARACTERS_MAX}"\n')

    [found] = await bench.refused(BASE + ENTERPRISES.replace("id = 1", "id = 2") + USER)
    assert "user ann is on record with enterprise 1, which never changes" in found
