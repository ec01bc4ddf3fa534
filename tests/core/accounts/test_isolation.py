"""One account never sees or moves another's rows, whichever query or command it asks.

The second account has a twin of everything the first one has, under the same numbers, codes and names.
"""

import inspect
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest
from msgspec import structs, to_builtins

from crossdock.base.errors import CrossdockError, NotFound
from crossdock.base.ids import AccountId, CompanyId, EnterpriseId, ProductId, SiteId, StaffId, SubInventoryId
from crossdock.core.accounts import keys, overview
from crossdock.core.bench import commands as bench
from crossdock.core.bench import queries as bench_queries
from crossdock.core.catalog import queries as catalog
from crossdock.core.codes import commands as codes
from crossdock.core.counting import commands as counting_commands
from crossdock.core.counting import queries as counting
from crossdock.core.enterprises import commands as enterprises
from crossdock.core.enterprises import queries as enterprise_queries
from crossdock.core.events import queries as events
from crossdock.core.evidence import commands as evidence
from crossdock.core.evidence import queries as evidence_queries
from crossdock.core.film import commands as film
from crossdock.core.film import queries as film_queries
from crossdock.core.fulfilment import calling_off, paying, returns
from crossdock.core.fulfilment import commands as fulfilment
from crossdock.core.fulfilment import inbound as dock
from crossdock.core.fulfilment.calling_off import CallOff
from crossdock.core.fulfilment.inspecting import InspectedVehicle, inspect_vehicles
from crossdock.core.fulfilment.model import counted
from crossdock.core.handover import board
from crossdock.core.handover import commands as handover
from crossdock.core.handover import queries as pick_ups
from crossdock.core.handover.model import PickUpFilter
from crossdock.core.lockers import commands as lockers
from crossdock.core.lockers import keeping, watching
from crossdock.core.lockers import queries as locker_queries
from crossdock.core.lockers.model import Box
from crossdock.core.manifests import closing
from crossdock.core.manifests import commands as doors
from crossdock.core.manifests import queries as manifests
from crossdock.core.manifests.model import Loaded
from crossdock.core.notices import commands as notices
from crossdock.core.notices import queries as notice_queries
from crossdock.core.orders import commands as orders
from crossdock.core.orders import labels, pieces
from crossdock.core.orders import queries as order_queries
from crossdock.core.orders.model import Changes, Measure, NewLine, NewPiece, Order, PlaceOrder
from crossdock.core.overview import counts as overview_counts
from crossdock.core.overview import finding, inbox, listing
from crossdock.core.overview import order as order_page
from crossdock.core.overview import stock as stock_page
from crossdock.core.overview.model import ListFilter, Sight, StockFilter
from crossdock.core.packing import queries as packing_queries
from crossdock.core.packing.model import PackingFilter, PackingReport
from crossdock.core.papers import gathering
from crossdock.core.places import commands as places_commands
from crossdock.core.places import queries as places
from crossdock.core.returning import commands as back
from crossdock.core.returning import queries as coming_back
from crossdock.core.returning import strays
from crossdock.core.returning.model import Stray, Wanted
from crossdock.core.rules import commands as rules
from crossdock.core.rules import queries as rule_queries
from crossdock.core.shelving import commands as shelving_commands
from crossdock.core.shelving import queries as shelving
from crossdock.core.staff import commands as staff
from crossdock.core.staff import managing
from crossdock.core.staff import queries as people
from crossdock.core.staff.model import ActionFilter, StaffFilter
from crossdock.core.stock import commands as shelf
from crossdock.core.stock import queries as stock
from crossdock.core.tills import commands as tills
from crossdock.core.tills import queries as till_queries
from crossdock.core.tills.model import NewReceipt, ReceiptFilter
from crossdock.core.transport import commands as transport
from crossdock.core.transport import queries as transport_queries
from crossdock.core.transport import routes
from crossdock.core.transport.model import NewNode
from crossdock.core.units import plates, sscc
from crossdock.core.units import queries as unit_queries
from crossdock.core.units.model import NewPlate
from crossdock.core.uploads import commands as uploads
from crossdock.core.uploads import queries as upload_queries
from crossdock.core.uploads.model import NewRow
from tests.core.places.shelves import Shelves
from tests.world import ACCOUNT, CABINET, COMPANY, SHOP_SERVICE, WAREHOUSE, World

OTHER = AccountId(48)
SKU = "00131031"
NUMBER = "N-1"
MEASURE = Measure(weight_g=Decimal(9), length_mm=Decimal(1), width_mm=Decimal(1), height_mm=Decimal(1))
PIECE = NewPiece(serial=1, **structs.asdict(MEASURE))
KEY = "000001"
SEEN = Wanted(code="P-7001", verdict="restock")

SECOND_ACCOUNT = """
INSERT INTO account (id, code, name, zone, currency) VALUES (48, 'other', 'Other', 'UTC', 'GBP');
INSERT INTO account_company (account_id, company_id) VALUES (48, 36);
INSERT INTO site (id, account_id, kind, code, name, company_id, zone, created_at, updated_at)
VALUES (180, 48, 'warehouse', 'WH-GZ01', 'w', 36, 'UTC', now(), now()),
       (112, 48, 'shop', 'SHOP-12', 's', NULL, 'UTC', now(), now()),
       (190, 48, 'station', 'ST-01', 'l', NULL, 'UTC', now(), now());
INSERT INTO sub_inventory (id, account_id, code, name) VALUES (1000, 48, 'OWN-A', 'o');
INSERT INTO product (id, account_id, sku, name, created_at, updated_at)
VALUES (4000000, 48, '00131031', 'p', now(), now());
INSERT INTO stock (account_id, site_id, sub_inventory_id, product_id) VALUES (48, 180, 1000, 4000000);
INSERT INTO location (id, account_id, site_id, code, kind) VALUES (900, 48, 180, 'A-01-1', 'shelf');
INSERT INTO cabinet (id, account_id, site_id, number, name, online, created_at, updated_at)
VALUES (500, 48, 190, 'other-cabinet', 'c', true, now(), now());
INSERT INTO receiver (account_id, dialect, name, url, kinds)
VALUES (48, 'hongxun', 'erp', 'http://b', '{order.placed}');
"""
CAR = InspectedVehicle(vin="LDEMO1", checked_at=datetime(2024, 8, 2, tzinfo=UTC), passed=True)
TOLD = """
WITH owed AS (
    INSERT INTO callback (account_id, receiver_id, event_id, mailbox, due_at, created_at)
    SELECT 47, (SELECT id FROM receiver WHERE account_id = 47 AND dialect = 'hongxun'), min(id), 'm', now(), now()
      FROM event WHERE account_id = 47 RETURNING id)
INSERT INTO callback_attempt (callback_id, number, started_at, ended_at) SELECT id, 1, now(), now() FROM owed
"""
"""The first account's receiver was told of something."""
ON_PLATE = """
INSERT INTO receipt_scan (account_id, site_id, order_id, order_line_id, staff_id, quantity, plate, operation_id, part,
                          scanned_at, ended_at, ended)
SELECT 47, o.site_id, o.id, l.id, 31, 1, 'LPN-5', 'x', 1, now(), now(), 'booked'
  FROM orders o JOIN order_line l ON l.order_id = o.id WHERE o.id = %(order_id)s
"""
"""A piece of the first account came in on a plate."""
PACKED = PackingReport(
    account_id=ACCOUNT,
    enterprise_id=EnterpriseId(1),
    department_id=123,
    order_number="K-1",
    station="001",
    filmed_from=datetime(2024, 8, 1, tzinfo=UTC),
    filmed_to=datetime(2024, 8, 1, tzinfo=UTC),
    ordered_at=datetime(2024, 8, 1, tzinfo=UTC),
    items=(),
    dialect="x",
)


