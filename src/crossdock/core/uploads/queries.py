"""Reading tasks."""

from crossdock.base.ids import AccountId, CompanyId
from crossdock.core.uploads import sql
from crossdock.core.uploads.errors import TaskUnknown
from crossdock.core.uploads.model import Outcome, Task
from crossdock.db.tx import Tx


async def task(tx: Tx, *, account_id: AccountId, company_id: CompanyId, task_id: int) -> Task:
    """Errors: TaskUnknown."""
    found = await sql.task(tx, account_id=account_id, company_id=company_id, task_id=task_id)
    if found is None:
        raise TaskUnknown(id=task_id)
    return found


async def outcomes(tx: Tx, *, task_id: int) -> list[Outcome]:
    """Of the rows that are done with, by their ids."""
    return await sql.outcomes(tx, task_id=task_id)
