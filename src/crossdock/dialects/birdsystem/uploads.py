"""Batch consignments: rows are uploaded as they are, and made into consignments in the background, each by itself."""

from collections.abc import Sequence
from typing import Any, Final

import structlog
from msgspec import UNSET, Struct, UnsetType

from crossdock.base.errors import CrossdockError, Unavailable, Unforeseen
from crossdock.core.uploads import commands, queries
from crossdock.core.uploads.errors import RowUnknown, TaskUnknown
from crossdock.core.uploads.model import NewRow, Outcome, Task, UploadedRow
from crossdock.dialects.birdsystem import converting, values, wire, words
from crossdock.dialects.birdsystem.auth import NAME, Client
from crossdock.dialects.birdsystem.errors import ValueInvalid, ValueRequired, message
from crossdock.dialects.birdsystem.parameters import Parameters, Values
from crossdock.edge.desk import Desk
from crossdock.edge.dialect import Endpoint

ROWS_MAX: Final = 5_000
"""Of one upload; the body's limit is reached at about as many."""
ROW_KEY: Final = "thirty_system_id"
ROW_KEY_WIDTH: Final = 50
IDS_MAX: Final = 1_000
"""Of one conversion that names them."""
TYPES: Final = frozenset({"LOCAL", "RETURN", "DIRECT", "AGENT_DIRECT"})
JOB: Final = "birdsystem.convert"
STATUS_OF_STATE: Final[dict[str, str]] = {"queued": "QUEUE", "running": "RUNNING", "finished": "FINISH"}
"""ERROR and ABORTED are never said: a job that fails goes on later, a row that fails is told with its reason."""

log = structlog.get_logger(__name__)


class Imported(Struct, frozen=True, kw_only=True):
    success: bool = True
    message: str
    data: dict[str, str] | UnsetType = UNSET
    """The client's own row key -> our id of the row; left out where no row had a key."""
    moduleName: str = wire.MODULE  # noqa: N815


class Started(Struct, frozen=True, kw_only=True):
    numberOfTotalConsignmentsToProcess: int  # noqa: N815
    taskId: int  # noqa: N815
    success: bool = True
    refresh: bool = False


class Detail(Struct, frozen=True, kw_only=True):
    taskId: str  # noqa: N815
    status: str
    create_time: str | None
    start_time: str | None
    update_time: str | None
    finish_time: str | None
    data: dict[str, str] | UnsetType = UNSET
    """Row id -> consignment id; this and the next only when the task is finished."""
    errorData: dict[str, str] | UnsetType = UNSET  # noqa: N815
    """Row id -> why not."""
    success: bool = True
    refresh: bool = False
    moduleName: str = wire.MODULE  # noqa: N815


async def upload(desk: Desk, client: Client, given: Parameters) -> Imported:
    """POST /client/consignment-upload/Temp-Consignment-Json: kept as sent, looked at when they are converted."""
    elements = given.each()
    if len(elements) > ROWS_MAX:
        raise ValueInvalid(field="body")
    rows = [_row(one, type_=given.asked("type")) for one in elements]
    async with desk.database.transaction() as tx:
        ids = await commands.keep(
            tx,
            account_id=client.account.id,
            company_id=client.company.id,
            dialect=NAME,
            actor=client.actor,
            rows=rows,
        )
    named = {row.row_key: str(id_) for row, id_ in zip(rows, ids, strict=True) if row.row_key is not None}
    return Imported(
        message=f"File successfully uploaded! {len(rows)} records has been imported.", data=named or UNSET
    )


async def convert(desk: Desk, client: Client, given: Parameters) -> Started:
    """GET /client/Temp-Consignment/Convert-Into-Consignment: a task for the rows named, or for all of the type."""
    type_ = _type(given.get("type"))
    ids = _ids(given)
    start = values.whole("start", given.get("start")) or 0
    async with desk.database.transaction() as tx:
        task = await commands.start(
            tx,
            account_id=client.account.id,
            company_id=client.company.id,
            dialect=NAME,
            actor=client.actor,
            job=JOB,
            type_=type_,
            row_ids=ids,
            skip=0 if ids is not None else start,
        )
    return Started(numberOfTotalConsignmentsToProcess=task.total, taskId=task.id)


