"""Every address of the console and everybody who asks: whose rows are seen, and what is refused leaves no trace.

The addresses are read from the routes: a new one that stands in neither table fails the first test.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest
from litestar import Litestar

from crossdock.base.errors import CrossdockError
from crossdock.base.ids import AccountId, SiteId
from crossdock.console import office as pages
from crossdock.console.office import live, who
from crossdock.console.office.door import CODE, FACTOR, LOGIN
from crossdock.core.orders import commands as orders
from tests.console.offices import PASSWORD, Caller, Office
from tests.console.test_office_bulk import uploaded
from tests.console.test_office_callbacks import owed, receiver_of
from tests.console.test_office_people import FOREIGN, SECOND
from tests.console.test_office_workbench import BODY
from tests.world import ACCOUNT, CABINET, WAREHOUSE, World

SKU: Final = "00131031"
MARK: Final = "zq7"
"""Part of every name that the rows of this account have here."""
OTHER: Final = AccountId(48)
SECOND_SITE: Final = SiteId(81)
WHY: Final = "because of zq7"

ALL, OURS, LOOKS = "operator of all", "operator of it", "support"
THEIRS, LOOKS_ELSEWHERE = "operator of another account", "support of another account"
BOSS, OTHER_BOSS = "manager of the place", "manager of another place"
OUTSIDE: Final = ("a worker", "nobody", "somebody logged out", "somebody without the second factor")
INSIDE: Final = (ALL, OURS, LOOKS, THEIRS, LOOKS_ELSEWHERE, BOSS, OTHER_BOSS)

DOOR: Final = frozenset({LOGIN, CODE, FACTOR, f"{who.PREFIX}/logout"})
"""Where one is before one is in: test_office_door.py."""


@dataclass(frozen=True)
class Read:
    """Who is shown something; `mark` stands on what these are shown, and on nobody else's."""

    seen_by: frozenset[str]
    mark: str = ""
    own: frozenset[str] = frozenset()
    """Who is answered, too, with rows of their own, or with none."""
    query: str = ""


@dataclass(frozen=True)
class Write:
    """What a form sends, and who may send it; the last of several is what is done in the end."""

    done_by: frozenset[str]
    fields: Mapping[str, str] = field(default_factory=dict)
    own: frozenset[str] = frozenset()
    """For whom it does something else, of their own; or nothing, which is no error."""