class Twins:
    """What the first account has, by the names the functions ask for."""

    def __init__(self, world: World, **ids: Any) -> None:
        self.world = world
        self.ids = ids


@pytest.fixture
async def twins(quiet_world: World) -> Twins:
    world = quiet_world
    async with world.desk.database.transaction() as tx:
        for statement in SECOND_ACCOUNT.split(";")[:-1]:
            await tx.execute(statement)
    shipped = await world.shipped(NUMBER, service=SHOP_SERVICE, reference="R-1")
    shelves = await Shelves.of(world, pieces=5)
    await shelves.move(None, "A-01-1", 2)
    await shelves.move(None, "DOCK-1", 1)
    inbound = await world.order("I-1", lines={SKU: 1}, kind="inbound", state="announced")
    draft = await world.order("D-1", lines={SKU: 1}, payment="pending")
    parcel = await world.booked("P-1")
    box = await broken_box(world)
    left = await world.parcel("L-1", "T-1")
    car = await world.car("LDEMO1")
    async with world.desk.database.transaction() as tx:
        [car_line] = await order_queries.lines(tx, account_id=ACCOUNT, order_id=car.id)
        seen = NewNode(mailno="T-1", code="80", happened_at=tx.now)
        [node] = await routes.pass_nodes(tx, account_ids=[ACCOUNT], nodes=[seen], effects={})
    async with world.desk.database.transaction() as tx:
        await tx.execute(TOLD)
        assert shipped.pick_up is not None
        at_shop: dict[str, Any] = {"account_id": ACCOUNT, "site_id": SiteId(12), "staff_id": StaffId(31)}
        await handover.prepare(tx, **at_shop, handover_id=shipped.pick_up.id, operation_id="op-1")
        await paying.refund(tx, account_id=ACCOUNT, order_id=shipped.order.id, reference="R-1", amount=Decimal(1))
        [line] = await order_queries.lines(tx, account_id=ACCOUNT, order_id=draft.id)
        piece = await pieces.add(tx, account_id=ACCOUNT, order_id=draft.id, piece=PIECE)
        upload: dict[str, Any] = {"account_id": ACCOUNT, "company_id": COMPANY, "dialect": "x", "actor": "x"}
        rows = await uploads.keep(tx, **upload, rows=[NewRow(type="LOCAL", fields={})])
        plate = NewPlate(code="LPN-1", sku=SKU, quantity=1, members={})
        batch: dict[str, Any] = {"source_number": "I-1", "batch_key": "B-1", "content_hash": b""}
        await plates.announce(tx, account_id=ACCOUNT, **batch, plates=[plate])
        await film.hold(tx, account_id=ACCOUNT, order_id=shipped.order.id, reason="claim", actor="x")
        await tx.execute(ON_PLATE, order_id=inbound.id)
        [heap] = await places.to_put_away(tx, account_id=ACCOUNT, site_id=WAREHOUSE, limit=1)
        on_floor: dict[str, Any] = {"account_id": ACCOUNT, "site_id": WAREHOUSE, "staff_id": StaffId(31)}
        count = await counting_commands.begin(tx, **on_floor, location_code="A-01-1")
        await counting_commands.scan(tx, **on_floor, count_id=count.id, code=SKU, operation_id="op-1")
        [pallet] = await sscc.hand_out(tx, account_id=ACCOUNT, site_id=WAREHOUSE)
        task = await uploads.start(tx, **upload, job="x", type_="LOCAL", row_ids=rows)
    await world.stock("P-7001", 1)
    packed = await world.order("B-1", lines={"P-7001": 1}, state="allocated")
    async with world.desk.database.transaction() as tx:
        here: dict[str, Any] = {"account_id": ACCOUNT, "site_id": WAREHOUSE, "staff_id": StaffId(52)}
        await fulfilment.start_picking(tx, account_id=ACCOUNT, order_id=packed.id)
        at_bench = await bench.open_packing(tx, **here, bench="123/001", code="B-1", operation_id="op-2")
    gone, loaded = [await on_manifest(world, number) for number in ("M-1", "M-2")]
    returned, stray = await come_back(world)
    theirs = await world.desk.orders.put(
        PlaceOrder(
            account_id=OTHER,
            company_id=COMPANY,
            kind="outbound",
            number=NUMBER,
            dialect="birdsystem",
            type="LOCAL",
            state="draft",
            site_id=SiteId(180),
            sub_inventory_id=SubInventoryId(1000),
            reference="R-1",
            lines=(NewLine(line_key="1", sku=SKU, quantity=1),),
        )
    )
    await world.desk.packings.put(PACKED)
    [(packing_id,)] = await world.rows("SELECT id FROM packing")
    [(key_id,)] = await world.rows("SELECT id FROM credential WHERE dialect = 'bestwond'")
    assert shipped.pick_up is not None
    return Twins(
        world,
        shipped=shipped.order,
        packing=packing_id,
        key=key_id,
        pick_up=shipped.pick_up,
        inbound=inbound,
        draft=draft,
        parcel=parcel,
        box=box,
        theirs=theirs.order,
        task=task,
        row=rows[0],
        line=line,
        piece=piece,
        left=left,
        car=car,
        car_line=car_line,
        pallet=pallet,
        node=node,
        shelves=shelves,
        at_bench=at_bench,
        heap=heap,
        count=count,
        gone=gone,
        loaded=loaded,
        returned=returned,
        stray=stray,
    )


async def broken_box(world: World) -> Box:
    """One that was asked to open once."""
    async with world.desk.database.transaction() as tx:
        door: dict[str, Any] = {"cabinet": CABINET, "lock_address": "0109", "use_type": "O"}
        _, box = await lockers.ask_open(tx, account_id=ACCOUNT, **door, asked_by="x", dialect="x")
        at: dict[str, Any] = {"cabinet_id": box.cabinet_id, "box_id": box.id}
        await watching.mark_broken(tx, account_id=ACCOUNT, **at, reason="x", actor="x")
    return box


