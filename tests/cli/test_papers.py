"""`crossdock papers` on the command line."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from crossdock import cli, papers
from crossdock.base.config import Config
from crossdock.core.orders.errors import OrderUnknown
from tests.cli.conftest import Terminal
from tests.core.papers.reading import codes, labels, pages
from tests.served import SECRET_KEY
from tests.world import PARCEL_SERVICE, World


async def test_a_label_goes_to_a_file_that_a_printer_takes(
    terminal: Terminal, quiet_world: World, tmp_path: Path
) -> None:
    order = await quiet_world.order("N-1", lines={"00131031": 1}, service=PARCEL_SERVICE)
    path = tmp_path / "label.zpl"
    written = await terminal.run("papers", "label", "N-1", "-o", str(path), "--dpi", "300")
    assert written == (0, f"N-1: written to {path}.\n")
    [(picture, _)] = labels(path.read_bytes())
    assert (picture.width, codes(picture)) == (1200, [str(order.id)] * 2)


@pytest.mark.parametrize(("paper", "times"), [("label", 2), ("slip", 1), ("note", 1)])
async def test_a_paper_is_of_the_order_of_that_number_or_there_is_none(
    quiet_world: World, demo_database_url: str, tmp_path: Path, paper: str, times: int
) -> None:
    order = await quiet_world.order("N-1", lines={"00131031": 1}, service=PARCEL_SERVICE)
    config = Config(database_url=demo_database_url, var=tmp_path, secret_key=SECRET_KEY)
    path = tmp_path / "paper.pdf"
    asked: dict[str, Any] = {"account": None, "form": "pdf", "out": Console(file=StringIO())}
    with pytest.raises(OrderUnknown):
        await papers.write(config, paper, "N-0", path, **asked)
    assert not path.exists()
    await papers.write(config, paper, "N-1", path, **asked)
    assert [codes(page) for page in pages(path.read_bytes())] == [[str(order.id)] * times]


@pytest.mark.parametrize(
    "words",
    [
        ["label", "N-1"],
        ["label", "N-1", "-o", "x.png"],
        ["label", "N-1", "-o", "x.zpl", "--dpi", "600"],
        ["slip", "N-1", "-o", "x.zpl"],
    ],
)
def test_what_cannot_be_meant(words: list[str]) -> None:
    assert CliRunner().invoke(cli.app, ["papers", *words]).exit_code == 2
