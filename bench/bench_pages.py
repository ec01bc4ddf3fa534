"""Is every page of the floor and of the console small and quick when there are a million orders?

A manager of the warehouse and an operator of the platform log in and follow every link, one page of each shape:
numbers in an address count as one, and so do the values behind a `?`. Each page is asked for over HTTP on one
connection, with the log-in page between, which asks the database nothing.
"""

import asyncio
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from statistics import median
from typing import Annotated, Final
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

import httpx
import pyotp
import typer
from msgspec import Struct
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.bench_create import Server, serving
from bench.ground import ACCOUNT, OWNER, WAREHOUSE, Ground, ground
from bench.machine import ROOT, Machine, machine
from bench.report import publish, say_machine
from crossdock.app import House, open_house
from crossdock.base.config import Config
from crossdock.base.ids import CompanyId, SiteId, SubInventoryId
from crossdock.core.operators import commands as operators
from crossdock.core.operators import factor
from crossdock.core.orders.model import NewLine, PlaceOrder
from crossdock.core.picking import commands as picking
from crossdock.core.picking.model import WaveFilter
from crossdock.core.staff import passwords

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

MANY: Final = 1_000_000
COMPANY: Final = CompanyId(36)
OPEN: Final = 5_000
"""Of them wait for the floor, placed as every order is."""
TINY: Final = (2_000, 30)
CHUNK: Final = 100_000
TOGETHER: Final = 250
KINDS: Final = 50
"""Of goods, in the orders that wait."""
PAGES_MAX: Final = 400
"""Of one person; a site whose links never end is cut here, and the report says so."""
KB_MAX: Final = 100
MS_MAX: Final = 100
BOSS: Final = ("boss1", "boss1pw")
OPERATOR: Final = ("bench", "a long password")
LOGINS: Final = {"/floor": "/floor/login", "/console": "/console/login"}
FORMS: Final = {
    "/floor": ("/floor/waves/new?method=cluster&most=100",),
    "/console": (
        "/console/orders?q=nothing",
        "/console/orders?state=shipped",
        "/console/orders?account=demo&site=WH-GZ01",
        "/console/orders?account=demo&site=SHOP-12&state=shipped",
        "/console/orders?since=2024-08-01&until=2024-08-31",
        "/console/stock?q=00131031",
        "/console/orders/1000",
    ),
}
"""Pages to which a form leads, not a link."""
NOT_FOLLOWED: Final = re.compile(r"\.(pdf|zpl|csv|xlsx|zip)$|/(logout|live|evidence)$")

ORDERS: Final = """
INSERT INTO orders (id, account_id, company_id, site_id, kind, number, dialect, type, state, service_id, recipient,
                    token, pieces, created_at, updated_at, finished_at)
SELECT id, 47, 36, 80, 'outbound', id::text, 'birdsystem', 'LOCAL',
       CASE WHEN id %% 3 = 0 THEN 'delivered' ELSE 'shipped' END, 5217,
       '{"contact": "Alex Sample", "country_iso": "GB", "post_code": "PR9 0ZZ"}', md5(id::text), 1, at, at, at
  FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS id
 CROSS JOIN LATERAL (SELECT now() - interval '1 hour' - (%(top)s::bigint - id) * interval '20 seconds' AS at) written
"""
LINES: Final = """
INSERT INTO order_line (account_id, order_id, line_no, line_key, product_id, sku, quantity, done)
SELECT 47, id, 1, '1', 2989068, '00131031', 1, 1 FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS id
"""
EVENTS: Final = """
INSERT INTO event (account_id, kind, subject, order_id, dialect, actor, happened_at, learned_at)
SELECT o.account_id, said.kind, o.number, o.id, o.dialect, 'bench', o.created_at, o.created_at
  FROM orders o CROSS JOIN unnest(ARRAY['outbound.placed', 'outbound.shipped']) AS said (kind)
 WHERE o.id BETWEEN %(first)s AND %(last)s
"""
CALLBACKS: Final = """
INSERT INTO callback (account_id, receiver_id, event_id, mailbox, state, attempts, due_at, created_at, done_at)
SELECT e.account_id, r.id, e.id, 'order:' || e.order_id,
       CASE WHEN e.order_id %% 10007 = 0 THEN 'parked' ELSE 'delivered' END, 1,
       e.learned_at, e.learned_at, e.learned_at
  FROM event e JOIN receiver r ON r.account_id = e.account_id AND r.dialect = 'hongxun'
 WHERE e.account_id = 47 AND e.order_id BETWEEN %(first)s AND %(last)s AND e.kind = 'outbound.shipped'
"""
"""Each order's owner was told that it left; one in ten thousand would not hear it."""