async def come_back(world: World) -> tuple[Order, Stray]:
    """A return that somebody has begun to look into, and goods without one."""
    order = await world.order("B-1", kind="return", type="RETURN", lines={"P-7001": 1})
    where: dict[str, Any] = {"account_id": ACCOUNT, "site_id": WAREHOUSE, "staff_id": StaffId(52)}
    async with world.desk.database.transaction() as tx:
        await orders.submit(tx, account_id=ACCOUNT, order_id=order.id, dialect="x", actor="x")
        await back.receive(tx, **where, actor="x", order_id=order.id, operation_id="B-1")
        await back.inspect(tx, **where, actor="x", order_id=order.id, wanted=SEEN, operation_id="B-2")
        stray = await strays.note(tx, **where, code="x", what="a lamp", operation_id="B-3")
    return order, stray


async def on_manifest(world: World, number: str) -> Loaded:
    """A packed order on a manifest; M-1 has left with it."""
    await world.stock("P-7001", 1)
    order = await world.order(number, lines={"P-7001": 1}, state="allocated")
    place: dict[str, Any] = {"account_id": ACCOUNT, "site_id": WAREHOUSE, "staff_id": StaffId(52)}
    async with world.desk.database.transaction() as tx:
        for step in (fulfilment.start_picking, fulfilment.start_packing, fulfilment.finish_packing):
            await step(tx, account_id=ACCOUNT, order_id=order.id)
        loaded = await doors.load(tx, **place, code=number, operation_id=number)
    if number == "M-1":
        await closing.close(world.desk.database, **place, actor="x", manifest_id=loaded.manifest_id)
    return loaded


def questions(twins: Twins) -> dict[Callable[..., Awaitable[Any]], list[dict[str, Any]]]:
    """Each query, asked for the first account's rows."""
    shipped, pick_up = twins.ids["shipped"], twins.ids["pick_up"]
    at_shop = {"site_id": SiteId(12)}
    floor, shelf_id = {"site_id": WAREHOUSE}, twins.ids["shelves"].ids["A-01-1"]
    at_bench = twins.ids["at_bench"]
    return {
        overview.accounts: [{"limit": 10}],
        overview.account: [{}],
        overview.keys: [{"limit": 10}, {"dialect": "hongxun", "limit": 10}],
        overview.sites: [{"limit": 10}],
        overview.services: [{"limit": 10}],
        keys.keys_of: [{}],
        keys.opened: [{"seal": twins.world.desk.seal, "dialect": "bestwond", "limit": 10}],
        keys.key: [{"credential_id": twins.ids["key"]}],
        order_queries.order: [{"order_id": shipped.id}],
        order_queries.order_by_number: [{"kind": "inbound", "number": "I-1"}],
        order_queries.orders_by_number: [{"kinds": ["inbound", "outbound"], "number": "I-1"}],
        order_queries.orders_of_reference: [{"company_id": COMPANY, "reference": "R-1"}],
        order_queries.lines: [{"order_id": shipped.id}],
        order_queries.line: [{"line_id": twins.ids["line"].id}],
        order_queries.lines_of: [{"order_ids": [shipped.id]}],
        order_queries.search: [{"limit": None}, {"company_id": CompanyId(36), "limit": 10}],
        order_queries.search_with_goods: [{"company_id": COMPANY, "limit": None}],
        catalog.product: [{"product_id": 2989068}],
        catalog.products: [{"ids": [2989068, 2989352]}],
        catalog.search: [{"company_id": COMPANY, "limit": None}],
        catalog.products_by_sku: [{"skus": ["P-7001", SKU]}],
        stock.stock_rows: [{"limit": 10}, {"limit": 10, "site_codes": ["WH-GZ01"], "skus": [SKU]}],
        places.location_by_code: [{**floor, "code": "A-01-1"}],
        places.location_by_id: [{**floor, "location_id": shelf_id}],
        places.locations: [floor],
        places.where: [{**floor, "product_id": 2989068}, {**floor, "stock_ids": [twins.ids["shelves"].stock_id]}],
        places.contents: [{**floor, "location_id": shelf_id}],
        places.first_empty: [{**floor, "kind": "shelf"}],
        places.to_put_away: [{**floor, "limit": 10}],
        places.first_home: [{**floor, "stock_id": twins.ids["shelves"].stock_id, "kinds": ["shelf"]}],
        counting.count: [{**floor, "count_id": twins.ids["count"].id}],
        counting.open_counts: [floor],
        counting.scans: [{**floor, "count_id": twins.ids["count"].id}],
        counting.compared: [{**floor, "count_id": twins.ids["count"].id}],
        shelving.waiting: [{**floor, "code": SKU}],
        shelving.heap: [{**floor, "stock_id": twins.ids["shelves"].stock_id, "location_id": shelf_id}],
        shelving.lying: [{**floor, "location_id": shelf_id, "code": SKU}],
        shelving.plate: [{**floor, "code": "LPN-5"}],
        shelving.advised: [{**floor, "heap": twins.ids["heap"]}],
        labels.by_label: [{"kinds": ["outbound"], "code": "T-1"}, {"kinds": ["outbound"], "code": NUMBER}],
        manifests.manifest: [{**floor, "manifest_id": twins.ids["loaded"].manifest_id}],
        manifests.manifests: [{**floor, "limit": 10}],
        manifests.parcels: [{**floor, "manifest_id": twins.ids["loaded"].manifest_id, "limit": 10}],
        coming_back.return_of: [{**floor, "code": "B-1"}],
        coming_back.inspection: [{**floor, "order_id": twins.ids["returned"].id}],
        coming_back.strays: [{**floor, "limit": 10}],
        coming_back.stray: [{**floor, "stray_id": twins.ids["stray"].id}],
        events.timeline: [{"order_id": shipped.id}],
        events.receiver: [{"dialect": "hongxun", "name": "erp"}],
        events.receivers: [{"dialect": "hongxun"}],
        events.tries: [{"dialect": "hongxun", "since": datetime(2000, 1, 1, tzinfo=UTC), "limit": None}],
        transport_queries.of_order: [{"order_id": twins.ids["left"].id}],
        transport_queries.of_leg: [{"leg_id": twins.ids["left"].id}],
        transport_queries.nodes: [{"waybill_ids": [twins.ids["node"].waybill_id]}],
        plates.of_sources: [{"source_numbers": ["I-1"]}],
        unit_queries.of_order: [{"order_id": twins.ids["car"].id}],
        unit_queries.named: [{"product_ids": [twins.ids["car_line"].product_id], "codes": ["LDEMO1"]}],
        unit_queries.vehicles: [{"start": 0, "limit": 10}, {"vin": "LDEMO1", "start": 0, "limit": 10}],
        upload_queries.task: [{"company_id": COMPANY, "task_id": twins.ids["task"].id}],
        locker_queries.cabinet: [{"number": CABINET}],
        locker_queries.cabinets: [{}],
        locker_queries.parcel_by_number: [{"number": "P-1"}],
        watching.cabinets: [{"limit": 10}],
        watching.cabinet: [{"cabinet_id": twins.ids["box"].cabinet_id}],
        watching.compartments: [{"cabinet_id": twins.ids["box"].cabinet_id, "limit": 10}],
        watching.compartment: [{"cabinet_id": twins.ids["box"].cabinet_id, "box_id": twins.ids["box"].id}],
        watching.tasks: [{"box_id": twins.ids["box"].id, "limit": 10}],
        watching.warnings: [{"cabinet_id": twins.ids["box"].cabinet_id, "limit": 10}],
        rule_queries.places: [{"limit": 10}],
        rule_queries.place: [floor],
        pick_ups.search: [{**at_shop, "filter": PickUpFilter(), "start": 0, "limit": 10}],
        pick_ups.pick_up: [{**at_shop, "handover_id": pick_up.id}],
        pick_ups.check: [{**at_shop, "key": pick_up.key}],
        pick_ups.behind_key: [{**at_shop, "key": pick_up.key}],
        pick_ups.behind: [{**at_shop, "handover_id": pick_up.id}],
        pick_ups.newest_of_order: [{"order_id": shipped.id}],
        board.listed: [{**at_shop, "zone": "UTC", "which": "aside", "limit": 10}],
        board.searched: [{**at_shop, "text": NUMBER, "limit": 10}],
        board.of_number: [{**at_shop, "number": NUMBER}],
        pick_ups.of_order: [{"order_id": shipped.id}],
        paying.payments: [{"order_id": shipped.id}],
        staff.action_of: [{"site_id": SiteId(12), "operation_id": "op-1"}],
        bench_queries.order_of: [{**floor, "code": "B-1"}],
        bench_queries.open_at: [{**floor, "bench": "123/001"}],
        bench_queries.packing: [{**floor, "packing_id": at_bench.id}],
        bench_queries.bench: [{**floor, "packing_id": at_bench.id}],
        bench_queries.parcel: [{**floor, "packing_id": at_bench.id, "cartons": ()}],
        bench_queries.lines: [{"order_id": at_bench.order_id, "packing_id": at_bench.id}],
        bench_queries.of_order: [{"order_id": at_bench.order_id}],
        film_queries.holds_of_order: [{"order_id": shipped.id}],
        film_queries.cameras_of_places: [{"department_ids": [123]}],
        film_queries.cameras_of_packings: [{"packing_ids": [twins.ids["packing"]]}],
        evidence_queries.evidence: [{"order_id": shipped.id}, {"order_id": twins.ids["left"].id}],
        order_page.sheet: [{"order_id": shipped.id, "limit": 10}],
        order_page.lines: [{"order_id": shipped.id, "limit": 10}],
        order_page.moves: [{"order_id": shipped.id, "limit": 10}],
        order_page.parcels: [{"order_id": twins.ids["left"].id, "limit": 10}],
        order_page.callbacks: [{"order_id": shipped.id, "limit": 10}],
        order_page.timeline: [{"order_id": shipped.id, "limit": 10}],
        order_page.here: [{"number": "I-1"}],
        stock_page.sheet: [{**floor, "stock_id": twins.ids["shelves"].stock_id, "limit": 10}],
    }


