"""`crossdock evidence` on the command line."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crossdock import cli
from crossdock.base.clock import SystemClock
from crossdock.base.seal import Seal
from crossdock.console.evidence import shown_by
from crossdock.core.evidence.model import HOURS_MAX
from tests.cli.conftest import Terminal
from tests.world import ACCOUNT, World


async def test_an_address_for_so_many_hours(terminal: Terminal, quiet_world: World, tmp_path: Path) -> None:
    order = await quiet_world.order("N-1", lines={"00131031": 1})
    code, said = await terminal.run("evidence", "N-1", "--hours", "2", CROSSDOCK_PUBLIC_URL="https://x.example")
    found = re.fullmatch(rf"https://x\.example/orders/{order.id}/evidence/(\S+)\n", said)
    assert (code, found is not None) == (0, True), said
    assert found is not None
    seal, now = Seal((tmp_path / "var" / "secret.key").read_text().strip()), SystemClock().now()
    shown = shown_by(seal, str(order.id), found[1], now)
    assert (shown.account_id, shown.order_id) == (ACCOUNT, order.id)
    assert 7_100 < (shown.expires - now).total_seconds() <= 7_200
    told = await quiet_world.rows("SELECT actor, facts FROM event WHERE kind = 'evidence.addressed'")
    assert [(actor, facts["expires"][:16]) for actor, facts in told] == [
        ("crossdock evidence", f"{shown.expires:%Y-%m-%dT%H:%M}")
    ]


async def test_a_bundle_is_written_and_verified_by_the_key_that_is_printed(
    terminal: Terminal, quiet_world: World, tmp_path: Path
) -> None:
    await quiet_world.order("N-1", lines={"00131031": 1})
    path = tmp_path / "N-1.zip"
    code, said = await terminal.run("evidence", "N-1", "--bundle", str(path))
    assert (code, said) == (0, f"N-1: written to {path}.\n")
    code, pem = await terminal.run("evidence", "--public-key")
    assert (code, pem.startswith("-----BEGIN PUBLIC KEY-----\n")) == (0, True)
    (tmp_path / "server.pem").write_text(pem)
    script = Path(cli.__file__).parents[1] / "console" / "verify_bundle.py"
    words = [sys.executable, str(script), str(path), "--key", str(tmp_path / "server.pem")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.startswith("VERIFIED: ")) == (0, True), done.stdout + done.stderr


async def test_an_order_that_is_not_there(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    code, said = await terminal.run("evidence", "N-0", "--bundle", str(path))
    assert (code, said.startswith("crossdock: "), path.exists()) == (1, True, False)


@pytest.mark.parametrize(
    "words", [[], ["N-1", "--public-key"], ["N-1", "--hours", "0"], ["N-1", "--hours", str(HOURS_MAX + 1)]]
)
def test_what_cannot_be_meant(words: list[str]) -> None:
    assert CliRunner().invoke(cli.app, ["evidence", *words]).exit_code == 2
