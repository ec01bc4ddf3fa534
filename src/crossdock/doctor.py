"""`crossdock doctor`: what an engineer wants to know at night, and what to do about it."""

import asyncio
import contextlib
import shutil
from datetime import UTC, datetime
from typing import Final, Literal

from msgspec import Struct
from rich.console import Console
from rich.table import Table

from crossdock.base.clock import SystemClock
from crossdock.base.config import Config
from crossdock.base.errors import CrossdockError, SetupFailed
from crossdock.base.seal import Seal, SecretKeyWrong, secret_key
from crossdock.core.accounts.book import AccountBook
from crossdock.core.notices.model import Channel
from crossdock.db import version
from crossdock.db.database import Database, check_url
from crossdock.devices.bus import address_of
from crossdock.messages import channels as notice_channels
from crossdock.opening import database_url

CLOCK_SKEW_S_MAX: Final = 2.0
"""Partners allow ten minutes; two machines of one house should agree far better."""
DISK_BYTES_MIN: Final = 2 * 2**30
CONNECT_S_MAX: Final = 3.0
CARRIERS: Final[dict[Channel, tuple[str, str]]] = {
    "email": ("CROSSDOCK_SMTP_URL", "e-mail"),
    "sms": ("CROSSDOCK_SMS_URL", "SMS"),
}

State = Literal["ok", "look", "bad"]


class Symptom(Struct, frozen=True, kw_only=True):
    part: str
    state: State
    found: str
    do: str = ""


async def look(config: Config, *, out: Console) -> bool:
    """Whether nothing is bad."""
    symptoms = [_key(config), _disk(config)]
    try:
        if config.database_url is not None:
            check_url(config.database_url)
        async with database_url(config) as url:
            symptoms += await _database(url)
            if all(symptom.state == "ok" for symptom in symptoms):
                symptoms.append(await _sealed(url, config))
    except CrossdockError as error:
        symptoms.append(Symptom(part="database", state="bad", found=error.sentence, do="see docs/operations.md"))
    symptoms.append(await _broker(config))
    symptoms += await _notices(config)
    symptoms.append(await _port(config))
    show(symptoms, out=out)
    return all(symptom.state != "bad" for symptom in symptoms)


def show(symptoms: list[Symptom], *, out: Console) -> None:
    table = Table(title="doctor", title_justify="left")
    for name in ("part", "", "found", "what to do"):
        table.add_column(name, overflow="fold")
    colours = {"ok": "green", "look": "yellow", "bad": "red"}
    for symptom in symptoms:
        colour = colours[symptom.state]
        table.add_row(symptom.part, f"[{colour}]{symptom.state}[/{colour}]", symptom.found, symptom.do)
    out.print(table)


def _key(config: Config) -> Symptom:
    try:
        Seal(secret_key(config.secret_key, config.var))
    except CrossdockError as error:
        return Symptom(part="secret key", state="bad", found=error.sentence, do="correct CROSSDOCK_SECRET_KEY")
    where = "CROSSDOCK_SECRET_KEY" if config.secret_key else str(config.var / "secret.key")
    return Symptom(part="secret key", state="ok", found=f"from {where}", do="keep a copy: no backup holds it")


def _disk(config: Config) -> Symptom:
    try:
        free = shutil.disk_usage(config.var if config.var.exists() else config.var.absolute().parent).free
    except OSError as error:
        return Symptom(part="disk", state="bad", found=str(error), do="make CROSSDOCK_VAR a place that exists")
    found = f"{free / 2**30:.1f} GiB free at {config.var}"
    if free < DISK_BYTES_MIN:
        return Symptom(
            part="disk", state="bad", found=found, do="make room: below 2 GiB the database may stop writing"
        )
    return Symptom(part="disk", state="ok", found=found)


