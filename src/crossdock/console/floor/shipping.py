"""Ship: each parcel is scanned onto the manifest of where it goes, and leaves when that is closed."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import MediaType, Response, get, post
from litestar.params import FromPath

from crossdock.base.errors import CrossdockError
from crossdock.console import forms
from crossdock.console.floor import screen
from crossdock.console.floor.door import Item
from crossdock.console.floor.screen import Says
from crossdock.console.floor.who import PREFIX, Person, person
from crossdock.console.forms import Failure, Form
from crossdock.console.web import PageRequest
from crossdock.core.catalog.scanning import CODE_CHARACTERS_MAX
from crossdock.core.fulfilment.errors import CancelWaiting, StationHasNoCabinet
from crossdock.core.manifests import closing, commands, queries
from crossdock.core.manifests.errors import (
    ManifestEmpty,
    ManifestFull,
    ManifestOver,
    ManifestUnknown,
    ParcelElsewhere,
    ParcelHere,
    ParcelNotOn,
    ParcelNotPacked,
    ParcelsStuck,
    ParcelTaken,
    ParcelUnknown,
    TakerTooLong,
)
from crossdock.core.manifests.model import DRIVER_CHARACTERS_MAX, VEHICLE_CHARACTERS_MAX, Loaded
from crossdock.db.tx import Tx

HOME: Final = f"{PREFIX}/ship"
CLOSED: Final = f"{HOME}/closed"
DESTINATIONS_SHOWN: Final = 50
PARCELS_SHOWN: Final = 60
MANIFESTS_SHOWN: Final = 50
KEY_CHARACTERS_MAX: Final = 20

TEXTS: Final[Mapping[str, str]] = {
    "ship": "Ship",
    "which": "Scan a parcel: its label, or the carrier's",
    "load": "Load",
    "to": "Where to",
    "none": "Nothing is packed that waits to leave.",
    "waits": "{n} wait",
    "on": "{n} on the manifest",
    "nobody": "No delivery service",
    "more": "More",
    "first": "Back to the first",
    "closed_ones": "Manifests that left",
    "closed_none": "No manifest has left yet.",
    "manifest": "Manifest {id}",
    "orders": "{n} orders",
    "print": "Print the manifest",
    "here": "Scan a parcel for this manifest",
    "on_it": "On it",
    "empty": "Nothing is on it.",
    "off": "Take off",
    "missing": "{n} of its parcels are not scanned",
    "state": "It is not packed any more: take it off",
    "asked": "Its owner asked to call it off: take it off and ask a manager",
    "left": "It did not go ({reason}): take it off the van and ask a manager",
    "open": "Being loaded",
    "closing": "Being closed",
    "closed": "Left",
    "hand_over": "Hand over",
    "driver": "Driver (if known)",
    "vehicle": "Vehicle (if known)",
    "close": "Hand over: {n} orders leave",
    "go_on": "Closing was interrupted. Go on",
    "taken_by": "Taken by {driver} {vehicle}",
    "at": "on {when}",
}
FAILURES: Final[Mapping[type[CrossdockError], str]] = {
    ParcelUnknown: "No parcel of this warehouse goes by “{code}”.",
    ParcelNotPacked: "{number} is not packed: it is {state}. Bring it back to the bench.",
    CancelWaiting: "The owner of {number} asked to call it off. Put it aside and ask a manager.",
    StationHasNoCabinet: "The locker of “{service}” is not in service. Put it aside and ask a manager.",
    ParcelElsewhere: "{number} does not go here. It goes with: {destination}. Put it aside.",
    ParcelTaken: "{number} is on manifest {id}, which is being closed.",
    ParcelHere: "{number} was scanned before.",
    ParcelNotOn: "It is not on this manifest any more.",
    ManifestUnknown: "This warehouse has no such manifest.",
    ManifestOver: "Manifest {id} is closed. Nothing was done.",
    ManifestEmpty: "Nothing is on this manifest.",
    ManifestFull: "{most} orders are on manifest {id}: close it first.",
    ParcelsStuck: "These cannot go, take them off first or scan all their parcels: {numbers}",
    TakerTooLong: "A driver's name or a vehicle has {characters_max} characters at most.",
}
SAYS: Final = Says.of(TEXTS, FAILURES)
LOADED: Final = "{number} goes to {destination}: {orders} on the manifest."
LOADED_PART: Final = "{number} goes to {destination}. {missing} of its parcels are still to be scanned."
OFF: Final = "{number} is off the manifest."
GONE: Final = "Manifest {id} is closed: {orders} orders left."
GONE_BUT: Final = "Manifest {id} is closed: {orders} orders left. These did not go, take them off the van: {numbers}"
MESSAGES: Final = (LOADED, LOADED_PART, OFF, GONE, GONE_BUT)


async def ready(tx: Tx, who: Person) -> int:
    return await queries.ready(tx, **who.place)


ITEMS: Final = (Item(path=HOME, title="Ship", hint="Scan parcels onto manifests, and hand them over", count=ready),)


@get(HOME, media_type=MediaType.HTML)
async def home(request: PageRequest) -> Response[Any]:
    return await _home(request, await person(request))


@post(HOME)
async def load(request: PageRequest) -> Response[Any]:
    who = await person(request)

    async def do(form: Form) -> Response[Any]:
        return await _load(request, who, form, HOME)

    return await forms.act(request, who, SAYS, do, lambda failure: _home(request, who, failure))


@get(CLOSED, media_type=MediaType.HTML)
async def closed(request: PageRequest) -> Response[Any]:
    who = await person(request)
    before = screen.number_of(request, "before")
    async with who.desk.database.autocommit() as tx:
        found = await queries.manifests(tx, **who.place, before=before, limit=MANIFESTS_SHOWN + 1)
    return screen.show(
        request,
        who,
        SAYS,
        "floor/ship_closed.html",
        home=HOME,
        manifests=found[:MANIFESTS_SHOWN],
        more=f"{CLOSED}?before={found[MANIFESTS_SHOWN - 1].id}" if len(found) > MANIFESTS_SHOWN else "",
    )


@get(HOME + "/{manifest_id:int}", media_type=MediaType.HTML)
async def manifest(request: PageRequest, manifest_id: FromPath[int]) -> Response[Any]:
    return await _manifest(request, await person(request), manifest_id)


@post(HOME + "/{manifest_id:int}/scan")
async def scan(request: PageRequest, manifest_id: FromPath[int]) -> Response[Any]:
    who = await person(request)

    async def do(form: Form) -> Response[Any]:
        return await _load(request, who, form, _address(manifest_id), manifest_id)

    return await forms.act(request, who, SAYS, do, lambda failure: _manifest(request, who, manifest_id, failure))


@post(HOME + "/{manifest_id:int}/off")
async def take_off(request: PageRequest, manifest_id: FromPath[int]) -> Response[Any]:
    who = await person(request)

    async def do(form: Form) -> Response[Any]:
        async with who.desk.database.transaction() as tx:
            number = await commands.unload(
                tx,
                **who.place,
                staff_id=who.staff.id,
                manifest_id=manifest_id,
                order_id=form.number("order"),
                operation_id=form.operation_id,
            )
        return forms.done(request, who, _address(manifest_id), OFF, number=number)

    return await forms.act(request, who, SAYS, do, lambda failure: _manifest(request, who, manifest_id, failure))


@post(HOME + "/{manifest_id:int}/close")
async def close(request: PageRequest, manifest_id: FromPath[int]) -> Response[Any]:
    """A second time it says what the first one did, and completes what was interrupted."""
    who = await person(request)

    async def do(form: Form) -> Response[Any]:
        gone = await closing.close(
            who.desk.database,
            **who.place,
            staff_id=who.staff.id,
            actor=who.actor,
            manifest_id=manifest_id,
            driver=form.text("driver"),
            vehicle=form.text("vehicle"),
        )
        said = {"id": manifest_id, "orders": gone.manifest.parcels, "numbers": ", ".join(gone.left)}
        return forms.done(request, who, _address(manifest_id), GONE_BUT if gone.left else GONE, **said)

    return await forms.act(request, who, SAYS, do, lambda failure: _manifest(request, who, manifest_id, failure))


async def _load(
    request: PageRequest, who: Person, form: Form, to: str, manifest_id: int | None = None
) -> Response[Any]:
    code = form.text("code", characters_max=CODE_CHARACTERS_MAX, needed=True)
    async with who.desk.database.transaction() as tx:
        loaded = await commands.load(
            tx,
            **who.place,
            staff_id=who.staff.id,
            code=code,
            operation_id=form.operation_id,
            manifest_id=manifest_id,
        )
    return forms.done(request, who, to, LOADED_PART if loaded.missing else LOADED, **_said(request, loaded))


def _said(request: PageRequest, loaded: Loaded) -> dict[str, Any]:
    return {
        "number": loaded.number,
        "destination": loaded.destination or forms.filled(request, TEXTS["nobody"]),
        "orders": loaded.orders,
        "missing": loaded.missing,
    }


async def _home(request: PageRequest, who: Person, failure: Failure | None = None) -> Response[str]:
    after = request.query_params.get("after", "")[:KEY_CHARACTERS_MAX]
    async with who.desk.database.autocommit() as tx:
        found = await queries.destinations(tx, **who.place, after=after, limit=DESTINATIONS_SHOWN + 1)
    return screen.show(
        request,
        who,
        SAYS,
        "floor/ship.html",
        here=HOME,
        failure=failure,
        home=HOME,
        closed=CLOSED,
        after=after,
        destinations=found[:DESTINATIONS_SHOWN],
        more=f"{HOME}?after={found[DESTINATIONS_SHOWN - 1].key}" if len(found) > DESTINATIONS_SHOWN else "",
    )


async def _manifest(
    request: PageRequest, who: Person, manifest_id: int, failure: Failure | None = None
) -> Response[str]:
    before = screen.number_of(request, "before")
    async with who.desk.database.autocommit() as tx:
        found = await queries.manifest(tx, **who.place, manifest_id=manifest_id)
        parcels = await queries.parcels(
            tx, **who.place, manifest_id=manifest_id, before=before, limit=PARCELS_SHOWN + 1
        )
    address = _address(manifest_id)
    return screen.show(
        request,
        who,
        SAYS,
        "floor/ship_manifest.html",
        here=address,
        failure=failure,
        home=HOME,
        base=address,
        paper=f"{PREFIX}/papers/manifest/{manifest_id}.pdf",
        manifest=found,
        parcels=parcels[:PARCELS_SHOWN],
        more=f"{address}?before={parcels[PARCELS_SHOWN - 1].id}" if len(parcels) > PARCELS_SHOWN else "",
        before=before,
        driver_max=DRIVER_CHARACTERS_MAX,
        vehicle_max=VEHICLE_CHARACTERS_MAX,
    )


def _address(manifest_id: int) -> str:
    return f"{HOME}/{manifest_id}"


HANDLERS: Final = [home, load, closed, manifest, scan, take_off, close]
