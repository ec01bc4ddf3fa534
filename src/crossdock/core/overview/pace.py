"""How many orders come in and leave, hour by hour: kept once a minute, as differences of what the tally says."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from crossdock.core.overview import counts_sql as sql
from crossdock.core.overview.model import PaceRow, Sight, Stretch
from crossdock.db.tx import Tx

HOURS: Final = 24
DAYS: Final = 14
KEPT_DAYS: Final = 35
LEFT: Final = ("shipped", "delivered", "returned")
"""States of outbound orders that have left."""
HOUR: Final = timedelta(hours=1)


async def note(tx: Tx) -> None:
    """What every account has now stands for the hour that runs; what is older than KEPT_DAYS goes."""
    hour = _hour(tx.now)
    await sql.note_pace(tx, hour=hour, states=LEFT)
    await sql.forget_pace(tx, before=hour - timedelta(days=KEPT_DAYS))


async def stretches(tx: Tx, *, sight: Sight, zone: ZoneInfo) -> tuple[list[Stretch], list[Stretch]]:
    """The last HOURS hours and the last DAYS days of that zone, the ones that run among them; oldest first.

    Where nothing was noted at an end, its orders count in the next stretch.
    """
    now = _hour(tx.now)
    hours = [now - HOUR * back for back in range(HOURS, -1, -1)]
    today = tx.now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    begins = [(today - timedelta(days=back)) for back in range(DAYS - 1, -1, -1)]
    days = [*(_hour(begin) - HOUR for begin in begins), now]
    rows = await sql.pace(tx, account_ids=sight.account_ids, hours=sorted({*hours, *days}))
    return _between(rows, hours, hours[1:]), _between(rows, days, begins)


def _between(rows: Sequence[PaceRow], ends: Sequence[datetime], begins: Sequence[datetime]) -> list[Stretch]:
    """One for each but the first of `ends`, which stands for what was before."""
    of_account: dict[int, dict[datetime, PaceRow]] = {}
    for one in rows:
        of_account.setdefault(one.account_id, {})[one.hour] = one
    placed, shipped = [0] * len(begins), [0] * len(begins)
    for known in of_account.values():
        last = known.get(ends[0])
        for position, end in enumerate(ends[1:]):
            row = known.get(end)
            if row is None:
                continue
            if last is not None:
                placed[position] += max(row.placed - last.placed, 0)
                shipped[position] += max(row.shipped - last.shipped, 0)
            last = row
    return [
        Stretch(since=begin, placed=placed[position], shipped=shipped[position])
        for position, begin in enumerate(begins)
    ]


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