def looks(twins: Twins) -> list[tuple[Callable[..., Awaitable[Any]], dict[str, Any]]]:
    """What is asked for the accounts that somebody sees, and would find the first account's rows."""
    return [
        (finding.orders, {"text": str(twins.ids["shipped"].id)}),
        (finding.orders, {"text": NUMBER}),
        (finding.orders, {"text": "R-1"}),
        (finding.orders, {"text": "T-1"}),
        (finding.orders, {"text": "LDEMO1"}),
        (finding.orders, {"text": "LPN-1"}),
        (finding.products, {"text": SKU}),
        (listing.orders, {"wanted": ListFilter(), "limit": 10}),
        (listing.orders, {"wanted": ListFilter(state="draft"), "limit": 10}),
        (stock_page.buckets, {"wanted": StockFilter(), "limit": 10}),
        (stock_page.buckets, {"wanted": StockFilter(product_ids=[ProductId(2989068)]), "limit": 10}),
    ]


def asked_modules() -> list[ModuleType]:
    return [
        overview,
        order_queries,
        labels,
        catalog,
        stock,
        places,
        shelving,
        counting,
        manifests,
        coming_back,
        events,
        locker_queries,
        watching,
        rule_queries,
        pick_ups,
        board,
        bench_queries,
        transport_queries,
        unit_queries,
        upload_queries,
        film_queries,
        evidence_queries,
        order_page,
        stock_page,
    ]


async def test_every_query_of_an_accounts_rows_is_asked_here(twins: Twins) -> None:
    known = {
        *questions(twins),
        watching.mark_broken,
        watching.mark_sound,
        events.wanted,
        stock.on_hand,
        stock.by_company,
        catalog.arriving,
        board.counts,
        order_page.last_event,
        bench_queries.ready,
        bench_queries.station,
        bench_queries.stations,
        bench_queries.serials_of_order,
        places.heaps_at_docks,
        manifests.destinations,
        manifests.ready,
        coming_back.returning,
        coming_back.here,
    }  # answers with no rows, see below
    for module in asked_modules():
        for name, function in inspect.getmembers(module, inspect.iscoroutinefunction):
            if function.__module__ == module.__name__ and "account_id" in inspect.signature(function).parameters:
                assert function in known, f"{module.__name__}.{name}"


async def test_no_query_shows_another_accounts_rows(twins: Twins) -> None:
    for query, asked in questions(twins).items():
        for given in asked:
            mine = await answered(twins, query, account_id=ACCOUNT, **given)
            assert accounts_in(mine) <= {ACCOUNT}, query
            assert not empty(mine), f"{query.__name__} must find the first account's, or this test proves nothing"
            theirs = await answered(twins, query, account_id=OTHER, **given)
            assert ACCOUNT not in accounts_in(theirs), query
            assert not shared(mine, theirs), query


async def test_who_sees_one_account_finds_nothing_of_another(twins: Twins) -> None:
    for look, asked in looks(twins):
        mine = await answered(twins, look, sight=Sight(account_ids=[ACCOUNT]), **asked)
        assert accounts_in(mine) == {ACCOUNT}, (look, asked)
        theirs = await answered(twins, look, sight=Sight(account_ids=[OTHER]), **asked)
        assert ACCOUNT not in accounts_in(theirs), (look, asked)
        nobodys = await answered(twins, look, sight=Sight(account_ids=[]), **asked)
        assert accounts_in(nobodys) == set(), (look, asked)


async def test_who_sees_one_place_finds_nothing_of_another(twins: Twins) -> None:
    elsewhere = Sight(account_ids=[ACCOUNT], site_id=SiteId(12))
    for look, asked in looks(twins):
        if look is not finding.products:
            assert accounts_in(await answered(twins, look, sight=elsewhere, **asked)) == set(), (look, asked)