class Measured(Struct, frozen=True, kw_only=True):
    page: str
    """Its shape: `#` stands for a number."""
    bytes: int
    ms: float
    """Median, over HTTP."""
    by_login: float
    """How many log-in pages could have been answered meanwhile."""


class Report(Struct, frozen=True, kw_only=True):
    taken_at: datetime
    machine: Machine
    postgres: str
    orders: int
    rounds: int
    measured: list[Measured]
    cut: list[str]
    """Whose links did not end."""


class PageFailed(Exception):
    """A link led to a page that is not one: nothing was measured."""


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a" and (address := dict(attrs).get("href")):
            self.found.append(address)


def links(page: str, address: str) -> Iterator[str]:
    """Where a page at `address` leads to, below the same first name."""
    parser = _Links()
    parser.feed(page)
    first = address.split("/")[1]
    for one in parser.found:
        to = urldefrag(urljoin(address, one)).url
        parts = urlsplit(to)
        if not parts.netloc and parts.path.split("/")[1] == first and not NOT_FOLLOWED.search(parts.path):
            yield to


def shape(address: str) -> str:
    """Of all addresses that differ in numbers and values alone."""
    parts = urlsplit(address)
    path = re.sub(r"(?<=/)[^/]*\d[^/]*", "#", parts.path)
    names = sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)} - {"language"})
    return path + ("?" + "&".join(names) if names else "")


class Visitor:
    """Somebody logged in, on one connection."""

    def __init__(self, house: Server) -> None:
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{house.port}", timeout=60, verify=False)

    def get(self, address: str) -> tuple[httpx.Response, float]:
        started = time.perf_counter()
        answer = self._client.get(address)
        return answer, (time.perf_counter() - started) * 1_000

    def log_in(self, first: str, who: tuple[str, str], code: Callable[[], str] | None = None) -> None:
        answer = self._client.post(f"{first}/login", data={"username": who[0], "password": who[1]})
        if code is not None:
            page = self._client.get(answer.headers["location"]).text
            [word, operation] = [
                re.search(rf'name="{name}" value="([^"]+)"', page) for name in ("word", "operation_id")
            ]
            if word is None or operation is None:
                raise PageFailed(page)
            sent = {"word": word[1], "operation_id": operation[1], "code": code()}
            answer = self._client.post(f"{first}/code", data=sent)
        if answer.status_code != 303:
            raise PageFailed(f"{first}: log-in answers {answer.status_code}")

    def walk(self, first: str) -> tuple[dict[str, str], bool]:
        """One address of each shape that is a page; whether all links were followed. Errors: PageFailed."""
        begun = (first, *FORMS[first])
        found, waiting = {shape(address): address for address in begun}, deque(begun)
        while waiting:
            address = waiting.popleft()
            answer, _ = self.get(address)
            if answer.is_redirect:
                del found[shape(address)]
                continue
            if answer.status_code != 200 or not answer.headers["content-type"].startswith("text/html"):
                raise PageFailed(f"{address}: {answer.status_code} {answer.headers.get('content-type')}")
            for to in links(answer.text, address):
                if shape(to) not in found:
                    if len(found) >= PAGES_MAX:
                        return found, False
                    found[shape(to)] = to
                    waiting.append(to)
        return found, True

    def close(self) -> None:
        self._client.close()


def load(place: Ground, count: int) -> None:
    """So many orders that are through, with a line and two events each."""
    for begin in range(1, count + 1, CHUNK):
        span = {"first": begin, "last": min(begin + CHUNK - 1, count), "top": count}
        for statement in (ORDERS, LINES, EVENTS, CALLBACKS):
            place.conn.execute(statement.encode(), span)
    place.conn.execute("VACUUM (ANALYZE)")


async def furnish(house: House, waiting: int) -> Callable[[], str]:
    """Orders for the floor, a wave of some of them, and an operator; what the operator's second factor shows."""
    desk = house.desk
    site = await desk.accounts.site(ACCOUNT, WAREHOUSE)
    owner = await desk.accounts.sub_inventory(ACCOUNT, OWNER)
    for begin in range(0, waiting, TOGETHER):
        some = range(begin, min(begin + TOGETHER, waiting))
        await asyncio.gather(*(desk.orders.put(_order(number, site.id, owner.id)) for number in some))
    password_hash = await passwords.hashed(OPERATOR[1])
    async with desk.database.transaction() as tx:
        await picking.create_wave(tx, account_id=ACCOUNT, site_id=site.id, wanted=WaveFilter(), method="cluster")
        operator = await operators.add(
            tx, username=OPERATOR[0], role="operator", account_id=None, password_hash=password_hash
        )
        enrolment = await factor.enrol(tx, desk.seal, operator=operator)
        totp = pyotp.TOTP(enrolment.secret)
        await factor.confirm(tx, desk.seal, operator=operator, code=totp.at(tx.now))
        await tx.execute("UPDATE operator SET totp_step = 0 WHERE username = %(name)s", name=OPERATOR[0])
    return totp.now


