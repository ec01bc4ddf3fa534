"""`crossdock lockers`: what is wrong at the cabinets, and that somebody has looked."""

from rich.console import Console
from rich.table import Table

from crossdock.app import open_desk_of
from crossdock.base.config import Config
from crossdock.console.kiosk import screen_key
from crossdock.core.lockers import alarms, queries
from crossdock.core.lockers.errors import CabinetUnknown, KeyMissing

ACTOR = "crossdock lockers"


async def list_alarms(config: Config, *, out: Console) -> None:
    """Those that stand, oldest first."""
    async with open_desk_of(config) as desk, desk.database.transaction(readonly=True) as tx:
        standing = await alarms.standing(tx)
    table = Table()
    for title in ("id", "since", "cabinet", "box", "what", "more"):
        table.add_column(title, overflow="fold")
    for alarm in standing:
        more = ", ".join(f"{name} {value}" for name, value in alarm.facts.items())
        since = f"{alarm.raised_at:%Y-%m-%d %H:%M:%S} UTC"
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
