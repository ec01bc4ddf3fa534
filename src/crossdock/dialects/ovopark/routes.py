"""Which method is answered by what; all of them share two paths and any verb."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from crossdock.dialects.ovopark import authority, devices, logins, places, storehouse, tills
from crossdock.dialects.ovopark.wire import Parameters
from crossdock.edge.desk import Desk
from crossdock.edge.dialect import Endpoint

PATHS: Final = ("/cloud.api", "/m.api")
"""The newer gateway and the first one: the same methods, the same rules, any verb."""
Method = tuple[str, str]
"""`_mt` and `_version`."""
Run = Callable[[Desk, Any, Parameters], Awaitable[object]]

SIGNED: Final[dict[Method, Run]] = {
    ("open.gateway.getBusinessOrg", "v1"): authority.get_business_org,
    ("open.gateway.authentication", "v1"): authority.authentication,
    ("open.gateway.authentication", "v2"): authority.authentication,
    ("open.gateway.syscEnterpriseCode", "v1"): authority.sync_enterprise_code,
    ("open.shopweb.security.mobileLogin", "v1"): logins.mobile_login,
    ("open.shopweb.security.ssoLogin", "v1"): logins.sso_login,
    ("open.ovopark.storehouse.sendOrder", "v2"): storehouse.send_order,
    ("open.ovopark.storehouse.getSkuType", "v1"): storehouse.get_sku_type,
    ("open.ovopark.pos.sendOrder", "v2"): tills.send_order,
    ("open.ovopark.pos.deleteOrder", "v1"): tills.delete_order,
    ("open.ovopark.pos.reportSales", "v1"): tills.report_sales,
    ("open.ovopark.pos.reportSalesHourly", "v1"): tills.report_sales_hourly,
}
"""The signature is enough: run by a Caller. A token that comes with them is not looked at."""

FOR_USERS: Final[dict[Method, Run]] = {
    ("open.ovopark.storehouse.searchOrder", "v1"): storehouse.search_order,
    ("open.ovopark.pos.searchPos", "v1"): tills.search_pos,
    ("open.ovopark.pos.getMachineIdsList", "v1"): tills.get_machine_ids_list,
    ("open.organize.departments.getDepartments", "v1"): places.get_departments,
    ("open.shopweb.departments.getDeptListByPage", "v1"): places.get_dept_list_by_page,
    ("open.shopweb.device.getDeviceList", "v1"): devices.get_device_list,
    ("open.shopweb.device.getVideoDeviceList", "v1"): devices.get_video_device_list,
    ("open.shopweb.device.getDeviceStates", "v2"): devices.get_device_states,
    ("open.shopweb.device.startPlayRecReq", "v1"): devices.start_play_rec_req,
    ("open.shopweb.device.startPlayRecReq", "v3"): devices.start_play_rec_req_v3,
    ("open.shopweb.device.startNewMediaPlay", "v1"): devices.start_new_media_play,
    ("open.shopweb.device.startNewMediaPlay", "v4"): devices.start_new_media_play,
    ("open.shopweb.device.startRecReqDown", "v1"): devices.start_rec_req_down,
    ("open.device.public.device.v2.downloadVideo", "v3"): devices.download_video,
    ("open.shopweb.device.getAllChnDetail", "v1"): devices.get_all_chn_detail,
    ("open.shopweb.device.snapshot", "v1"): devices.snapshot,
    ("open.shopweb.device.ptzCtrlAll", "v1"): devices.ptz_ctrl_all,
    ("open.shopweb.device.ptzCtrlAll", "v2"): devices.ptz_ctrl_all_v2,
}
"""A user's token must come beside the signature: run by a Visitor."""

OUTSPOKEN: Final = frozenset({"open.shopweb.security.ssoLogin", "open.organize.departments.getDepartments"})
"""Methods that say their outcome a second time, beside `stat`."""


def call_of(method: str, version: str) -> str:
    """How endpoints.toml writes a method down."""
    return f"POST {PATHS[0]}?_mt={method}&_version={version}"


ENDPOINTS: Final = {
    (method, version): Endpoint(call=call_of(method, version), run=run)
    for (method, version), run in (SIGNED | FOR_USERS).items()
}