async def detail(desk: Desk, client: Client, given: Parameters) -> Detail:
    """GET /client/Gearman-background-tasks/Get-Detail."""
    id_ = values.text("id", given.get("id"))
    if id_ is None:
        raise ValueRequired(field="id")
    if not values.WHOLE.fullmatch(id_.strip()):
        raise TaskUnknown(id=id_)
    async with desk.database.transaction(readonly=True) as tx:
        task = await queries.task(tx, account_id=client.account.id, company_id=client.company.id, task_id=int(id_))
        outcomes = await queries.outcomes(tx, task_id=task.id) if task.state == "finished" else None
    return _detail(task, outcomes, zone=client.company.zone)


async def convert_rows(desk: Desk, *, task_id: int) -> None:
    """The job: one row after the other. Interrupted and begun again it goes on where it was."""
    async with desk.database.transaction() as tx:
        task = await commands.begin(tx, task_id=task_id)
    if task is None:
        return
    client = Client(
        account=await desk.accounts.account(task.account_id),
        company=await desk.accounts.company(task.account_id, task.company_id),
        actor=task.actor,
    )
    while await _convert_next(desk, client, task):
        pass


async def _convert_next(desk: Desk, client: Client, task: Task) -> bool:
    """False when there was nothing left. A row that cannot be converted is told why and passed over."""
    row: UploadedRow | None = None
    ready = None
    async with desk.database.transaction() as tx:
        row = await commands.next_row(tx, task_id=task.id)
        if row is None:
            await commands.finish(tx, task_id=task.id)
            return False
        if row.order_id is not None:
            await commands.converted(tx, task_id=task.id, row=row, order_id=row.order_id)
            return True
    try:
        ready = await converting.prepared(desk, client, row)
        async with desk.database.transaction() as tx:
            again = await commands.next_row(tx, task_id=task.id)
            if again is not None and again.id == row.id and again.order_id is None:
                order = await converting.place(tx, client, ready)
                await commands.converted(tx, task_id=task.id, row=again, order_id=order.id)
    except Unavailable:
        raise
    except CrossdockError as error:
        await _fail(desk, task, row, message(error))
    except Exception:
        log.exception("row not converted", task_id=task.id, row_id=row.id)
        await _fail(desk, task, row, message(Unforeseen()))
    return True


async def _fail(desk: Desk, task: Task, row: UploadedRow, failure: str) -> None:
    async with desk.database.transaction() as tx:
        await commands.failed(tx, task_id=task.id, row=row, failure=failure)


def _row(one: Values, *, type_: Any) -> NewRow:
    key = values.text(ROW_KEY, one.get(ROW_KEY))
    if key is not None and len(key) > ROW_KEY_WIDTH:
        raise ValueInvalid(field=ROW_KEY)
    return NewRow(type=_type(one.get("type") or type_), row_key=key, fields=one)


def _type(value: Any) -> str:
    type_ = values.word("type", value)
    if type_ is None:
        raise ValueRequired(field="type")
    if type_ not in TYPES:
        raise ValueInvalid(field="type")
    return type_


def _ids(given: Parameters) -> list[int] | None:
    """`ids`, of late `id`, joined by `_`. Errors: ValueInvalid, RowUnknown for what is no number."""
    name = "ids" if given.get("ids") is not None else "id"
    text = values.text(name, given.get(name))
    if text is None:
        return None
    parts = [part.strip() for part in text.split("_") if part.strip()]
    if not parts or len(parts) > IDS_MAX:
        raise ValueInvalid(field=name)
    wrong = [part for part in parts if not values.WHOLE.fullmatch(part)]
    if wrong:
        raise RowUnknown(ids=wrong)
    return list(dict.fromkeys(int(part) for part in parts))


def _detail(task: Task, outcomes: Sequence[Outcome] | None, *, zone: str) -> Detail:
    finished = outcomes is not None
    done = outcomes or ()
    return Detail(
        taskId=str(task.id),
        status=STATUS_OF_STATE[task.state],
        create_time=words.shown(task.created_at, zone),
        start_time=words.shown(task.started_at, zone),
        update_time=words.shown(task.updated_at, zone),
        finish_time=words.shown(task.finished_at, zone),
        data={str(one.row_id): str(one.order_id) for one in done if one.order_id is not None} if finished else UNSET,
        errorData={str(one.row_id): one.failure for one in done if one.failure is not None} if finished else UNSET,
    )


ENDPOINTS: Final = (
    Endpoint("POST /client/consignment-upload/Temp-Consignment-Json", upload),
    Endpoint("POST /client/Upload/Temp-Consignment-Json", upload),
    Endpoint("GET /client/Temp-Consignment/Convert-Into-Consignment", convert),
    Endpoint("GET /client/Gearman-background-tasks/Get-Detail", detail),
)
