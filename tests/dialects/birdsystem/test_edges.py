"""Paths, verbs and bodies that are not what was asked for: always the partner's own failure body."""

from crossdock.dialects.birdsystem import BODY_BYTES_MAX
from tests.dialects.birdsystem.calls import WHO, Erp, failure

JSON = WHO | {"content-type": "application/json"}


async def test_unknown_paths(world):
    erp = Erp(world.client)
    for path in ("/client", "/client/nothing", "/client/consignment/7/8", "/consignment/tracking/7"):
        assert await erp.call("GET", path) == failure("No call is served at this path.")
        assert erp.status == 404


async def test_other_verbs(world):
    erp = Erp(world.client)
    for method, path in (
        ("DELETE", "/client/public/company-list"),
        ("PATCH", "/client/consignment"),
        ("GET", "/client/Consignment/Batch-Update-Status"),
        ("PUT", "/client/public/company-list"),
    ):
        assert await erp.call(method, path, headers={}) == failure("This path is not served for this verb.")
        assert erp.status == 405


async def test_options_is_empty(world):
    for path in ("/client/consignment", "/client/Consignment-Product/7/", "/client"):
        answer = await world.client.options(path)
        assert (answer.status_code, answer.content) == (200, b"")


async def test_a_body_that_does_not_parse(world):
    erp = Erp(world.client)

    answer = await erp.call("POST", "/client/consignment", headers=JSON, content=b'{"contact": ')
    assert (answer, erp.status) == (failure("Decoding failed: Syntax error"), 500)
    form = WHO | {"content-type": "application/x-www-form-urlencoded"}
    answer = await erp.call("POST", "/client/consignment", headers=form, content=b"contact=%ff")
    assert answer == failure("Decoding failed: Syntax error")
    assert await erp.find() == []


async def test_how_large_a_body_may_be(world):
    erp = Erp(world.client)

    for length, message in (
        (BODY_BYTES_MAX, "Value is required and can't be empty: delivery_service_id"),
        (BODY_BYTES_MAX + 1, "The body is larger than this server takes."),
    ):
        body = b"{" + b" " * (length - 2) + b"}"
        answer = await erp.call("POST", "/client/consignment", headers=JSON, content=body)
        assert (answer, erp.status) == (failure(message), 500)


async def test_a_fault_of_ours_is_not_told(world, monkeypatch):
    async def broken(*_):
        raise RuntimeError("a secret of ours")

    monkeypatch.setattr(world.desk.accounts, "service", broken)
    erp = Erp(world.client)

    answer = await erp.post(
        "consignment", contact="Alex Sample", country_iso="GB", post_code="1", delivery_service_id=5217
    )
    assert (answer, erp.status) == (failure("A fault of this server; its log has the trace id."), 500)