async def test_nobody_counts_or_hears_of_another_accounts_orders(twins: Twins) -> None:
    await twins.world.rows("UPDATE orders SET state = 'held' WHERE number = 'D-1' RETURNING 1")
    mine, theirs = Sight(account_ids=[ACCOUNT]), Sight(account_ids=[OTHER])
    assert (await done(twins, overview_counts.orders, sight=mine, days=[0]))[0].total.number == 1
    assert await done(twins, overview_counts.orders, sight=theirs, days=[0]) == []
    assert (await done(twins, overview_counts.cabinets, sight=theirs)).cabinets == 1
    assert (await done(twins, overview_counts.receivers, sight=theirs)).waiting == 1
    [held] = await done(twins, inbox.waiting, sight=mine, kinds=["held"])
    assert await done(twins, inbox.waiting, sight=theirs, kinds=["held"]) == []
    for sight, account_id in ((theirs, ACCOUNT), (theirs, OTHER), (mine, OTHER)):
        assert await answered(twins, inbox.one, sight=sight, account_id=account_id, key=held.key) is None
    shipped = twins.ids["shipped"]
    assert await done(twins, order_page.last_event, account_id=ACCOUNT, order_id=shipped.id) > 0
    assert await done(twins, order_page.last_event, account_id=OTHER, order_id=shipped.id) == 0


async def test_nobody_listens_for_another_account(twins: Twins) -> None:
    kinds = ["outbound.shipped", "order.placed"]
    assert await done(twins, events.wanted, account_id=ACCOUNT, kinds=kinds) == {"outbound.shipped"}
    assert await done(twins, events.wanted, account_id=OTHER, kinds=kinds) == {"order.placed"}


async def test_nobody_counts_another_accounts_parcels_at_a_counter(twins: Twins) -> None:
    place: dict[str, Any] = {"site_id": twins.ids["pick_up"].site_id, "zone": "UTC"}
    assert (await done(twins, board.counts, account_id=ACCOUNT, **place)).aside == 1
    assert (await done(twins, board.counts, account_id=OTHER, **place)).aside == 0


async def test_nobody_counts_what_another_account_ships(twins: Twins) -> None:
    place: dict[str, Any] = {"site_id": WAREHOUSE}
    assert await done(twins, manifests.ready, account_id=ACCOUNT, **place) == 1
    assert [
        one.parcels for one in await done(twins, manifests.destinations, account_id=ACCOUNT, **place, limit=9)
    ] == [1]
    for site_id in (WAREHOUSE, SiteId(180)):
        assert await done(twins, manifests.ready, account_id=OTHER, site_id=site_id) == 0
        assert await done(twins, manifests.destinations, account_id=OTHER, site_id=site_id, limit=9) == []


async def test_nobody_counts_what_comes_back_to_another_account(twins: Twins) -> None:
    place: dict[str, Any] = {"site_id": WAREHOUSE}
    assert await done(twins, coming_back.here, account_id=ACCOUNT, **place) == 1
    assert [one.number for one in await done(twins, coming_back.returning, account_id=ACCOUNT, **place, limit=9)] == [
        "B-1"
    ]
    for site_id in (WAREHOUSE, SiteId(180)):
        assert await done(twins, coming_back.here, account_id=OTHER, site_id=site_id) == 0
        assert await done(twins, coming_back.returning, account_id=OTHER, site_id=site_id, limit=9) == []


async def test_nobody_counts_another_accounts_pieces(twins: Twins) -> None:
    assert await done(twins, stock.on_hand, account_id=ACCOUNT, product_ids=[2989068, 4000000]) == {2989068: 5}
    assert await done(twins, stock.on_hand, account_id=OTHER, product_ids=[2989068, 4000000]) == {4000000: 0}


async def test_nobody_counts_what_lies_at_another_accounts_dock(twins: Twins) -> None:
    dock: dict[str, Any] = {"site_id": WAREHOUSE, "most": 9}
    assert await done(twins, places.heaps_at_docks, account_id=ACCOUNT, **dock) == 1
    assert await done(twins, places.heaps_at_docks, account_id=OTHER, **dock) == 0


async def test_nobody_counts_another_accounts_stock_by_company(twins: Twins) -> None:
    both: dict[str, Any] = {"product_ids": [2989068, 4000000]}
    for by_site in (False, True):
        mine = await done(twins, stock.by_company, account_id=ACCOUNT, **both, by_site=by_site)
        assert {row.product_id for row in mine} == {2989068}
        theirs = await done(twins, stock.by_company, account_id=OTHER, **both, by_site=by_site)
        assert 2989068 not in {row.product_id for row in theirs}


async def test_nobody_sees_which_parcels_of_another_account_are_late(twins: Twins) -> None:
    await twins.world.rows(
        "UPDATE handover SET state = 'stored', box_id = (SELECT min(id) FROM box), stored_at = created_at"
        " WHERE order_number = 'P-1' RETURNING 1"
    )
    await twins.world.rows(
        "INSERT INTO locker_policy (account_id, name, keep_h) VALUES (47, 'x', 1), (48, 'x', 1) RETURNING 1"
    )
    twins.world.clock.advance(timedelta(hours=1))
    assert [kept.number for _, kept in await done(twins, keeping.overdue, account_id=ACCOUNT)] == ["P-1"]
    assert await done(twins, keeping.overdue, account_id=OTHER) == []


async def test_nobody_hears_what_comes_in_for_another_account(twins: Twins) -> None:
    assert await done(twins, catalog.arriving, account_id=ACCOUNT, product_ids=[2989068, 4000000]) == {2989068: 1}
    assert await done(twins, catalog.arriving, account_id=OTHER, product_ids=[2989068, 4000000]) == {}


async def test_nobody_tells_of_another_accounts_parcel_or_sees_who_was_told(twins: Twins) -> None:
    told: dict[str, Any] = {"handover_id": twins.ids["pick_up"].id}
    until = twins.world.clock.now()
    await twins.world.rows("DELETE FROM notice RETURNING 1")
    await done(twins, notices.ready, account_id=OTHER, **told)
    await done(twins, notices.remind, account_id=OTHER, **told, until=until)
    assert await twins.world.rows("SELECT 1 FROM notice") == []
    await done(twins, notices.ready, account_id=ACCOUNT, **told)
    await done(twins, notices.remind, account_id=ACCOUNT, **told, until=until)
    async with twins.world.desk.database.transaction() as tx:
        mine = await notice_queries.list_notices(tx, notice_queries.only(account_id=ACCOUNT))
        theirs = await notice_queries.list_notices(tx, notice_queries.only(account_id=OTHER))
        assert await notice_queries.count_by_state(tx, notice_queries.only(account_id=OTHER)) == {}
    assert ([one.kind for one in mine], theirs) == (["reminder", "ready"], [])


