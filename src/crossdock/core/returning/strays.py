"""Goods that came back without a return: put on record, until somebody says what was done with them."""

from crossdock.base.ids import AccountId, SiteId, StaffId
from crossdock.core.orders import labels
from crossdock.core.returning import queries, sql
from crossdock.core.returning.commands import refuse_long
from crossdock.core.returning.errors import NoteMissing, StraySettled
from crossdock.core.returning.model import Stray
from crossdock.core.staff import commands as staff
from crossdock.db.tx import Tx


async def note(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    staff_id: StaffId,
    code: str,
    what: str,
    operation_id: str,
) -> Stray:
    """Goods came back that nobody announced: what stands on them, and what they are.

    The same operation again notes nothing. Errors: NoteMissing, NoteTooLong.
    """
    refuse_long(what)
    if not what.strip():
        raise NoteMissing()
    found = await labels.by_label(tx, account_id=account_id, kinds=["outbound"], code=code) if code else []
    return await sql.add_stray(
        tx,
        account_id=account_id,
        site_id=site_id,
        staff_id=staff_id,
        code=code,
        what=what.strip(),
        order_id=found[0].id if found else None,
        operation_id=operation_id,
    )


async def settle(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    staff_id: StaffId,
    stray_id: int,
    settlement: str,
    operation_id: str,
) -> Stray:
    """What was done with them.

    The same operation again settles nothing. Errors: StrayUnknown, StraySettled, NoteMissing, NoteTooLong.
    """
    refuse_long(settlement)
    if not settlement.strip():
        raise NoteMissing()
    found = await queries.stray(tx, account_id=account_id, site_id=site_id, stray_id=stray_id)
    done = await staff.action_of(tx, account_id=account_id, site_id=site_id, operation_id=operation_id)
    if done is not None:
        return found
    settled = await sql.settle_stray(
        tx,
        account_id=account_id,
        site_id=site_id,
        stray_id=stray_id,
        staff_id=staff_id,
        settlement=settlement.strip(),
    )
    if not settled:
        raise StraySettled(id=stray_id)
    await staff.record_action(
        tx,
        account_id=account_id,
        site_id=site_id,
        staff_id=staff_id,
        action="settle_stray",
        after={"record": stray_id, "settlement": settlement.strip()},
        operation_id=operation_id,
    )
    return await queries.stray(tx, account_id=account_id, site_id=site_id, stray_id=stray_id)
