"""Values of a setup file against values on record: are they the same, what is stored, what may be shown."""

import re
from datetime import UTC, datetime
from typing import Any

from crossdock.core.staff import passwords
from crossdock.setup.changes import FieldChange
from crossdock.setup.plan import InUse, Password, Secret, ZoneOf
from crossdock.setup.run import Run
from crossdock.setup.tables import ACCOUNT, TABLES, Table

_TABLES = {f"{table.name}_id": table for table in TABLES}
_ADDRESSES = ("url", "source")


async def same(run: Run, value: Any, before: Any) -> bool:
    match value:
        case Secret(text=text):
            return text == ("" if before is None else run.seal.open(before))
        case Password(text=text):
            return await passwords.matches(text, before)
        case InUse(active=active):
            return active == (before is None)
    return bool(value == before)


async def stored(run: Run, value: Any) -> Any:
    """As the statements take it, in JSON."""
    match value:
        case Secret(text=""):
            return None
        case Secret(text=text):
            return f"\\x{run.seal.seal(text).hex()}"
        case Password(text=text):
            return await passwords.hashed(text)
        case InUse(active=active):
            return None if active else run.tx.now
        case ZoneOf(account=account):
            return (await run.by_id(ACCOUNT, account))["zone"]
    return value


async def change(run: Run, table: Table, column: str, before: Any, value: Any) -> FieldChange:
    name = table.field_of(column)
    match value:
        case Secret() | Password():
            return FieldChange(name=name, secret=True)
        case InUse(active=active):
            return FieldChange(name=name, before=before is None, after=active)
    if column == "manager":
        return FieldChange(name=name, before=_role(before), after=_role(value))
    return FieldChange(name=name, before=await shown(run, column, before), after=await shown(run, column, value))


async def shown(run: Run, column: str, value: Any) -> Any:
    """Ids by the name of what they stand for, times in UTC, addresses without login and query."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case int() if column in _TABLES:
            return await run.label(_TABLES[column], value)
        case str() if column in _ADDRESSES:
            return re.sub(r"\?.*", "?…", re.sub(r"//.*@", "//…@", value), flags=re.DOTALL)
    return value


def _role(manager: bool) -> str:
    return "manager" if manager else "clerk"
