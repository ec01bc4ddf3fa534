"""The warehouse's side of a consignment, for tests that follow one through."""

from typing import Any

from crossdock.core.fulfilment import commands as fulfilment
from crossdock.core.fulfilment import returns
from crossdock.core.orders import commands as orders
from tests.world import ACCOUNT, World

STEPS: dict[str, tuple[Any, dict[str, Any]]] = {
    "release to the floor": (fulfilment.release_to_floor, {}),
    "start picking": (fulfilment.start_picking, {}),
    "start packing": (fulfilment.start_packing, {}),
    "finish packing": (fulfilment.finish_packing, {}),
    "confirm": (fulfilment.confirm, {}),
    "print the label": (fulfilment.print_label, {"tracking_number": "T-1"}),
    "ship": (fulfilment.ship, {}),
    "close": (fulfilment.close_outbound, {}),
    "hold": (orders.put_on_hold, {"reason": "The box is torn."}),
    "release": (orders.release, {}),
    "receive": (returns.receive_return, {}),
    "queue": (returns.queue_return, {}),
    "process": (returns.process_return, {}),
    "ask": (returns.ask_client, {"question": "Which colour?"}),
    "report a problem": (returns.report_problem, {"problem": "Wet."}),
    "finish": (returns.finish_return, {}),
}


async def do(world: World, consignment: dict[str, Any], step: str, **more: Any) -> None:
    command, said = STEPS[step]
    async with world.desk.database.transaction() as tx:
        await command(
            tx, account_id=ACCOUNT, order_id=consignment["id"], dialect="house", actor="floor", **(said | more)
        )
