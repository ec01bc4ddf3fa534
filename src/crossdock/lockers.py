"""`crossdock lockers`: what is wrong at the cabinets, that somebody has looked, and who may come to the broker."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from crossdock.app import open_desk_of
from crossdock.base.config import Config
from crossdock.core.lockers import alarms, queries
from crossdock.devices import mosquitto
from crossdock.devices.bus import address_of

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


async def broker_files(config: Config, directory: Path, *, out: Console) -> None:
    """Errors: BrokerLoginMissing, BrokerUserUnusable, SecretKeyWrong, OSError."""
    if config.mqtt_url is None:
        raise mosquitto.BrokerLoginMissing()
    server = address_of(config.mqtt_url)
    async with open_desk_of(config) as desk, desk.database.transaction(readonly=True) as tx:
        sealed = await queries.sealed_keys(tx)
        keys = {number: desk.seal.open(key_sealed) for number, key_sealed in sealed.items() if key_sealed is not None}
    mosquitto.write_files(directory, server=server, keys=keys)
    out.print(
        f"Written: passwd and acl in {directory}, for the server and {_cabinets(len(keys))}.",
        markup=False,
        soft_wrap=True,
    )
    if len(keys) < len(sealed):
        out.print(f"Left out: {_cabinets(len(sealed) - len(keys))} without a key.", markup=False, soft_wrap=True)


def _cabinets(count: int) -> str:
    return "1 cabinet" if count == 1 else f"{count} cabinets"
