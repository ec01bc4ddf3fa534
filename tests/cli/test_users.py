"""`crossdock users`, as an operator types it."""

from crossdock.core.enterprises.commands import counted_as
from crossdock.core.staff import tries
from crossdock.core.staff.model import WRONG_PASSWORDS_MAX
from tests.cli.conftest import Terminal
from tests.world import World


async def test_a_token_is_withdrawn(quiet_world: World, terminal: Terminal) -> None:
    await quiet_world.user_token("packer01", "A" * 96)

    assert await terminal.run("users", "withdraw", "packer01") == (
        0,
        "The token of packer01 is good no more; the next login gives another.\n",
    )

    assert await quiet_world.rows("SELECT token_hash, token_sealed FROM enterprise_user") == [(None, None)]


async def test_nobody_of_that_name(terminal: Terminal) -> None:
    assert await terminal.run("users", "withdraw", "nobody") == (
        1,
        "crossdock: No user of an enterprise has this name, or none within reach. (username=nobody)\n",
    )


async def test_wrong_passwords_are_forgotten(quiet_world: World, terminal: Terminal) -> None:
    async with quiet_world.desk.database.transaction() as tx:
        for _ in range(WRONG_PASSWORDS_MAX):
            await tries.begin(tx, username=counted_as("packer01"))

    assert await terminal.run("users", "unlock", "packer01") == (
        0,
        "No wrong password of packer01 counts any more.\n",
    )

    assert await quiet_world.rows("SELECT 1 FROM login_try") == []