async def test_no_command_moves_another_accounts_rows(twins: Twins) -> None:
    ids, pick_up, shipped = twins.ids, twins.ids["pick_up"], twins.ids["shipped"]
    by = {"dialect": "x", "actor": "x"}
    at_shop = {"site_id": SiteId(12), "staff_id": StaffId(31)}
    asked = {"cabinet": CABINET, "asked_by": "x", "dialect": "x"}
    upload = {"company_id": COMPANY, "job": "x", "type_": "LOCAL", "row_ids": [ids["row"]]}
    in_box = {"cabinet_id": ids["box"].cabinet_id, "box_id": ids["box"].id}
    shelves, floor, one = ids["shelves"], {"site_id": WAREHOUSE}, {"quantity": 1, "cause": "x"}
    at_bench = {**floor, "staff_id": StaffId(52)}
    packing = {**floor, "packing_id": ids["at_bench"].id}
    by_hand = {**floor, "staff_id": StaffId(52), "operation_id": "op-9"}
    shift = {"stock_id": shelves.stock_id, "from_location_id": None, "to_location_id": shelves.ids["A-01-1"], **one}
    put_away = {**floor, "stock_id": shelves.stock_id, "from_location_id": None, "quantity": 1}
    tapped = {"staff_id": StaffId(31), "operation_id": "x"}
    to_shelf = {**tapped, "location_code": "A-01-2"}
    count = {**floor, "count_id": ids["count"].id}
    adjusted = {"stock_id": shelves.stock_id, "location_id": None, "quantity": 1, "reason": "found"}
    goods = {"code": SKU, "lot": "", "condition": "good", "owner": "OWN-A"}
    brought = {**goods, "location_id": shelves.ids["A-01-1"], "quantity": 1, "reason": "found"}
    attempts: list[tuple[Callable[..., Awaitable[Any]], dict[str, Any]]] = [
        (keys.revoke, {"credential_id": ids["key"]}),
        (keys.rotate, {"seal": twins.world.desk.seal, "credential_id": ids["key"], "overlap_h": 0}),
        (uploads.start, {**upload, **by}),
        (places_commands.move, {**floor, **shift}),
        (places_commands.adjust, {**floor, "stock_id": shelves.stock_id, "location_id": None, **one}),
        (shelving_commands.put_away, {**put_away, **to_shelf}),
        (shelving_commands.move, {**put_away, **to_shelf, "from_location_id": shelves.ids["A-01-1"]}),
        (shelving_commands.put_plate_away, {**floor, **to_shelf, "plate_code": "LPN-5"}),
        (counting_commands.begin, {**floor, "location_code": "A-01-2", "staff_id": StaffId(31)}),
        (counting_commands.scan, {**count, **tapped, "code": SKU}),
        (counting_commands.take_back, {**count, "scan_id": 1}),
        (counting_commands.again, {**count, "seen_round": 1}),
        (counting_commands.leave, count),
        (counting_commands.book, {**count, **tapped, "seen": "", "reasons": {}, "manager": True}),
        (counting_commands.adjust, {**floor, **tapped, **adjusted}),
        (counting_commands.bring_in, {**floor, **tapped, **brought}),
        (places_commands.close_location, {**floor, "location_id": shelves.ids["B-01-1"]}),
        (places_commands.open_location, {**floor, "code": "A-01-1", "kind": "shelf"}),
        (dock.reject_inbound, {"order_id": ids["inbound"].id, "reason": "", **by}),
        (orders.add_line, {"order_id": ids["draft"].id, "line": NewLine(line_key="9", sku=SKU, quantity=1), **by}),
        (orders.submit, {"order_id": ids["draft"].id, **by}),
        (orders.cancel, {"order_id": ids["draft"].id, **by}),
        (orders.cancel_all, {"order_ids": [ids["draft"].id], **by}),
        (orders.submit_all, {"order_ids": [ids["draft"].id], **by}),
        (orders.delete, {"order_id": ids["draft"].id, **by}),
        (orders.put_on_hold, {"order_id": ids["draft"].id, "reason": "", **by}),
        (orders.release, {"order_id": ids["draft"].id, **by}),
        (orders.update, {"order_id": ids["draft"].id, "changes": Changes(reference="x"), **by}),
        (orders.change_line, {"line": ids["line"], "quantity": 9}),
        (orders.remove_line, {"line": ids["line"]}),
        (orders.fix_measure, {"order_id": ids["draft"].id, "measure": MEASURE, "weight_above_g": Decimal(0), **by}),
        (pieces.add, {"order_id": ids["draft"].id, "piece": structs.replace(PIECE, serial=2)}),
        (pieces.change, {"piece_id": ids["piece"].id, "piece": structs.replace(PIECE, serial=2)}),
        (returns.receive_return, {"order_id": ids["draft"].id, **by}),
        (returns.finish_return, {"order_id": ids["draft"].id, **by}),
        (fulfilment.print_label, {"order_id": ids["draft"].id, **by}),
        (fulfilment.confirm, {"order_id": ids["draft"].id, **by}),
        (fulfilment.release_to_floor, {"order_id": ids["draft"].id, **by}),
        (dock.receive, {"order_id": ids["inbound"].id, "receipts": counted({"1": 1}), **by}),
        (dock.close_inbound, {"order_id": ids["inbound"].id, **by}),
        (fulfilment.start_picking, {"order_id": ids["draft"].id, **by}),
        (fulfilment.start_packing, {"order_id": ids["draft"].id, **by}),
        (fulfilment.finish_packing, {"order_id": ids["draft"].id, **by}),
        (fulfilment.ship, {"order_id": ids["draft"].id, **by}),
        (fulfilment.close_outbound, {"order_id": ids["draft"].id, **by}),
        (calling_off.call_off, {"wanted": CallOff(number=ids["draft"].number, content_hash=b""), **by}),
        (calling_off.decide, {"request_id": 1, "granted": True, **by}),
        (inspect_vehicles, {"order_id": ids["draft"].id, "vehicles": [CAR], **by}),
        (transport.dispatch, {"order_id": ids["draft"].id, **by}),
        (paying.pay, {"order_id": ids["draft"].id, "reference": "T-2"}),
        (paying.refund, {"order_id": ids["draft"].id, "reference": "R-2"}),
        (handover.prepare, {"handover_id": pick_up.id, **at_shop}),
        (handover.consume, {"key": pick_up.key, **at_shop}),
        (handover.roll_back, {"key": pick_up.key, **at_shop}),
        (lockers.book, {"cabinet": CABINET, "order_number": "P-2", "box_size": "S", "claimed_by": "x", **by}),
        (lockers.delete_parcel, {"id": ids["parcel"].id, "believed": "booked"}),
        (lockers.delete_parcel, {"number": "P-1", "believed": "booked"}),
        (rules.set_rule, {**floor, "name": "film_days", "was": None, "value": 1}),
        (watching.mark_broken, {**in_box, "reason": "x", "actor": "x"}),
        (watching.mark_sound, {**in_box, "actor": "x"}),
        (lockers.ask_open, {"lock_address": "0105", "use_type": "S", **asked}),
        (lockers.ask_state, {"cabinet": CABINET, "lock_address": "0105"}),
        (lockers.ask_store, {"save_code": ids["parcel"].save_code, "box_size": "S", **asked}),
        (lockers.ask_take, {"key": ids["parcel"].key, **asked}),
        (lockers.ask_take_by_number, {"number": "P-1", **asked}),
        (keeping.remind, {"number": "P-1", "actor": "x"}),
        (keeping.extend, {"number": "P-1", "actor": "x"}),
        (keeping.recall, {"number": "P-1", "return_id": None, "actor": "x"}),
        (keeping.recalled, {"number": "P-1"}),
        (film.hold, {"order_id": ids["draft"].id, "reason": "", "actor": "x"}),
        (bench.open_packing, {"bench": "/1", "code": "B-1", "operation_id": "op-3", **at_bench}),
        (bench.scan, {"code": "P-7001", "operation_id": "op-3", **packing}),
        (bench.acknowledge, packing),
        (bench.undo, {"operation_id": "op-3", **packing, **at_bench}),
        (bench.put_aside, {**packing, **at_bench}),
        (bench.weigh, {"weight_g": None, "box": "", "cartons": (), **packing, **at_bench}),
        (sscc.hand_out, {"site_id": WAREHOUSE}),
        (sscc.plates, {"codes": [ids["pallet"]]}),
        (sscc.batch, {"code": ids["pallet"]}),
        (gathering.plate_labels, {"codes": [ids["pallet"]]}),
        (back.receive, {**by_hand, "actor": "x", "order_id": ids["returned"].id}),
        (back.inspect, {**by_hand, "actor": "x", "order_id": ids["returned"].id, "wanted": SEEN}),
        (back.take_back, {**floor, "order_id": ids["returned"].id, "piece_id": 1}),
        (back.ask_owner, {**floor, "actor": "x", "order_id": ids["returned"].id, "question": "x"}),
        (back.finish, {**by_hand, "actor": "x", "order_id": ids["returned"].id, "reason": "x"}),
        (strays.settle, {**by_hand, "stray_id": ids["stray"].id, "settlement": "x"}),
        (gathering.manifest, {"manifest_id": ids["loaded"].manifest_id}),
        (doors.load, {**by_hand, "code": "M-2"}),
        (doors.load, {**by_hand, "code": NUMBER, "manifest_id": ids["loaded"].manifest_id}),
        (doors.unload, {**by_hand, "manifest_id": ids["loaded"].manifest_id, "order_id": ids["draft"].id}),
        (closing.begin, {**floor, "staff_id": StaffId(52), "manifest_id": ids["loaded"].manifest_id}),
        (closing.send_off, {"manifest_id": ids["loaded"].manifest_id, "order_id": ids["draft"].id, "actor": "x"}),
        (closing.finish, {**floor, "staff_id": StaffId(52), "manifest_id": ids["loaded"].manifest_id}),
        (gathering.parcel_label, {"order_id": shipped.id}),
        (gathering.packing_slip, {"order_id": shipped.id}),
        (gathering.delivery_note, {"order_id": shipped.id}),
        (gathering.product_label, {"product_id": 2989352}),
        (film.release, {"order_id": shipped.id, "actor": "x"}),
        (evidence.note_address, {"order_id": shipped.id, "expires": datetime(2030, 1, 1, tzinfo=UTC), "actor": "x"}),
        (evidence.note_bundle, {"order_id": shipped.id, "manifest_sha256": "", "actor": "x"}),
    ]
    before = await everything(twins)
    for command, given in attempts:
        with pytest.raises(CrossdockError):
            await done(twins, command, account_id=OTHER, **given)
        assert await everything(twins) == before, command