async def _database(url: str) -> list[Symptom]:
    async with Database(url, SystemClock(), connections=1) as database:
        release, theirs, standby = await database.server()
    symptoms = [Symptom(part="database", state="ok", found=f"PostgreSQL {release} answers")]
    if standby:
        symptoms[0] = Symptom(
            part="database",
            state="bad",
            found=f"PostgreSQL {release} is a standby and takes no writes",
            do="let CROSSDOCK_DATABASE_URL name the primary",
        )
    pending = await asyncio.to_thread(version.pending, url)
    symptoms.append(
        Symptom(part="migrations", state="bad", found=f"pending: {', '.join(pending)}", do="run `crossdock migrate`")
        if pending
        else Symptom(part="migrations", state="ok", found="none pending")
    )
    skew_s = abs((datetime.now(UTC) - theirs).total_seconds())
    symptoms.append(
        Symptom(
            part="clock",
            state="ok" if skew_s <= CLOCK_SKEW_S_MAX else "bad",
            found=f"{skew_s:.1f} s from the database's",
            do="" if skew_s <= CLOCK_SKEW_S_MAX else "let both machines follow one time server (chrony, timesyncd)",
        )
    )
    return symptoms


async def _sealed(url: str, config: Config) -> Symptom:
    async with Database(url, SystemClock(), connections=1) as database:
        try:
            await AccountBook(database, Seal(secret_key(config.secret_key, config.var))).check_key()
        except SecretKeyWrong as error:
            return Symptom(part="secrets", state="bad", found=error.sentence, do="no partner can sign in until then")
    return Symptom(part="secrets", state="ok", found="can be opened")


async def _broker(config: Config) -> Symptom:
    if config.mqtt_url is None:
        answers = await _connects("127.0.0.1", config.mqtt_port)
        found = f"embedded, port {config.mqtt_port} {'answers' if answers else 'is free: no worker runs'}"
        return Symptom(part="MQTT broker", state="ok" if answers else "look", found=found)
    try:
        address = address_of(config.mqtt_url)
    except CrossdockError as error:
        return Symptom(part="MQTT broker", state="bad", found=error.sentence, do="correct CROSSDOCK_MQTT_URL")
    if await _connects(address.host, address.port):
        return Symptom(part="MQTT broker", state="ok", found=f"{address.host}:{address.port} answers")
    return Symptom(
        part="MQTT broker",
        state="bad",
        found=f"{address.host}:{address.port} does not answer",
        do="start it, or correct CROSSDOCK_MQTT_URL: no cabinet can be reached",
    )


async def _notices(config: Config) -> list[Symptom]:
    try:
        found = notice_channels.channels(config, SystemClock())
    except SetupFailed as error:
        return [Symptom(part="notices", state="bad", found=error.sentence, do="buyers are told nothing until then")]
    symptoms = []
    for channel, (variable, word) in CARRIERS.items():
        carrier = found.get(channel)
        if carrier is None:
            symptoms.append(Symptom(part=word, state="ok", found=f"{variable} is not set: buyers get none"))
        elif (failure := await carrier.reach()) is None:
            symptoms.append(Symptom(part=word, state="ok", found=f"what {variable} names answers"))
        else:
            do = f"start it, or correct {variable}: notices wait, and are parked in the end"
            symptoms.append(Symptom(part=word, state="bad", found=failure, do=do))
    if len(found) > 1 and config.public_url is None:
        do = "set CROSSDOCK_PUBLIC_URL: an e-mail then links to its order's page"
        symptoms.append(Symptom(part="buyers' pages", state="look", found="no address is known", do=do))
    return symptoms


async def _port(config: Config) -> Symptom:
    if await _connects(config.host, config.port):
        return Symptom(part="port", state="ok", found=f"{config.host}:{config.port} answers")
    return Symptom(part="port", state="look", found=f"{config.host}:{config.port} is free: no server runs")


async def _connects(host: str, port: int) -> bool:
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(CONNECT_S_MAX):
            _, writer = await asyncio.open_connection(host, port)
        writer.close()
        return True
    return False