def _order(number: int, site_id: SiteId, owner_id: SubInventoryId) -> PlaceOrder:
    return PlaceOrder(
        account_id=ACCOUNT,
        company_id=COMPANY,
        kind="outbound",
        dialect="birdsystem",
        type="LOCAL",
        state="allocated",
        site_id=site_id,
        sub_inventory_id=owner_id,
        lines=(NewLine(line_key="1", sku=f"BENCH-{100_000 + number % KINDS}", quantity=1),),
        recipient={"contact": "Alex Sample"},
    )


def measure(*, count: int, waiting: int, rounds: int) -> Report:
    """Errors: PageFailed."""
    with (
        Progress(console=Console(stderr=True), transient=True) as progress,
        ground() as (place, var),
        serving("--url", place.url, "--var", str(var), log=var / "server.log") as house,
    ):
        task = progress.add_task(f"{count:,} orders", total=None)
        place.stock_up()
        load(place, count)
        code = asyncio.run(_furnished(place.url, var, waiting))
        place.conn.execute("VACUUM (ANALYZE)")
        measured: list[Measured] = []
        cut: list[str] = []
        for first, login in LOGINS.items():
            visitor = Visitor(house)
            visitor.log_in(first, *((BOSS, None) if first == "/floor" else (OPERATOR, code)))
            progress.update(task, description=f"{first}: following links")
            found, whole = visitor.walk(first)
            cut += [] if whole else [first]
            for name, address in found.items():
                progress.update(task, description=address)
                measured.append(_measured(visitor, name, address, login, rounds))
            visitor.close()
        return Report(
            taken_at=datetime.now(UTC),
            machine=machine(),
            postgres=place.version,
            orders=count + waiting,
            rounds=rounds,
            measured=measured,
            cut=cut,
        )


async def _furnished(url: str, var: Path, waiting: int) -> Callable[[], str]:
    async with open_house(url=url, config=Config(database_url=url, var=var)) as house:
        return await furnish(house, waiting)


def _measured(visitor: Visitor, name: str, address: str, login: str, rounds: int) -> Measured:
    taken: list[float] = []
    beside: list[float] = []
    size = 0
    for _ in range(rounds):
        answer, ms = visitor.get(address)
        size = len(answer.content)
        taken.append(ms)
        beside.append(visitor.get(login)[1])
    return Measured(page=name, bytes=size, ms=median(taken), by_login=median(taken) / median(beside))


def show(report: Report, out: Console) -> None:
    say_machine(report.machine, out)
    out.print(f"PostgreSQL {report.postgres}; {report.orders:,} orders, one connection", markup=False)
    table = Table(caption=f"medians of {report.rounds} answers; by log-in: as a multiple of the log-in page's time")
    table.add_column("page", overflow="fold")
    for title in ("KB", "ms", "by log-in", ""):
        table.add_column(title, justify="right")
    for one in sorted(report.measured, key=lambda one: -one.ms):
        missed = one.bytes > KB_MAX * 1_000 or one.ms > MS_MAX
        table.add_row(
            one.page, f"{one.bytes / 1_000:.1f}", f"{one.ms:.1f}", f"{one.by_login:.1f}", "missed" if missed else ""
        )
    out.print(table)
    out.print(f"{len(report.measured)} pages; each is to be under {KB_MAX} KB and {MS_MAX} ms", markup=False)
    for first in report.cut:
        out.print(f"{first}: more than {PAGES_MAX} shapes of addresses, the rest was not followed", markup=False)


@app.command()
def main(
    rounds: Annotated[int, typer.Option(min=1)] = 7,
    count: Annotated[int, typer.Option("--orders", min=1, help="That are through.")] = MANY,
    waiting: Annotated[int, typer.Option(min=1, help="That wait for the floor.")] = OPEN,
    tiny: Annotated[bool, typer.Option("--tiny", help="Only see that it works.")] = False,
    results: Annotated[Path, typer.Option(help="Where the JSON goes.")] = ROOT / "bench" / "results",
) -> None:
    if tiny:
        (count, waiting), rounds = TINY, 1
    report = measure(count=count, waiting=waiting, rounds=rounds)
    publish(report, show, "pages", results)


if __name__ == "__main__":
    app()