async def test_nobody_ends_the_code_or_moves_the_goods_of_another_account(twins: Twins) -> None:
    """Neither is refused: there is nothing of theirs to do."""
    before = await everything(twins)
    shipped = twins.ids["shipped"]
    assert await done(twins, codes.cancel, account_id=OTHER, order_id=shipped.id) == 0
    moves: dict[str, Any] = {"order_id": shipped.id, "cause": f"ship:{shipped.id}:1", "undo": "x"}
    assert await done(twins, shelf.undo, account_id=OTHER, **moves) == set()
    assert await everything(twins) == before
    assert await done(twins, codes.cancel, account_id=ACCOUNT, order_id=shipped.id) == 1
    assert len(await done(twins, shelf.undo, account_id=ACCOUNT, **moves)) == 1


async def test_nobody_sees_what_of_another_account_waits_for_a_bench_or_lies_in_its_parcels(twins: Twins) -> None:
    at_bench, floor = twins.ids["at_bench"], {"site_id": WAREHOUSE}
    await done(
        twins,
        bench.scan,
        account_id=ACCOUNT,
        **floor,
        packing_id=at_bench.id,
        code="P-7001",
        operation_id="op-4",
        serial="SN-1",
    )
    serials: dict[str, Any] = {"order_id": at_bench.order_id}
    assert await done(twins, bench_queries.serials_of_order, account_id=ACCOUNT, **serials) == {"1": ["SN-1"]}
    assert await done(twins, bench_queries.serials_of_order, account_id=OTHER, **serials) == {}
    await twins.world.stock("P-7001", 1)
    order = await twins.world.order("B-2", lines={"P-7001": 1}, state="allocated")
    await done(twins, fulfilment.start_picking, account_id=ACCOUNT, order_id=order.id)
    assert [one.key for one in await done(twins, bench_queries.stations, account_id=ACCOUNT, **floor)] == ["123/001"]
    assert await done(twins, bench_queries.stations, account_id=OTHER, **floor) == []
    with pytest.raises(NotFound):
        await done(twins, bench_queries.station, account_id=OTHER, **floor, bench="123/001")
    assert [one.number for one in await done(twins, bench_queries.ready, account_id=ACCOUNT, **floor)] == ["B-2"]
    assert await done(twins, bench_queries.ready, account_id=OTHER, **floor) == []


async def test_no_manager_of_another_account_reaches_people(twins: Twins) -> None:
    """Whom a manager may reach within the account: tests/core/staff/test_managing.py."""
    deeds: list[tuple[Callable[..., Awaitable[Any]], dict[str, Any]]] = [
        (managing.disable, {}),
        (managing.enable, {}),
        (managing.set_password, {"password_hash": "x"}),
        (managing.withdraw, {}),
        (managing.unlock, {}),
    ]
    boss: dict[str, Any] = {"account_id": OTHER, "site_id": SiteId(112), "username": "boss", "password_hash": "x"}
    by = await done(twins, staff.create_staff, **boss, manager=True)
    before = await everything(twins)
    for deed, given in deeds:
        with pytest.raises(NotFound):
            await done(twins, deed, staff_id=StaffId(32), by=by, **given)
        assert await everything(twins) == before, deed
    with pytest.raises(NotFound):
        await done(twins, managing.move, staff_id=StaffId(32), site_id=SiteId(112))
    assert await everything(twins) == before


