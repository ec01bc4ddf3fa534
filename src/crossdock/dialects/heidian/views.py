"""Our structs as Heidian prints them."""

from crossdock.base.ids import StaffId
from crossdock.core.accounts.model import Site
from crossdock.core.handover.codes import masked
from crossdock.core.handover.model import PickUp, StaffName
from crossdock.core.staff.model import Action, LoggedIn, Staff
from crossdock.dialects.heidian import wire
from crossdock.dialects.heidian.words import moment, moment_or_null, object_or_empty


def branch(site: Site) -> wire.Branch:
    return wire.Branch(id=site.id, name=site.name, address=_said(site, "address"), phone=_said(site, "phone"))


def branch_in_full(site: Site) -> wire.BranchInFull:
    return wire.BranchInFull(
        id=site.id,
        name=site.name,
        province=_said(site, "province"),
        city=_said(site, "city"),
        district=_said(site, "district"),
        address=_said(site, "address"),
        phone=_said(site, "phone"),
        location=_said(site, "location"),
        business_hours=_said(site, "business_hours"),
        pic=_said(site, "pic"),
        is_active=site.active,
    )


def branch_listed(site: Site) -> wire.BranchListed:
    full = branch_in_full(site)
    return wire.BranchListed(
        **{name: getattr(full, name) for name in full.__struct_fields__},
        created_at=moment(site.created_at),
        updated_at=moment(site.updated_at),
    )


def pick_up_code(pick_up: PickUp, site: Site, *, mask: bool = False) -> wire.PickUpCode:
    return wire.PickUpCode(
        id=pick_up.id,
        heyshop_order_id=pick_up.order_id,
        order_number=pick_up.order_number,
        key=_key(pick_up.key, mask),
        key_status=pick_up.state,
        stock_status=stock_status(prepared=pick_up.prepared_at is not None),
        offline_shop=branch(site),
        full_name=pick_up.full_name,
        mobile=pick_up.mobile,
        prepared_at=moment_or_null(pick_up.prepared_at),
        prepared_by=_named(pick_up.prepared_by),
        used_at=moment_or_null(pick_up.used_at),
        used_by=_named(pick_up.used_by),
        expires_at=moment_or_null(pick_up.expires_at),
        canceled_at=moment_or_null(pick_up.canceled_at),
        metafield=object_or_empty(pick_up.partner_fields.get("metafield")),
        created_at=moment(pick_up.created_at),
        updated_at=moment(pick_up.updated_at),
    )


def buyers_code(pick_up: PickUp, site: Site) -> wire.BuyersCode:
    return wire.BuyersCode(
        id=pick_up.id,
        heyshop_order_id=pick_up.order_id,
        order_number=pick_up.order_number,
        key=pick_up.key,
        key_status=pick_up.state,
        stock_status=stock_status(prepared=pick_up.prepared_at is not None),
        offline_shop=branch_in_full(site),
        full_name=pick_up.full_name,
        mobile=pick_up.mobile,
        prepared_at=moment_or_null(pick_up.prepared_at),
        used_at=moment_or_null(pick_up.used_at),
        expires_at=moment_or_null(pick_up.expires_at),
        canceled_at=moment_or_null(pick_up.canceled_at),
        created_at=moment(pick_up.created_at),
        updated_at=moment(pick_up.updated_at),
    )


def checked_code(code: wire.PickUpCode, order: dict[str, object] | None) -> wire.CheckedCode:
    return wire.CheckedCode(**{name: getattr(code, name) for name in code.__struct_fields__}, order=order)


def logged_in(login: LoggedIn, site: Site) -> wire.LoggedInStaff:
    return wire.LoggedInStaff(
        id=login.staff.id,
        username=login.staff.username,
        is_manager=login.staff.manager,
        token=login.token,
        offline_shop=branch(site),
    )


def staff_row(staff: Staff, site: Site) -> wire.StaffRow:
    return wire.StaffRow(
        id=staff.id,
        username=staff.username,
        is_manager=staff.manager,
        is_active=staff.active,
        offline_shop=branch(site),
        last_login=moment_or_null(staff.last_login),
        created_at=moment(staff.created_at),
        updated_at=moment(staff.updated_at),
    )


def action_row(action: Action, *, mask: bool = False) -> wire.ActionRow:
    return wire.ActionRow(
        id=action.id,
        action=action.action,
        staff=staff_named(action.staff_id, action.username),
        offline_shop=action.site_id,
        pick_up_code=action.handover_id,
        key=_key(action.key or "", mask),
        heyshop_order_id=action.order_id,
        order_number=action.order_number or "",
        reason=action.reason,
        created_at=moment(action.created_at),
    )


def staff_named(staff_id: StaffId | None, username: str | None) -> wire.Named | None:
    return None if staff_id is None else wire.Named(id=staff_id, username=username or "")


def stock_status(*, prepared: bool) -> str:
    return "prepared" if prepared else "unprepare"


def _key(key: str, mask: bool) -> str:
    return masked(key) if key and mask else key


def _named(staff: StaffName | None) -> wire.Named | None:
    return None if staff is None else staff_named(staff.id, staff.username)


def _said(site: Site, name: str) -> str:
    return str(site.address.get(name) or "")