EVERYBODY: Final = frozenset(INSIDE)
PLATFORM: Final = frozenset({ALL, OURS, LOOKS})
PLACE: Final = PLATFORM | {BOSS}
SOMEWHERE: Final = EVERYBODY - PLATFORM
OPERATING: Final = frozenset({ALL, OURS})
P: Final = who.PREFIX
READS: Final[Mapping[str, Read]] = {
    P: Read(EVERYBODY),
    f"{P}/inbox": Read(PLACE, f"{MARK}-held", EVERYBODY),
    f"{P}/orders": Read(PLACE, f"{MARK}-held", EVERYBODY),
    f"{P}/orders/{{order_id:int}}": Read(PLACE, f"{MARK}-held"),
    f"{P}/orders/{{order_id:int}}/evidence": Read(PLACE),
    f"{P}/stock": Read(PLACE, SKU, EVERYBODY),
    f"{P}/stock/{{stock_id:int}}": Read(PLACE, SKU),
    f"{P}/cabinets": Read(PLATFORM, CABINET, EVERYBODY),
    f"{P}/cabinets/{{cabinet_id:int}}": Read(PLATFORM, CABINET),
    f"{P}/cabinets/{{cabinet_id:int}}/doors/{{box_id:int}}": Read(PLATFORM, CABINET),
    f"{P}/callbacks": Read(PLATFORM, f"{MARK}-receiver", frozenset({THEIRS, LOOKS_ELSEWHERE})),
    f"{P}/callbacks/receivers/{{receiver_id:int}}": Read(PLATFORM, f"{MARK}-receiver"),
    f"{P}/callbacks/receivers/{{receiver_id:int}}/again": Read(PLATFORM, f"{MARK}-receiver", query="?parked=yes"),
    f"{P}/callbacks/runs/{{run_id:int}}": Read(PLATFORM, f"{MARK}-receiver"),
    f"{P}/callbacks/list": Read(PLATFORM, f"{MARK}-receiver", frozenset({THEIRS, LOOKS_ELSEWHERE})),
    f"{P}/callbacks/{{callback_id:int}}": Read(PLATFORM, f"{MARK}-receiver"),
    f"{P}/callbacks/compare": Read(PLATFORM, "P-7001", query="?left={callback}.1&right={callback}.2"),
    f"{P}/bulk": Read(PLATFORM, f"{MARK}.csv", frozenset({THEIRS, LOOKS_ELSEWHERE})),
    f"{P}/bulk/{{run_id:int}}": Read(PLATFORM, f"{MARK}.csv"),
    f"{P}/bulk/{{run_id:int}}/{{file:str}}": Read(PLATFORM, f"{MARK}-new"),
    f"{P}/bulk/export/{{file:str}}": Read(PLATFORM, SKU, frozenset({THEIRS, LOOKS_ELSEWHERE}), "?account={code}"),
    f"{P}/papers/{{account_id:int}}/{{paper:str}}/{{file:str}}": Read(PLACE),
    f"{P}/staff": Read(PLACE, f"{MARK}-worker", EVERYBODY),
    f"{P}/staff/{{staff_id:int}}": Read(PLACE, f"{MARK}-worker"),
    f"{P}/history": Read(PLACE, WHY, EVERYBODY),
    f"{P}/history/{{file:str}}": Read(PLACE, WHY, EVERYBODY),
    f"{P}/accounts": Read(PLATFORM, 'accounts/47"', frozenset({THEIRS, LOOKS_ELSEWHERE})),
    f"{P}/accounts/{{account_id:int}}": Read(PLATFORM, "WH-GZ01"),
    f"{P}/accounts/{{account_id:int}}/places": Read(PLATFORM, "WH-GZ01"),
    f"{P}/accounts/{{account_id:int}}/keys/{{credential_id:int}}": Read(PLATFORM, "hongxun"),
    f"{P}/workbench": Read(frozenset({ALL, OURS, THEIRS})),
    f"{P}/settings": Read(PLACE, "WH-GZ01", EVERYBODY),
    f"{P}/settings/{{site_id:int}}": Read(PLACE, "WH-GZ01"),
    f"{P}/live": Read(EVERYBODY),
}
WRITES: Final[Mapping[str, tuple[Write, ...]]] = {
    f"{P}/inbox": (Write(OPERATING | {BOSS}, {"deed": "take", "account": "47", "key": "{key}", "owner": ""}),),
    f"{P}/orders/{{order_id:int}}": tuple(
        Write(OPERATING | {BOSS}, {"deed": deed, "reason": WHY}) for deed in ("release", "hold", "cancel")
    ),
    f"{P}/cabinets/{{cabinet_id:int}}": (Write(OPERATING, {"warning": "{alarm}", "reason": WHY}),),
    f"{P}/cabinets/{{cabinet_id:int}}/doors/{{box_id:int}}": tuple(
        Write(OPERATING, {"deed": deed, "reason": WHY}) for deed in ("open", "break", "mend")
    ),
    f"{P}/callbacks/receivers/{{receiver_id:int}}": tuple(
        Write(OPERATING, {"deed": deed, "reason": WHY}) for deed in ("freeze", "thaw")
    ),
    f"{P}/callbacks/receivers/{{receiver_id:int}}/again": (Write(OPERATING, {"parked": "yes", "reason": WHY}),),
    f"{P}/callbacks/runs/{{run_id:int}}": (Write(OPERATING),),
    f"{P}/callbacks/{{callback_id:int}}": tuple(
        Write(OPERATING, {"deed": deed, "reason": WHY}) for deed in ("give_up", "resend")
    ),
    f"{P}/bulk": (Write(OPERATING, {"kind": "products", "mode": "rows", "site": "", "account": "47"}),),
    f"{P}/bulk/{{run_id:int}}": tuple(Write(OPERATING, {"deed": deed, "reason": WHY}) for deed in ("drop",)),
    f"{P}/staff": (
        Write(
            OPERATING | {BOSS},
            {"username": f"{MARK}-new", "password": PASSWORD, "site": "80", "role": "clerk", "reason": WHY},
            own=frozenset({OTHER_BOSS}),
        ),
    ),
    f"{P}/staff/{{staff_id:int}}": (
        *(
            Write(OPERATING | {BOSS}, {"deed": deed, "password": PASSWORD, "reason": WHY})
            for deed in ("block", "unblock", "end", "unlock", "reset")
        ),
        *(Write(OPERATING, {"deed": deed, "site": "81", "reason": WHY}) for deed in ("promote", "demote", "move")),
    ),
    f"{P}/accounts/{{account_id:int}}": (Write(OPERATING, {"dialect": "bestwond", "reason": WHY}),),
    f"{P}/accounts/{{account_id:int}}/keys/{{credential_id:int}}": tuple(
        Write(OPERATING, {"deed": deed, "overlap": "1", "key_text": f"{MARK}-key", "sure": "yes", "reason": WHY})
        for deed in ("rotate", "revoke")
    ),
    f"{P}/workbench": (
        Write(OPERATING, {"api": "bestwond", "key": "{bestwond}", "request": json.dumps(BODY), "signed": ""}),
    ),
    f"{P}/settings": (Write(EVERYBODY, {"session": "{session}"}, own=EVERYBODY - {ALL}),),
    f"{P}/settings/{{site_id:int}}": (
        Write(OPERATING | {BOSS}, {"rule": "film_days", "was": "", "value": "9", "reason": WHY}),
    ),
}


