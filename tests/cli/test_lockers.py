"""`crossdock lockers`, as an operator types it."""

from crossdock.core.lockers import alarms
from tests.cli.conftest import Terminal
from tests.world import ACCOUNT, CABINET, World


async def test_an_alarm_is_shown_and_cleared(quiet_world: World, terminal: Terminal) -> None:
    assert await terminal.run("lockers", "alarms") == (0, "Nothing is wrong.\n")
    async with quiet_world.desk.database.transaction() as tx:
        [cabinet] = await tx.rows("SELECT id, number FROM cabinet")
        [box] = await tx.rows("SELECT id, name FROM box WHERE name = '05'")
        at = {"account_id": ACCOUNT, "cabinet_id": cabinet[0], "cabinet": CABINET, "box": (box[0], box[1])}
        assert await alarms.raise_alarm(tx, **at, kind="dirty", by="courier")
        [(alarm_id,)] = await tx.rows("SELECT id FROM alarm")

    code, said = await terminal.run("lockers", "alarms")
    assert code == 0
    for word in (str(alarm_id), CABINET, "05", "dirty", "by courier", "2024-08-01 23:10:41 UTC"):
        assert word in said
    assert await terminal.run("lockers", "clear", str(alarm_id)) == (
        0,
        f"Cleared: dirty, cabinet {CABINET}, box 05.\n",
    )
    assert await terminal.run("lockers", "alarms") == (0, "Nothing is wrong.\n")
    code, said = await terminal.run("lockers", "clear", str(alarm_id))
    assert (code, said) == (1, f"crossdock: No alarm of this number stands. (id={alarm_id})\n")
