"""`crossdock users`: people of enterprises, who look for film. The setup file holds them."""

from rich.console import Console

from crossdock.base.config import Config
from crossdock.core.enterprises import commands
from crossdock.opening import open_desk_of


async def withdraw(config: Config, username: str, *, out: Console) -> None:
    """Errors: UserUnknown."""
    async with open_desk_of(config) as desk, desk.database.transaction() as tx:
        await commands.withdraw(tx, username=username)
    out.print(f"The token of {username} is good no more; the next login gives another.", markup=False, soft_wrap=True)


async def unlock(config: Config, username: str, *, out: Console) -> None:
    async with open_desk_of(config) as desk, desk.database.transaction() as tx:
        await commands.unlock(tx, username=username)
    out.print(f"No wrong password of {username} counts any more.", markup=False, soft_wrap=True)