@dataclass
class Town:
    """A world with rows of one account in one place, and everybody who may ask for them."""

    office: Office
    callers: dict[str, Caller]
    ids: dict[str, Any]
    names: dict[str, Any]

    def path(self, route: str) -> str:
        """Below the prefix, with the numbers of the account's own rows."""

        def number(found: re.Match[str]) -> str:
            name = found[1].partition(":")[0]
            if name == "run_id":
                return str(self.ids["resend" if "callbacks" in route else "import"])
            if name == "file":
                return (
                    {"bulk": "result.csv", "history": "export.csv", "papers": f"{self.ids['order_id']}.pdf"}.get(
                        route.split("/")[2], ""
                    )
                    if "export" not in route
                    else "products.csv"
                )
            return str(self.ids[name])

        return re.sub(r"\{([^}]+)\}", number, route).removeprefix(P).removeprefix("/")

    def filled(self, text: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda found: str(self.names[found[1]]), text)

    async def trace(self) -> dict[str, str]:
        """What is in the database, a word for each table."""
        tables = await self.office.world.rows(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
            " AND table_type = 'BASE TABLE' ORDER BY 1"
        )
        statement = " UNION ALL ".join(
            f"SELECT '{name}', coalesce(md5(string_agg(t::text, ';' ORDER BY t::text)), '') FROM \"{name}\" t"
            for (name,) in tables
        )
        return dict(await self.office.world.rows(statement))  # type: ignore[arg-type]

    async def send(self, caller: Caller, route: str, fields: Mapping[str, str], **more: str) -> httpx.Response:
        given = {name: self.filled(value) for name, value in fields.items()}
        data = {"word": caller.word, "operation_id": str(uuid4()), **given, **more}
        files = {"file": (f"{MARK}2.csv", b"sku,name\nN-1,Cup\n", "text/csv")} if route == f"{P}/bulk" else None
        return await caller.client.post(f"/console/{self.path(route)}".rstrip("/"), data=data, files=files)


