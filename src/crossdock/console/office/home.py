"""The first page: orders by state and age, what waits for people, cabinets, callbacks, and how fast it all goes."""

from typing import Any, Final

from litestar import MediaType, Response, get

from crossdock.console.office import inbox as exceptions
from crossdock.console.office import screen, seeing
from crossdock.console.office.screen import Entry, Says
from crossdock.console.office.who import PREFIX, reader
from crossdock.console.web import PageRequest
from crossdock.core.overview import counts, inbox, pace
from crossdock.core.overview.inbox_model import KINDS
from crossdock.core.overview.model import AtLeast

AGES_DAYS: Final = (0, 1, 6)
"""An order is counted as older than each: placed before today, before yesterday, a week ago or earlier."""
SAYS: Final = Says.of(
    {
        **seeing.TEXTS,
        **{f"exception_{name}": text for name, text in exceptions.KIND_NAMES.items()},
        "dashboard": "Dashboard",
        "inbox": "Inbox",
        "overdue": "overdue",
        "all_well": "Nothing waits for anybody.",
        "cabinets": "Cabinets",
        "online": "online",
        "offline": "offline",
        "out_of_service": "out of service",
        "doors_open": "doors open",
        "alarms": "alarms",
        "callbacks": "Callbacks",
        "receivers": "receivers",
        "frozen": "frozen",
        "waiting": "to be sent",
        "parked": "dead",
        "orders_by": "Orders by state and age",
        "state": "State",
        "kind": "Kind",
        "total": "In all",
        "age_0": "Before today",
        "age_1": "Before yesterday",
        "age_6": "A week or more",
        "pace_hours": "Orders of the last 24 hours",
        "pace_days": "Orders of the last 14 days",
        "placed": "placed",
        "shipped_out": "shipped",
        "pace_none": "The first numbers come within the hour. A worker notes them once a minute.",
        "since": "From",
        "numbers": "As numbers",
        "none_open": "No order is open.",
    }
)
ENTRY: Final = Entry(path=PREFIX, title="Dashboard")


@get(PREFIX, media_type=MediaType.HTML)
async def home(request: PageRequest) -> Response[Any]:
    who = await reader(request)
    async with who.desk.database.autocommit() as tx:
        sight = seeing.sight(who, await seeing.seen(tx, who))
        aged = await counts.orders(tx, sight=sight, days=AGES_DAYS)
        waiting = await inbox.waiting(tx, sight=sight)
        cabinets = await counts.cabinets(tx, sight=sight)
        whole = who.site is None
        receivers = await counts.receivers(tx, sight=sight) if whole else None
        hours, days = await pace.stretches(tx, sight=sight, zone=who.zone) if whole else ([], [])
        mark = await counts.last_event(tx)
        now = tx.now
    return screen.show(
        request,
        who,
        SAYS,
        "office/home.html",
        scripts=("live",),
        here=PREFIX,
        live=f"{PREFIX}/live?since={mark}",
        aged=aged,
        ages=AGES_DAYS,
        kinds={kind: sum(one.kind == kind for one in waiting) for kind in KINDS},
        overdue=sum(one.due_at < now for one in waiting),
        cabinets=cabinets,
        receivers=receivers,
        plots={"pace_hours": hours, "pace_days": days} if whole else {},
        label=lambda at, name: f"{at.astimezone(who.zone):{'%H:%M' if name == 'pace_hours' else '%m-%d'}}",
        counted=_counted,
    )


def _counted(number: AtLeast) -> str:
    """`1,200`, or `1,000+` where it was not counted to its end."""
    return f"{number.number:,}{'+' if number.more else ''}"


HANDLERS: Final = [home]
