"""Imports and exports at the console, through the front door."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Browser, expect

from crossdock.console.office import bulk as page
from crossdock.core.bulk import running, sheets
from tests.console.conftest import assert_accessible, picture
from tests.console.offices import Caller, Office, desk_of, failed
from tests.world import ACCOUNT, World

GOODS = "sku,name,weight_g\nNEW-1,Cup <b>,120\nNEW-2,,\n"


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


async def uploaded(caller: Caller, text: str = GOODS, **fields: Any) -> httpx.Response:
    await caller.get("bulk")
    data = {"word": caller.word, "operation_id": str(uuid4()), "kind": "products", "mode": "rows", "site": ""}
    data |= {"account": str(ACCOUNT), **fields}
    files = {"file": ("goods.csv", text.encode(), "text/csv")}
    return await caller.client.post("/console/bulk", data=data, files=files)


def large(size: int) -> str:
    """A file of that many bytes, in few rows."""
    headings = ["sku", "name", *(f"c{number}" for number in range(sheets.COLUMNS_MAX - 2))]
    rows = [",".join(headings), *(",".join(["x" * 100_000] * len(headings)) for _ in range(3))]
    text = "\n".join(rows) + "\n"
    left = size - len(text)
    cells = ["y" * 100_000] * (left // 100_001)
    last = ",".join(cells)
    return text + last + "," + "z" * (left - len(last) - 1)


async def worked(office: Office, run_id: int) -> None:
    """What a worker would do now."""
    await running.go_on(office.world.desk.database, account_id=ACCOUNT, run_id=run_id)


async def test_a_file_is_tried_done_and_taken_back(office: Office) -> None:
    caller = await office.as_operator()
    answer = await uploaded(caller)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/bulk/1")
    assert 'data-again="/console/bulk/1"' in (await caller.get("bulk/1")).text
    await worked(office, 1)
    shown = (await caller.get("bulk/1")).text
    assert "would be created" in " ".join(shown.split())
    assert "is empty, and there is no product" in shown
    operation_id = str(uuid4())
    said = await caller.said(await caller.post("bulk/1", deed="begin", operation_id=operation_id))
    assert said == "The rows are being imported."
    await worked(office, 1)
    assert (await caller.post("bulk/1", deed="begin", operation_id=operation_id)).status_code == 303
    table = (await caller.client.get("/console/bulk/1/result.csv")).content.decode("utf-8-sig")
    assert table.splitlines()[:2] == ["sku,name,weight_g,status,reason", "NEW-1,Cup <b>,120,created,"]
    assert (
        sheets.read((await caller.client.get("/console/bulk/1/result.xlsx")).content).rows[0]["status"] == "created"
    )
    await caller.post("bulk/1", deed="undo", reason="the wrong file")
    await worked(office, 1)
    assert "taken back" in (await caller.get("bulk/1")).text
    assert [row[1:] for row in await office.history() if "import" in row[1]] == [
        ("begin_import", "import:1", ""),
        ("undo_import", "import:1", "the wrong file"),
    ]


async def test_a_place_that_is_not_there_is_not_passed_over(office: Office) -> None:
    caller = await office.as_operator()
    for site in ("WH-GZ99", "x" * 100):
        answer = await uploaded(caller, site=site)
        assert (answer.status_code, "in the field “site”" in failed(answer)) == (400, True)
    assert (await uploaded(caller, site="WH-GZ01")).status_code == 303


async def test_the_same_form_sent_twice_is_one_import(office: Office) -> None:
    caller = await office.as_operator()
    operation_id = str(uuid4())
    answers = [await uploaded(caller, operation_id=operation_id) for _ in range(2)]
    assert {answer.headers["location"] for answer in answers} == {"/console/bulk/1"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "This file has no rows below its headings."),
        ("name\nx\n", "The headings do not fit. Missing: sku. Repeated: ."),
        ("sku\n\0\n", "This file cannot be read"),
    ],
)
async def test_a_file_that_is_none_is_refused_in_words(office: Office, text: str, why: str) -> None:
    caller = await office.as_operator()
    answer = await uploaded(caller, text)
    assert (answer.status_code, failed(answer).startswith(why)) == (400, True)
    assert await office.world.rows("SELECT 1 FROM bulk_run") == []


async def test_a_file_may_be_so_large_and_no_larger(office: Office) -> None:
    caller = await office.as_operator()
    answer = await uploaded(caller, large(sheets.FILE_BYTES_MAX))
    assert (answer.status_code, answer.headers.get("location")) == (303, "/console/bulk/1")
    answer = await uploaded(caller, large(sheets.FILE_BYTES_MAX) + "\n")
    assert (answer.status_code, failed(answer)[:27]) == (400, "This file is too large: 20 ")
    assert (await uploaded(caller, "x" * page.UPLOAD_BYTES_MAX)).status_code == 413


async def test_only_operators_import_and_only_where_they_see(office: Office) -> None:
    support = await office.as_support()
    assert (await support.get("bulk")).status_code == 200
    assert (await uploaded(support)).status_code == 403
    manager = await office.as_manager()
    assert (await manager.get("bulk")).status_code == 403
    assert (await uploaded(manager)).status_code == 403
    assert (await support.client.get("/console/bulk/export/products.csv?account=demo")).status_code == 200
    assert (await support.client.get("/console/bulk/export/products.csv?account=nobody")).status_code == 404
    assert (await support.client.get("/console/bulk/export/secrets.csv?account=demo")).status_code == 404
    assert (await support.client.get("/console/bulk/export/products.pdf?account=demo")).status_code == 404


async def test_in_a_browser(office: Office, browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "goods.csv"
    file.write_text(GOODS)
    caller = await office.as_operator()
    async with desk_of(browser, office, caller) as screen:
        await screen.goto("/console/bulk")
        await assert_accessible(screen)
        await screen.set_input_files("input[type=file]", str(file))
        await screen.get_by_role("button", name="Try the file").click()
        await expect(screen.get_by_text("being tried")).to_be_visible()
        await worked(office, 1)
        await expect(screen.get_by_role("button", name="Import these rows")).to_be_visible()
        await assert_accessible(screen)
        await picture(screen, "console-import")
        await screen.get_by_role("button", name="Import these rows").click()
        await expect(screen.get_by_text("The rows are being imported.")).to_be_visible()
        await worked(office, 1)
        await expect(screen.get_by_text("Take all of it back").first).to_be_visible()