@pytest.fixture
async def town(world: World, monkeypatch: pytest.MonkeyPatch) -> Town:
    monkeypatch.setattr(live, "LIFE_S", 0.0)
    office = Office(world)
    for statement in (SECOND, *FOREIGN):
        await world.rows(statement)
    await office.manager(f"{MARK}-worker", manager=False)
    callers = {
        ALL: await office.as_operator("olga"),
        OURS: await office.as_operator("otto", account_id=ACCOUNT),
        LOOKS: await office.as_support("sue"),
        THEIRS: await office.as_operator("tess", account_id=OTHER),
        LOOKS_ELSEWHERE: await office.as_support("sam", account_id=OTHER),
        BOSS: await office.as_manager("boss"),
        OTHER_BOSS: await office.as_manager("boss2", site_id=SECOND_SITE),
        OUTSIDE[0]: await worker(office),
        OUTSIDE[1]: office.nobody(),
        OUTSIDE[2]: await logged_out(office),
        OUTSIDE[3]: await halfway(office),
    }
    await world.stock(SKU, 10)
    order = await world.order(f"{MARK}-held", lines={SKU: 1}, state="allocated")
    async with world.desk.database.transaction() as tx:
        await orders.put_on_hold(tx, account_id=ACCOUNT, order_id=order.id, reason=WHY, dialect="house", actor="x")
    [callback, *_] = await owed(world, "parked", "parked", name=f"{MARK}-receiver")
    receiver = await receiver_of(world, callback)
    for name in INSIDE:
        await callers[name].get()
    by = callers[ALL]
    ids: dict[str, Any] = {
        "order_id": order.id,
        "callback_id": callback,
        "receiver_id": receiver,
        "account_id": ACCOUNT,
        "site_id": WAREHOUSE,
        "paper": "slip",
        "stock_id": await one(world, "SELECT id FROM stock WHERE site_id = 80 AND on_hand = 10"),
        "staff_id": await one(world, f"SELECT id FROM staff WHERE username = '{MARK}-worker'"),
        "cabinet_id": await one(world, f"SELECT id FROM cabinet WHERE number = '{CABINET}'"),
        "credential_id": await one(
            world, "SELECT min(id) FROM credential WHERE account_id = 47 AND dialect = 'hongxun'"
        ),
    }
    ids["box_id"] = await one(world, f"SELECT min(id) FROM box WHERE cabinet_id = {ids['cabinet_id']}")
    again = await by.post(f"callbacks/receivers/{receiver}/again", parked="yes", reason=WHY)
    ids["resend"] = again.headers["location"].rpartition("/")[2]
    taken = await uploaded(by, f"sku,name\n{MARK}-new,Cup\n")
    await world.rows("UPDATE bulk_run SET file_name = 'zq7.csv' RETURNING 1")
    ids["import"] = taken.headers["location"].rpartition("/")[2]
    await by.get(f"staff/{ids['staff_id']}")
    assert (await by.post(f"staff/{ids['staff_id']}", deed="end", reason=WHY)).status_code == 303
    names = {
        "key": f"held:{order.id}",
        "callback": callback,
        "alarm": await one(
            world,
            "INSERT INTO alarm (account_id, cabinet_id, box_id, kind, facts, raised_at)"
            f" VALUES (47, {ids['cabinet_id']}, {ids['box_id']}, 'occupied', '{{}}', now()) RETURNING id",
        ),
        "bestwond": await one(world, "SELECT min(id) FROM credential WHERE account_id = 47 AND dialect = 'bestwond'"),
        "code": await one(world, "SELECT code FROM account WHERE id = 47"),
        "session": await one(
            world,
            "INSERT INTO operator_session (operator_id, token_hash, whole, created_at, ends_at)"
            " SELECT id, 'x', true, now(), now() FROM operator WHERE username = 'olga' RETURNING id",
        ),
    }
    return Town(office, callers, ids, names)


async def one(world: World, statement: str) -> Any:
    return (await world.rows(statement))[0][0]


async def worker(office: Office) -> Caller:
    """With a session of the floor, as its cookie and as one of the console."""
    caller = office.nobody()
    await caller.client.post("/floor/login", data={"username": f"{MARK}-worker", "password": PASSWORD})
    [token] = [cookie.value for cookie in caller.client.cookies.jar if cookie.name == "crossdock_floor"]
    caller.client.cookies.set(who.COOKIE, f"{who.OF_STAFF}.{token}", path="/console")
    caller.word = who.session_word(str(token))
    return caller


async def logged_out(office: Office) -> Caller:
    """Whose browser kept the cookie."""
    caller = await office.as_support("out")
    [kept] = [str(cookie.value) for cookie in caller.client.cookies.jar if cookie.name == who.COOKIE]
    word = caller.word
    assert (await caller.post("logout")).status_code == 303
    caller.client.cookies.clear()
    caller.client.cookies.set(who.COOKIE, kept, path="/console")
    caller.word = word
    return caller


async def halfway(office: Office) -> Caller:
    await office.operator("hal")
    await office.enrolled("hal")
    caller = office.nobody()
    await caller.log_in("hal")
    return caller


def routes(method: str) -> set[str]:
    app = Litestar(route_handlers=list(pages.PAGE.handlers), openapi_config=None)
    return {route.path for route in app.routes if method in route.methods} - DOOR


def test_every_address_is_in_a_table() -> None:
    assert routes("GET") == set(READS)
    assert routes("POST") == set(WRITES)
    for method in ("PUT", "PATCH", "DELETE"):
        assert not routes(method)


def refused_outside(name: str, answer: httpx.Response) -> bool:
    """Sent to the log-in, or to where the second factor is given."""
    to = CODE if "factor" in name else LOGIN
    return answer.status_code == 303 and answer.headers["location"].partition("?")[0] == to


async def test_everybody_sees_what_is_theirs(town: Town) -> None:
    for route, read in READS.items():
        path = town.path(route) + town.filled(read.query)
        for name, caller in town.callers.items():
            answer = await caller.client.get(f"/console/{path}".rstrip("/"))
            about = (route, name, answer.status_code)
            if name in OUTSIDE:
                assert refused_outside(name, answer), about
            elif name in read.seen_by:
                assert answer.status_code == (303 if route.endswith("evidence") else 200), about
                assert read.mark in answer.text, about
            else:
                assert answer.status_code in ({200} if name in read.own else {403, 404}) | (
                    {200} if route.endswith("compare") else set()
                ), about
                for mark in (MARK, read.mark or MARK):
                    shown = re.sub(r'(value|href|data-live)="[^"]*"', "", answer.text)
                    assert mark not in shown, about


