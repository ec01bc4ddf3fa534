"""`crossdock evidence`: where the evidence of a parcel is seen, and the sealed bundle of it."""

from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from crossdock.base.config import Config
from crossdock.base.seal import Seal, secret_key
from crossdock.console import evidence
from crossdock.console.evidence_bundle import public_key
from crossdock.core.evidence import commands
from crossdock.core.fulfilment import paying
from crossdock.opening import open_desk_of

ACTOR: Final = "crossdock evidence"


async def show(config: Config, number: str, *, account: str | None, hours: int, out: Console) -> None:
    """An address that is good for so many hours. Errors: those of paying.named."""
    async with open_desk_of(config) as desk:
        expires = desk.clock.now() + timedelta(hours=hours)
        async with desk.database.transaction() as tx:
            account_id, order_id = await paying.named(tx, number=number, account=account)
            of_order: dict[str, Any] = {"account_id": account_id, "order_id": order_id}
            await commands.note_address(tx, **of_order, expires=expires, actor=ACTOR)
        shown = evidence.Address(account_id=account_id, order_id=order_id, expires=expires)
        out.print(evidence.address(desk, shown), markup=False, soft_wrap=True)


async def bundle(config: Config, number: str, path: Path, *, account: str | None, out: Console) -> None:
    """A sealed bundle, in a file that is there once it is whole. Errors: those of paying.named, Unavailable."""
    from crossdock.console.app import templates  # noqa: PLC0415  # all pages come with it

    async with open_desk_of(config) as desk:
        async with desk.database.transaction(readonly=True) as tx:
            account_id, order_id = await paying.named(tx, number=number, account=account)
        found = await evidence.read(desk, account_id=account_id, order_id=order_id)
        part = path.with_name(f"{path.name}.part")
        try:
            with part.open("wb") as file:
                await evidence.write_bundle(templates(), desk, found, file, by=ACTOR)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    out.print(f"{number}: written to {path}.", markup=False, soft_wrap=True)


def show_public_key(config: Config, *, out: Console) -> None:
    """By which bundles of this server are verified."""
    out.print(public_key(Seal(secret_key(config.secret_key, config.var))), markup=False, end="")
