"""`crossdock papers` on the command line."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from crossdock import cli
from tests.cli.conftest import Terminal
from tests.core.papers.reading import codes, labels, pages
from tests.world import PARCEL_SERVICE, World


async def test_the_papers_of_an_order_go_into_files(terminal: Terminal, quiet_world: World, tmp_path: Path) -> None:
    order = await quiet_world.order("N-1", lines={"00131031": 1}, service=PARCEL_SERVICE)
    said = str(order.id)
    for paper, read in (("label", [said, said]), ("slip", [said]), ("note", [said])):
        path = tmp_path / f"{paper}.pdf"
        assert await terminal.run("papers", paper, "N-1", "-o", str(path)) == (0, f"N-1: written to {path}.\n")
        assert [codes(page) for page in pages(path.read_bytes())] == [read]
    for dpi, dots in (("203", 800), ("300", 1200)):
        path = tmp_path / "label.zpl"
        assert (await terminal.run("papers", "label", "N-1", "-o", str(path), "--dpi", dpi))[0] == 0
        [(picture, _)] = labels(path.read_bytes())
        assert (picture.width, codes(picture)) == (dots, [said, said])


async def test_an_order_that_is_not_there(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "x.pdf"
    code, said = await terminal.run("papers", "slip", "N-0", "-o", str(path))
    assert (code, said.startswith("crossdock: "), path.exists()) == (1, True, False)


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