async def test_what_is_refused_leaves_no_trace(town: Town) -> None:
    before = await town.trace()
    for route, writes in WRITES.items():
        for write in writes:
            for name, caller in town.callers.items():
                if name in write.done_by or (name in write.own and route == f"{P}/staff"):
                    continue
                answer = await town.send(caller, route, write.fields)
                about = (route, dict(write.fields), name, answer.status_code)
                if name in OUTSIDE:
                    assert refused_outside(name, answer), about
                else:
                    assert answer.status_code in {400, 403, 404, 409}, about
            for name in (ALL, BOSS):
                for word in ("", "0" * 64, town.callers[OURS].word):
                    answer = await town.send(town.callers[name], route, write.fields, word=word)
                    assert answer.status_code in {403, 404}, (route, name, word)
        after = await town.trace()
        assert [table for table in after if after[table] != before[table]] == [], route


async def test_nobody_ends_the_session_of_another(town: Town) -> None:
    before = await town.trace()
    for name in EVERYBODY - {ALL, BOSS, OTHER_BOSS}:
        assert (await town.send(town.callers[name], f"{P}/settings", {"session": "{session}"})).status_code == 303
    assert await town.trace() == before


async def test_what_the_tables_send_is_done_for_who_may(town: Town) -> None:
    """Else what was refused above may have been refused for another reason."""
    await town.office.world.cabinet_online()
    for route, writes in WRITES.items():
        for write in writes:
            by = town.callers[ALL]
            before = await town.trace()
            answer = await town.send(by, route, write.fields)
            assert answer.status_code in {200, 201, 303}, (route, dict(write.fields), answer.text[:3000])
            assert LOGIN not in answer.headers.get("location", ""), (route, dict(write.fields))
            if write.fields.get("deed") != "unlock":
                assert await town.trace() != before, (route, dict(write.fields))


HOSTILE: Final = "\"'><svg/onload=alert(1)>{{7*7}}"
TEXTS: Final = (
    ("orders", "number"),
    ("orders", "reference"),
    ("orders", "tracking_number"),
    ("product", "name"),
    ("product", "sku"),
    ("account", "name"),
    ("site", "name"),
    ("staff", "username"),
    ("operator", "username"),
    ("receiver", "name"),
    ("receiver", "url"),
    ("callback", "refusal"),
    ("callback_attempt", "body"),
    ("callback_attempt", "answer"),
    ("callback_attempt", "failure"),
    ("bulk_run", "file_name"),
    ("bulk_run", "actor"),
    ("cabinet", "name"),
    ("cabinet", "number"),
    ("box", "name"),
    ("stock", "lot"),
)
"""What partners and people type, and pages repeat."""


async def test_nothing_that_was_typed_becomes_markup(town: Town) -> None:
    database, written = town.office.world.desk.database, 0
    for table, column in TEXTS:
        try:
            async with database.transaction() as tx:
                written += await tx.execute(
                    f"UPDATE {table} SET {column} = %(hostile)s WHERE ctid = (SELECT max(ctid) FROM {table})",
                    hostile=HOSTILE,
                )
        except CrossdockError:
            continue  # the database takes no such text, or only one row of it
    assert written
    caller, shown = town.callers[ALL], 0
    for route, read in READS.items():
        path = town.path(route) + town.filled(read.query)
        answer = await caller.client.get(f"/console/{path}".rstrip("/"))
        if "html" in answer.headers["content-type"]:
            assert "<svg/onload" not in answer.text, route
            shown += "&lt;svg/onload" in answer.text
    for text in (HOSTILE, f"curl 'http://x/{HOSTILE[3:]}'", f'/api/iot/x\n{{"app_id": "{HOSTILE[2:]}"}}'):
        answer = await caller.post("workbench", api="bestwond", key="", request=text, signed=HOSTILE)
        assert "<svg/onload" not in answer.text
        assert "&lt;svg/onload" in answer.text
    for query in (
        "orders?q=",
        "orders?site=",
        "stock?q=",
        "history?person=",
        "staff?text=",
        "callbacks/compare?left=",
    ):
        assert "<svg/onload" not in (await caller.client.get(f"/console/{query}{quote(HOSTILE)}")).text
    assert shown > 10
