"""Who did what, when, and to what: the histories of places, of operators and of imports as one list."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from litestar import MediaType, Response, get
from litestar.params import FromPath
from msgspec import Struct

from crossdock.base.errors import PathUnknown
from crossdock.console import forms
from crossdock.console.office import screen
from crossdock.console.office.bulk import as_file
from crossdock.console.office.screen import Entry, Says
from crossdock.console.office.who import PREFIX, Somebody, reader
from crossdock.console.web import PageRequest
from crossdock.core.history import queries
from crossdock.core.history.model import SOURCES, Key, Told, Wanted
from crossdock.core.rules.commands import SET_RULE
from crossdock.core.staff.model import FLOOR_ACTIONS, USERNAME_CHARACTERS_MAX

HERE: Final = f"{PREFIX}/history"
KIND_DAYS: Final = 31
"""Of a kind of deeds so many days are looked at, where no day is named."""

LOG_INS: Final = frozenset({"login", "logout", "end_session"})
PEOPLE: Final = frozenset(
    {
        "create_staff",
        "disable_staff",
        "enable_staff",
        "set_password",
        "withdraw",
        "unlock",
        "set_role",
        "move_staff",
    }
)
OPERATORS: Final = frozenset(
    {
        "add_operator",
        "disable_operator",
        "enable_operator",
        "set_totp",
        "reset_totp",
        "recovery_codes",
        "recovery_used",
    }
)
CODES: Final = frozenset({"stock_prepare", "consume", "rollback", "issue", "expire", "cancel"})
PICKING: Final = frozenset(
    {
        "create_wave",
        "cancel_wave",
        "leave_wave",
        "pick",
        "short_pick",
        "sort",
        "put_back",
        "replenish",
        "decide_call_off",
        "release_order",
    }
)
DOORS: Final = frozenset({"open_door", "break_door", "mend_door", "clear_alarm"})
IMPORTS: Final = frozenset({queries.IMPORT, "begin_import", "drop_import", "undo_import"})
RULES: Final = frozenset({SET_RULE})
PACKING: Final = frozenset(
    {"pack", "unpack", "put_aside", "weigh", "stop_packing", "load", "unload", "close_manifest"}
)
RETURNS: Final = frozenset({"receive_return", "finish_return", "settle_stray"})
ORDERS: Final = frozenset({"cancel_order", "hold_order", "release_order", "grant_order", "refuse_order"})
EXCEPTIONS: Final = frozenset(
    {"take_exception", "leave_exception", "finish_exception", "reopen_exception", "put_off_exception"}
)
CALLBACKS: Final = frozenset(
    {"freeze_receiver", "thaw_receiver", "resend_callback", "give_up_callback", "resend_range", "stop_resend"}
)
KEYS: Final = frozenset({"issue_key", "rotate_key", "revoke_key", "examine_signature"})
KINDS: Final[Mapping[str, frozenset[str]]] = {
    "log_ins": LOG_INS,
    "people": PEOPLE,
    "operators": OPERATORS,
    "codes": CODES,
    "picking": PICKING,
    "packing": PACKING,
    "returns": RETURNS,
    "orders": ORDERS,
    "exceptions": EXCEPTIONS,
    "callbacks": CALLBACKS,
    "keys": KEYS,
    "floor": FLOOR_ACTIONS,
    "doors": DOORS,
    "imports": IMPORTS,
    "rules": RULES,
}
"""What can be asked for, and the actions it is."""

ACTION_TEXTS: Final[Mapping[str, str]] = {
    "login": "Logged in",
    "logout": "Logged out",
    "end_session": "Ended a session",
    "create_staff": "Added somebody",
    "disable_staff": "Blocked",
    "enable_staff": "Let in again",
    "set_password": "Set a password",
    "withdraw": "Ended all sessions",
    "unlock": "Forgot wrong passwords",
    "set_role": "Gave a role",
    "move_staff": "Moved to another place",
    "add_operator": "Added an operator",
    "disable_operator": "Blocked an operator",
    "enable_operator": "Let an operator in again",
    "set_totp": "Set up the second factor",
    "reset_totp": "Took the second factor away",
    "recovery_codes": "Made recovery codes",
    "recovery_used": "Used a recovery code",
    "stock_prepare": "Set aside",
    "consume": "Handed over",
    "rollback": "Took a hand-over back",
    "issue": "Issued a pick-up code",
    "expire": "Pick-up code expired",
    "cancel": "Cancelled a pick-up code",
    "create_wave": "Released a wave",
    "cancel_wave": "Cancelled a wave",
    "leave_wave": "Left a wave",
    "pick": "Picked",
    "short_pick": "Found too little",
    "sort": "Sorted",
    "put_back": "Put back",
    "replenish": "Replenished",
    "decide_call_off": "Decided on a call-off",
    "release_order": "Released a held order",
    "receive": "Received",
    "close_receipt": "Closed a receipt",
    "put_away": "Put away",
    "move_goods": "Moved goods",
    "count": "Counted a location",
    "adjust": "Adjusted stock",
    "hand_out_sscc": "Handed out pallet numbers",
    "pack": "Packed",
    "unpack": "Unpacked",
    "put_aside": "Put aside at the bench",
    "weigh": "Weighed",
    "stop_packing": "Stopped packing",
    "load": "Loaded",
    "unload": "Unloaded",
    "close_manifest": "Closed a manifest",
    "receive_return": "Received a return",
    "finish_return": "Finished a return",
    "settle_stray": "Settled a stray",
    "cancel_order": "Called an order off",
    "hold_order": "Held an order",
    "grant_order": "Granted a call-off",
    "refuse_order": "Refused a call-off",
    "take_exception": "Took on an exception",
    "leave_exception": "Left an exception",
    "finish_exception": "Finished an exception",
    "reopen_exception": "Opened an exception again",
    "put_off_exception": "Put an exception off",
    "freeze_receiver": "Froze a receiver",
    "thaw_receiver": "Thawed a receiver",
    "resend_callback": "Sent a callback again",
    "give_up_callback": "Gave a callback up",
    "resend_range": "Sent a range of callbacks again",
    "stop_resend": "Stopped sending a range again",
    "issue_key": "Issued a key",
    "rotate_key": "Replaced a key",
    "revoke_key": "Revoked a key",
    "examine_signature": "Examined a signature",
    "open_door": "Opened a door",
    "break_door": "Marked a door as out of order",
    "mend_door": "Marked a door as in order",
    "clear_alarm": "Ended an alarm of a cabinet",
    SET_RULE: "Changed a rule",
    "import": "Took in a file",
    "begin_import": "Began an import",
    "drop_import": "Left an import",
    "undo_import": "Took an import back",
}
TEXTS: Final[Mapping[str, str]] = {
    **{f"a_{action}": text for action, text in ACTION_TEXTS.items()},
    "history": "History",
    "person": "Person",
    "person_hint": "A user name, whole: what they did, and what was done about them.",
    "kind": "What",
    "any": "everything",
    "k_log_ins": "log-ins",
    "k_people": "people",
    "k_operators": "operators",
    "k_codes": "hand-overs and pick-up codes",
    "k_picking": "picking",
    "k_packing": "packing and loading",
    "k_returns": "returns",
    "k_orders": "orders",
    "k_exceptions": "exceptions",
    "k_callbacks": "callbacks",
    "k_keys": "keys and signatures",
    "k_floor": "receiving, stock and places",
    "k_doors": "doors of cabinets",
    "k_imports": "imports",
    "k_rules": "rules of places",
    "from": "From",
    "to": "To",
    "show": "Show",
    "window": "Of one kind, the last {days} days are shown unless you name others.",
    "when": "When",
    "who": "Who",
    "system": "the system",
    "about": "To whom, to what",
    "place": "Place",
    "change": "Change",
    "export": "As CSV",
    "export_hint": "With these filters, the newest {rows} at most.",
}
SAYS: Final = Says.of(TEXTS)
ENTRY: Final = Entry(path=HERE, title="History")


class Asked(Struct, frozen=True, kw_only=True):
    """The filters, as the address has them."""

    person: str
    kind: str
    since: date | None
    until: date | None
    """The last day that is shown."""

    @classmethod
    def of(cls, request: PageRequest) -> "Asked":
        """What cannot be read is not asked for."""
        asked = request.query_params
        return cls(
            person=asked.get("person", "").strip().replace("\0", "")[:USERNAME_CHARACTERS_MAX],
            kind=asked.get("kind", "") if asked.get("kind", "") in KINDS else "",
            since=_day(asked.get("from", "")),
            until=_day(asked.get("to", "")),
        )


@get(HERE, media_type=MediaType.HTML)
async def listed(request: PageRequest) -> Response[Any]:
    who = await reader(request)
    asked = Asked.of(request)
    async with who.desk.database.autocommit() as tx:
        found = await queries.told(tx, _wanted(who, asked), after=_after(request), limit=screen.ROWS_MAX + 1)
    return screen.show(
        request,
        who,
        SAYS,
        "office/history.html",
        here=HERE,
        rows=screen.Rows.of(request, found, key=lambda row: _written(row.key)),
        asked=asked,
        kinds=list(KINDS),
        known=ACTION_TEXTS,
        changes=changes,
        days=KIND_DAYS,
        rows_max=queries.EXPORT_ROWS_MAX,
        query=request.url.query,
    )


@get(HERE + "/{file:str}")
async def export(request: PageRequest, file: FromPath[str]) -> Response[Any]:
    """`export.csv` or `export.xlsx`, with the filters of the list."""
    who = await reader(request)
    name, _, format_ = file.partition(".")
    if name != "export":
        raise PathUnknown()
    wanted = _wanted(who, Asked.of(request))

    async def rows() -> AsyncIterator[list[str]]:
        yield ["at", "who", "action", "about", "subject", "place", "account", "change", "reason"]
        async for row in queries.export(who.desk.database, wanted):
            yield [
                f"{row.at.astimezone(who.zone):%Y-%m-%d %H:%M:%S}",
                row.who,
                row.action,
                row.about or "",
                row.subject,
                row.place or "",
                row.account or "",
                "; ".join(changes(row)),
                row.reason,
            ]

    return await as_file(rows(), "history", format_)


def changes(row: Told) -> list[str]:
    """What was and what is, by name; a subject in it is shown elsewhere."""
    before, after = row.before or {}, row.after or {}
    names = [name for name in dict.fromkeys([*before, *after]) if name != "subject"]
    return [
        f"{name}: {said(before[name])} → {said(after.get(name, ''))}"
        if name in before
        else f"{name}: {said(after[name])}"
        for name in names
    ]


def said(value: Any) -> str:
    if isinstance(value, dict):
        return forms.shortened(", ".join(f"{name} {said(one)}" for name, one in value.items()))
    if isinstance(value, list):
        return forms.shortened(", ".join(said(one) for one in value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else forms.shortened(str(value))


def _wanted(who: Somebody, asked: Asked) -> Wanted:
    """Days are those of the clocks of whoever looks."""
    since = asked.since
    if asked.kind and since is None:
        last = asked.until or who.desk.clock.now().astimezone(who.zone).date()
        since = max(last, date.min + timedelta(days=KIND_DAYS)) - timedelta(days=KIND_DAYS)
    until = None if asked.until is None else min(asked.until, date.max - timedelta(days=2)) + timedelta(days=1)
    return Wanted(
        account_id=who.scope.account_id,
        site_id=who.scope.site_id,
        person=asked.person or None,
        actions=KINDS.get(asked.kind),
        since=None if since is None else _midnight(since, who),
        until=None if until is None else _midnight(until, who),
    )


def _midnight(day: date, who: Somebody) -> datetime:
    return datetime.combine(max(day, date(2, 1, 1)), time(), who.zone)


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _written(key: Key) -> str:
    """A key as an address has it."""
    return f"{int(key.at.timestamp()) * 1_000_000 + key.at.microsecond}.{key.rank}.{key.id}"


def _after(request: PageRequest) -> Key | None:
    """The key the list goes on from; what cannot be one begins anew."""
    parts = request.query_params.get("after", "").split(".")
    numbers = [number for part in parts if (number := forms.id_of(part)) is not None]
    if len(parts) != 3 or len(numbers) != 3:
        return None
    moment, rank, id_ = numbers
    try:
        at = datetime.fromtimestamp(moment // 1_000_000, UTC).replace(microsecond=moment % 1_000_000)
    except (ValueError, OverflowError, OSError):
        return None
    return Key(at=at, rank=rank, id=id_) if rank < len(SOURCES) else None


HANDLERS: Final = [listed, export]