async def test_nobody_sees_another_accounts_people(twins: Twins) -> None:
    at_shop: dict[str, Any] = {"site_id": SiteId(12), "limit": 10}
    subordinates = {"but_not": StaffId(0), "wanted": StaffFilter(), **at_shop}
    for query, given in (
        (people.subordinates, subordinates),
        (people.actions, {"wanted": ActionFilter(), **at_shop}),
    ):
        mine = await done(twins, query, account_id=ACCOUNT, **given)
        assert mine[0] > 0, query
        assert await done(twins, query, account_id=OTHER, **given) == (0, []), query
    assert await done(twins, people.everybody, account_id=ACCOUNT) != []
    assert await done(twins, people.everybody, account_id=OTHER) == []
    for listed in (people.members, people.workplaces):
        mine = await done(twins, listed, account_id=ACCOUNT, limit=100)
        assert {each.account_id for each in mine} == {ACCOUNT}, listed
        assert {each.account_id for each in await done(twins, listed, account_id=OTHER, limit=100)} <= {OTHER}
        assert await done(twins, listed, account_id=OTHER, site_id=SiteId(12), limit=100) == [], listed
    assert (await done(twins, people.member, account_id=ACCOUNT, staff_id=StaffId(32))).account_id == ACCOUNT
    with pytest.raises(NotFound):
        await done(twins, people.member, account_id=OTHER, staff_id=StaffId(32))


async def test_nobody_sees_or_changes_what_an_enterprise_of_another_account_has(twins: Twins) -> None:
    receipt = NewReceipt(
        account_id=ACCOUNT,
        enterprise_id=EnterpriseId(1),
        department_id=123,
        number="T-1",
        station="001",
        sold_at=datetime(2024, 8, 1, tzinfo=UTC),
        details="{}",
        dialect="x",
    )
    async with twins.world.desk.database.transaction() as tx:
        await tills.report_receipt(tx, receipt)
    page: dict[str, Any] = {"enterprise_id": EnterpriseId(1), "limit": 10}
    for query, given in (
        (enterprise_queries.places, page),
        (till_queries.receipts, {**page, "wanted": ReceiptFilter()}),
        (packing_queries.search, {**page, "wanted": PackingFilter()}),
    ):
        total, rows = await done(twins, query, account_id=ACCOUNT, **given)
        assert total == len(rows) == 1, query
        assert await done(twins, query, account_id=OTHER, **given) == (0, []), query
    named = {"account_id": OTHER, "enterprise_id": EnterpriseId(1)}
    with pytest.raises(NotFound):
        await done(twins, tills.delete_receipt, department_id=123, number="T-1", **named)
    assert not await done(twins, enterprises.name_enterprise, code="theirs", **named)
    assert await twins.world.rows("SELECT deleted_at FROM receipt") == [(None,)]
    assert await twins.world.rows("SELECT code FROM enterprise WHERE id = 1") == [("NW01",)]


async def test_the_other_accounts_parcel_may_have_the_same_codes_and_opens_its_own_cabinet_only(twins: Twins) -> None:
    theirs = await done(
        twins,
        lockers.book,
        account_id=OTHER,
        cabinet="other-cabinet",
        order_number="P-1",
        box_size="S",
        claimed_by="x",
        dialect="x",
        actor="x",
    )
    parcel = twins.ids["parcel"]
    async with twins.world.desk.database.transaction() as tx:
        await tx.execute(
            "UPDATE handover SET key = %(key)s, save_code = %(save_code)s WHERE id = %(id)s",
            key=parcel.key,
            save_code=parcel.save_code,
            id=theirs.id,
        )
    await twins.world.cabinet_online()
    command, _ = await done(
        twins,
        lockers.ask_store,
        account_id=ACCOUNT,
        cabinet=CABINET,
        save_code=parcel.save_code,
        box_size="S",
        asked_by="",
        dialect="",
    )
    assert command.handover_id == parcel.id


async def test_a_line_of_another_accounts_product_cannot_be_written(twins: Twins) -> None:
    answer: Any = None
    try:
        answer = await done(
            twins,
            orders.add_line,
            account_id=OTHER,
            order_id=twins.ids["theirs"].id,
            line=NewLine(line_key="9", product_id=twins.ids["draft"].id and 2989068, quantity=1),  # type: ignore[arg-type]
            dialect="x",
            actor="x",
        )
    except CrossdockError as refusal:
        answer = refusal
    assert type(answer).__name__ == "ProductUnknown"


# Looking ------------------------------------------------------------------------------


async def done(twins: Twins, function: Callable[..., Awaitable[Any]], **given: Any) -> Any:
    async with twins.world.desk.database.transaction() as tx:
        return await function(tx, **given)


async def answered(twins: Twins, query: Callable[..., Awaitable[Any]], **given: Any) -> Any:
    """The answer in plain values; None for a refusal."""
    try:
        return to_builtins(await done(twins, query, **given), str_keys=True)
    except CrossdockError:
        return None


def accounts_in(answer: Any) -> set[int]:
    if isinstance(answer, dict):
        found = {answer["account_id"]} if "account_id" in answer else set()
        return found.union(*(accounts_in(value) for value in answer.values()))
    if isinstance(answer, list | tuple):
        return set().union(*(accounts_in(value) for value in answer))
    return set()


def rows_in(answer: Any) -> list[Any]:
    """The structs of an answer."""
    if isinstance(answer, dict) and ("id" in answer or "sku" in answer):
        return [answer]
    values = answer.values() if isinstance(answer, dict) else answer if isinstance(answer, list | tuple) else ()
    return [row for value in values for row in rows_in(value)]


def empty(answer: Any) -> bool:
    return not rows_in(answer)


def shared(mine: Any, theirs: Any) -> bool:
    return any(row in rows_in(theirs) for row in rows_in(mine))


async def everything(twins: Twins) -> dict[str, list[tuple[Any, ...]]]:
    """The first account's rows, whole."""
    tables = (
        "orders",
        "order_line",
        "stock",
        "stock_move",
        "event",
        "handover",
        "box",
        "door_command",
        "staff",
        "staff_action",
        "payment",
        "staff_session",
        "site",
        "location_move",
        "location_count",
        "credential",
        "manifest",
        "manifest_parcel",
        "return_piece",
        "stray_goods",
    )
    return {
        table: await twins.world.rows(f"SELECT to_jsonb(t) FROM {table} t WHERE account_id = 47 ORDER BY id")
        for table in tables
    }
