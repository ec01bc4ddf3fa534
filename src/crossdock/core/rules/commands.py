"""Changing what a place says."""

from crossdock.base.ids import AccountId, SiteId, StaffId
from crossdock.core.rules import queries, sql
from crossdock.core.rules.errors import RuleChanged, RuleUnfit, RuleUnknown
from crossdock.core.rules.model import RULES, Value
from crossdock.core.staff import commands as staff
from crossdock.db.tx import Tx

SET_RULE = "set_rule"


async def set_rule(
    tx: Tx,
    *,
    account_id: AccountId,
    site_id: SiteId,
    name: str,
    was: Value | None,
    value: Value | None,
    staff_id: StaffId | None = None,
    actor: str = "",
    reason: str = "",
    operation_id: str | None = None,
) -> None:
    """The place says `value` from now on, or, with None, nothing, where it still says `was`; its history tells so.

    The setup file says it, too: applying one sets again what it names. Errors: PlaceUnknown, RuleUnknown, RuleUnfit,
    RuleChanged, ReasonTooLong.
    """
    place = await queries.place(tx, account_id=account_id, site_id=site_id)
    rule = next((rule for rule in RULES[place.kind] if rule.name == name), None)
    if rule is None:
        raise RuleUnknown(name=name)
    if value is not None and not rule.fits(value):
        raise RuleUnfit(name=name, value=str(value))
    if not await sql.change(tx, account_id=account_id, site_id=site_id, name=name, was=was, value=value):
        raise RuleChanged(name=name)
    await staff.record_action(
        tx,
        account_id=account_id,
        site_id=site_id,
        staff_id=staff_id,
        actor=actor,
        action=SET_RULE,
        before={name: was},
        after={name: value},
        reason=reason,
        operation_id=operation_id,
    )
