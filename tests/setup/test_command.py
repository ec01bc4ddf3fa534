"""`crossdock apply` as a stranger types it."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "examples" / "demo.toml"


class Terminal:
    def __init__(self, database_url: str, folder: Path) -> None:
        self._environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CROSSDOCK_")},
            "CROSSDOCK_DATABASE_URL": database_url,
            "CROSSDOCK_VAR": str(folder / "var"),
            "COLUMNS": "80",
        }

    async def apply(self, *words: str, **environ: str) -> tuple[int, list[str], list[str]]:
        """Exit code, and the lines of both outputs."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "from crossdock.cli import app; app()",
            "apply",
            *words,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._environ | environ,
        )
        out, err = await process.communicate()
        return process.returncode or 0, out.decode().splitlines(), err.decode().splitlines()


@pytest.fixture
def terminal(database_url: str, tmp_path: Path) -> Terminal:
    return Terminal(database_url, tmp_path)


async def test_the_demo_twice(terminal: Terminal) -> None:
    code, would, _ = await terminal.apply(str(DEMO), "--dry-run")
    assert (code, would[-1]) == (0, f"{len(would) - 1} would change.")

    code, done, _ = await terminal.apply(str(DEMO))
    assert (code, done[:-1], done[-1]) == (0, would[:-1], f"{len(would) - 1} changed.")

    assert await terminal.apply(str(DEMO)) == (0, ["Nothing to change."], [])
    assert await terminal.apply(str(DEMO), "--dry-run") == (0, ["Nothing to change."], [])


async def test_a_file_that_is_wrong(terminal: Terminal, tmp_path: Path) -> None:
    """One line for each problem, however narrow the terminal is: file, line, field, and what to do."""
    file = tmp_path / "a folder with a long name" / "a setup file with a long name as well.toml"
    file.parent.mkdir()
    file.write_text('[[company]]\nid = 36\ncurency = "CNY"\n\n[[account]]\ncode = "a"\nweight_kg = 1\n')

    code, out, err = await terminal.apply(str(file))

    assert (code, out) == (1, [])
    assert err[0] == "crossdock: The setup file cannot be applied; nothing was written."
    assert err[1] == f"{file}:3: company.curency: is not a known key; did you mean currency?"
    assert err[2].startswith(f"{file}:7: account.weight_kg: is not a known key; known here: id, code,")
    assert len(err) == 3


async def test_a_change_is_one_line_and_tells_no_secret(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "setup.toml"
    text = (
        '[[account]]\ncode = "a"\nname = "A"\nzone = "UTC"\ncurrency = "EUR"\nsettings.said = "FIRST"\n'
        '[[account.credential]]\ndialect = "hongxun"\nkey = "K"\nsecret = {env = "ERP_SECRET"}\n'
    )
    file.write_text(text.replace("FIRST", "before " * 30))
    code, _, err = await terminal.apply(str(file))
    assert (code, err[1]) == (
        1,
        f"{file}:10: account.credential.secret: environment variable ERP_SECRET is not set:"
        " set it, or give a default",
    )
    await terminal.apply(str(file), ERP_SECRET="the first secret")
    file.write_text(text.replace("FIRST", "after " * 30))

    code, out, _ = await terminal.apply(str(file), ERP_SECRET="the second secret")

    assert code == 0
    assert out == [
        f'~ account a settings: {{"said":"{"before " * 30}"}} -> {{"said":"{"after " * 30}"}}',
        "~ credential hongxun K secret: changed",
        "2 changed.",
    ]
