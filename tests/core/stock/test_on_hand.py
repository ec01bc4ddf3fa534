"""How much there is of a product, wherever it lies."""

from crossdock.base.ids import ProductId
from crossdock.core.stock import queries
from tests.world import ACCOUNT, World

NIKE, PHONE = ProductId(2989068), ProductId(2989352)


async def test_good_pieces_of_all_buckets_set_aside_or_not(quiet_world: World) -> None:
    await quiet_world.stock("00131031", 3)
    await quiet_world.stock("00131031", 4, sub="OWN-B")
    await quiet_world.order(lines={"00131031": 2}, state="allocated")
    await quiet_world.rows("UPDATE stock SET condition = 'defective' WHERE on_hand = 4 RETURNING 1")
    async with quiet_world.desk.database.transaction() as tx:
        assert await queries.on_hand(tx, account_id=ACCOUNT, product_ids=[NIKE, PHONE]) == {NIKE: 3}
