"""A server that has just started has not loaded what few of its calls need: its memory is promised in bench/."""

import subprocess
import sys

SELDOM = ("alembic", "av", "biip", "httpx", "pypdfium2", "python_calamine", "sqlalchemy", "xlsxwriter", "zebrafy")


def test_what_is_seldom_needed_is_loaded_where_it_is_needed() -> None:
    asked = f"import sys, crossdock.cli.serving; print([name for name in {SELDOM!r} if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "[]"
