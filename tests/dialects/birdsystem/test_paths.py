"""Controller, action or id, in any case, with or without a slash at the end."""

import pytest

from crossdock.base.errors import MethodNotAllowed, PathUnknown
from crossdock.dialects.birdsystem import ENDPOINTS, PATHS, paths


@pytest.mark.parametrize(
    ("method", "path", "call", "route"),
    [
        ("POST", "/client/consignment", "POST /client/consignment", {}),
        ("PUT", "/client/Consignment", "POST /client/consignment", {}),
        ("GET", "/CLIENT/Consignment/", "GET /client/consignment", {}),
        ("GET", "/client/consignment/2010290360000089", "GET /client/consignment", {"id": "2010290360000089"}),
        ("POST", "/client/consignment/no-action/", "POST /client/consignment", {"id": "no-action"}),
        (
            "PUT",
            "/client/consignment/batch-update-STATUS/",
            "POST /client/Consignment/Batch-Update-Status",
            {},
        ),
        ("POST", "/client/consignment-product", "POST /client/Consignment-Product", {}),
        ("GET", "/client/Public/Company-List", "GET /client/public/company-list", {}),
        ("GET", "/client/printer/barcode/7/", "GET /client/Printer/Barcode/[id]", {"id": "7"}),
        ("GET", "/Consignment/Tracking", "GET /consignment/tracking", {}),
        ("DELETE", "/client/webhook/7", "DELETE /client/Webhook/[id]", {"id": "7"}),
    ],
)
def test_found(method, path, call, route):
    found = PATHS.find(method, path)

    assert (found.endpoint.call, found.route) == (call, route)


@pytest.mark.parametrize(
    "path",
    [
        "/client",
        "/client/",
        "/client/public",
        "/client/nothing",
        "/client/nothing/7",
        "/client/consignment/7/8",
        "/client//consignment",
        "/consignment/tracking/7",
    ],
)
def test_not_served(path):
    with pytest.raises(PathUnknown):
        PATHS.find("GET", path)


@pytest.mark.parametrize("method", ["PATCH", "HEAD", "TRACE"])
def test_other_verbs(method):
    with pytest.raises(MethodNotAllowed):
        PATHS.find(method, "/client/consignment")


def test_put_is_only_where_post_is():
    with pytest.raises(MethodNotAllowed):
        PATHS.find("PUT", "/client/public/company-list")


def test_what_is_served_is_documented():
    assert {endpoint.call for endpoint in ENDPOINTS} <= set(paths.documented_calls())
