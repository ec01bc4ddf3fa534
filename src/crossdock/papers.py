"""`crossdock papers`: the papers of an order, into a file."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final, cast

from rich.console import Console

from crossdock.base.config import Config
from crossdock.core.fulfilment import paying
from crossdock.core.papers import gathering
from crossdock.core.papers.printing import Form, Paper, printed
from crossdock.opening import open_desk_of

PAPERS: Final[Mapping[str, Callable[..., Awaitable[Paper]]]] = {
    "label": gathering.parcel_label,
    "slip": gathering.packing_slip,
    "note": gathering.delivery_note,
}


async def write(
    config: Config, paper: str, number: str, path: Path, *, account: str | None, form: Form, out: Console
) -> None:
    """The file is there once it is whole. Errors: those of paying.named, printing.printed and the gathering."""
    async with open_desk_of(config) as desk, desk.database.transaction(readonly=True) as tx:
        account_id, order_id = await paying.named(tx, number=number, account=account)
        gathered = await PAPERS[paper](tx, account_id=account_id, order_id=order_id)
    made = printed(gathered, form)
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_bytes(made)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    out.print(f"{number}: written to {path}.", markup=False, soft_wrap=True)


def form_of(path: Path, dpi: int) -> Form | None:
    """By the ending of the file; None for one that no paper has."""
    match path.suffix.lower():
        case ".pdf":
            return "pdf"
        case ".zpl":
            return cast(Form, f"zpl{dpi}")
        case _:
            return None
