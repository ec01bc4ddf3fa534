"""`crossdock lockers`: what is wrong at the cabinets, parcels that nobody takes, and who may come to the broker."""

from datetime import datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from crossdock.base.config import Config
from crossdock.base.errors import CrossdockError
from crossdock.console.kiosk import screen_key
from crossdock.core.accounts import sql as accounts
from crossdock.core.lockers import alarms, keeping, queries
from crossdock.core.lockers.commands import DoorBusy
from crossdock.core.lockers.errors import CabinetUnknown, KeyMissing, NothingDue, ParcelNotStored
from crossdock.core.lockers.model import KeepingStep, Kept
from crossdock.devices import mosquitto
from crossdock.devices.bus import address_of
from crossdock.edge.desk import Desk
from crossdock.opening import open_desk_of

ACTOR = "crossdock lockers"
NOTHING_DUE = "Nothing is due."
STEPS: Final[dict[KeepingStep, str]] = {
    "remind": "remind its customer",
    "recall": "call it back",
    "overdue": "nothing, its policy leaves it there",
    "recalled": "nothing, it waits for its courier",
}


async def list_alarms(config: Config, *, out: Console) -> None:
    """Those that stand, oldest first."""
    async with open_desk_of(config) as desk, desk.database.transaction(readonly=True) as tx:
        standing = await alarms.standing(tx)
    table = Table()
    for title in ("id", "since", "cabinet", "box", "what", "more"):
        table.add_column(title, overflow="fold")
    for alarm in standing:
        more = ", ".join(f"{name} {value}" for name, value in alarm.facts.items())
        since = _moment(alarm.raised_at)
        table.add_row(str(alarm.id), since, alarm.cabinet_number, alarm.box_name or "", alarm.kind, more)
    out.print(table if standing else "Nothing is wrong.")


async def clear_alarm(config: Config, alarm_id: int, *, out: Console) -> None:
    """Errors: AlarmUnknown."""
    async with open_desk_of(config) as desk, desk.database.transaction() as tx:
        account_id = await alarms.account_of(tx, alarm_id)
        alarm = await alarms.clear(tx, account_id=account_id, alarm_id=alarm_id, actor=ACTOR)
    where = f"{alarm.cabinet_number}, box {alarm.box_name}" if alarm.box_name else alarm.cabinet_number
    out.print(f"Cleared: {alarm.kind}, cabinet {where}.", markup=False)


async def show_screen(config: Config, number: str, *, base: str, out: Console) -> None:
    """The address that a cabinet's own browser is opened with. Errors: CabinetUnknown, KeyMissing."""
    async with open_desk_of(config) as desk:
        async with desk.database.autocommit() as tx:
            device = await queries.device(tx, number=number)
        if device is None:
            raise CabinetUnknown(number=number)
        if device.key_sealed is None:
            raise KeyMissing(number=number)
        key = screen_key(desk.seal.open(device.key_sealed))
    out.print(f"{base.rstrip('/')}/kiosk/{number}?key={key}", markup=False, soft_wrap=True)


async def list_overdue(config: Config, *, account: str | None, out: Console) -> None:
    """What `run_overdue` would do now. Errors: AccountUnknown."""
    async with open_desk_of(config) as desk:
        found = await _overdue(desk, account)
    table = Table()
    for title in ("account", "number", "cabinet", "box", "policy", "due", "extended", "would do"):
        table.add_column(title, overflow="fold")
    for step, kept in found:
        extended = f"{kept.extensions} of {kept.extensions_max}"
        where = (kept.account, kept.number, kept.cabinet, f"{kept.box_name} {kept.box_size}")
        table.add_row(*where, kept.policy, _moment(kept.due_at), extended, STEPS[step])
    out.print(table if found else NOTHING_DUE)


async def run_overdue(config: Config, *, account: str | None, out: Console) -> bool:
    """One parcel after the other; False when one was refused that should not have been. Errors: AccountUnknown."""
    went_well = True
    async with open_desk_of(config) as desk:
        found = [(step, kept) for step, kept in await _overdue(desk, account) if step in ("remind", "recall")]
        for step, kept in found:
            try:
                placed = await keeping.carry_out(desk.database, step, kept, actor=ACTOR)
            except (NothingDue, ParcelNotStored, DoorBusy) as other:
                said = other.sentence
            except CrossdockError as refused:
                said, went_well = refused.sentence, False
            else:
                done = "reminded" if step == "remind" else "called back"
                said = f"{done}, return {placed.id}" if placed is not None else done
            out.print(f"{kept.account} {kept.number}: {said}", markup=False, soft_wrap=True)
    if not found:
        out.print(NOTHING_DUE)
    return went_well


async def extend(config: Config, number: str, *, account: str | None, out: Console) -> None:
    """Errors: NumberAmbiguous, and those of keeping.extend."""
    async with open_desk_of(config) as desk, desk.database.transaction() as tx:
        account_id = await keeping.account_of(tx, number, account=account)
        kept = await keeping.extend(tx, account_id=account_id, number=number, actor=ACTOR)
    left = kept.extensions_max - kept.extensions
    out.print(f"{number} may lie until {_moment(kept.due_at)}; extensions left: {left}.", markup=False)


async def show_recall_code(config: Config, number: str, *, account: str | None, out: Console) -> None:
    """Errors: NumberAmbiguous, and those of keeping.recalled."""
    async with open_desk_of(config) as desk, desk.database.transaction(readonly=True) as tx:
        account_id = await keeping.account_of(tx, number, account=account)
        parcel, cabinet = await keeping.recalled(tx, account_id=account_id, number=number)
    out.print(f"{number}: cabinet {cabinet.number}, box {parcel.box_name}, code {parcel.key}.", markup=False)


async def _overdue(desk: Desk, account: str | None) -> list[tuple[KeepingStep, Kept]]:
    async with desk.database.transaction(readonly=True) as tx:
        account_id = None if account is None else (await accounts.known_account(tx, account)).id
        return await keeping.overdue(tx, account_id=account_id)


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


async def broker_files(config: Config, directory: Path, *, out: Console) -> None:
    """Errors: BrokerLoginMissing, BrokerUserUnusable, SecretKeyWrong, OSError."""
    if config.mqtt_url is None:
        raise mosquitto.BrokerLoginMissing()
    server = address_of(config.mqtt_url)
    async with open_desk_of(config) as desk, desk.database.transaction(readonly=True) as tx:
        devices = await queries.devices(tx)
        keys = {one.number: desk.seal.open(one.key_sealed) for one in devices if one.key_sealed is not None}
    mosquitto.write_files(directory, server=server, keys=keys)
    out.print(
        f"Written: passwd and acl in {directory}, for the server and {_cabinets(len(keys))}.",
        markup=False,
        soft_wrap=True,
    )
    if len(keys) < len(devices):
        out.print(f"Left out: {_cabinets(len(devices) - len(keys))} without a key.", markup=False, soft_wrap=True)


def _cabinets(count: int) -> str:
    return "1 cabinet" if count == 1 else f"{count} cabinets"
