"""A sealed bundle, verified as a stranger does who has nothing but Python."""

import asyncio
import hashlib
import json
import os
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from crossdock.console import evidence
from crossdock.console.app import templates
from crossdock.console.evidence import BUNDLES_AT_ONCE, PAGES_OF_ADDRESS
from crossdock.console.evidence_bundle import public_key
from tests.console.evidences import KEY, SINCE, UNTIL, at, collected, files, minute, pictured
from tests.film.conftest import Studio
from tests.film.reels import Reel, times
from tests.world import ACCOUNT, World

__all__ = ["minute"]
OPENSSL = "import sys; sys.modules['cryptography'] = None; "
"""Before the script: as if the package was not installed."""
VERIFIED, CHANGED, UNSURE = 0, 1, 2


@pytest.fixture
async def folder(world: World, minute: Reel, tmp_path: Path) -> Path:
    """Fetched from the page, and unpacked."""
    answer = await world.client.get(at(world, await collected(world, minute)) + "/bundle.zip")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    (tmp_path / "bundle.zip").write_bytes(answer.content)
    (tmp_path / "server.pem").write_text(public_key(world.desk.seal))
    with zipfile.ZipFile(tmp_path / "bundle.zip") as packed:
        packed.extractall(tmp_path / "bundle")
    return tmp_path / "bundle"


def verified(folder: Path, *words: str, before: str = "", path: str | None = None) -> tuple[int, str]:
    """What the script in the bundle says."""
    script = folder / "verify.py"
    argv = [str(script), *words]
    run = f"{before}import runpy; sys.argv = {argv!r}; runpy.run_path(sys.argv[0], run_name='__main__')"
    environ = {} if path is None else {"PATH": path}
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {run}"], capture_output=True, text=True, env=environ or None, check=False
    )
    return done.returncode, done.stdout + done.stderr


def key_of(folder: Path) -> tuple[str, str]:
    return "--key", str(folder.parent / "server.pem")


async def test_what_is_in_a_bundle(folder: Path, world: World) -> None:
    told = json.loads((folder / "manifest.json").read_text())
    assert (told["format"], told["made_by"]) == ("crossdock-evidence-1", "evidence page")
    assert sorted([*told["files"], "manifest.json", "manifest.sig"]) == files(folder)
    [clip] = folder.glob("clips/*.mp4")
    moments = times(clip)
    assert moments[0] < SINCE < UNTIL < moments[-1]
    said = json.loads((folder / "report.json").read_text())
    assert said["evidence"]["order"]["number"] == told["order"]
    assert said["clips"][0]["file"] == f"clips/{clip.name}"
    html = (folder / "report.html").read_text()
    assert f'src="clips/{clip.name}"' in html
    assert "<script" not in html
    assert f'"{KEY}"' not in (folder / "report.json").read_text()


async def test_who_takes_evidence_away_stands_on_the_timeline(folder: Path, world: World) -> None:
    digest = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    told = await world.rows("SELECT kind, actor, facts FROM event WHERE kind LIKE 'evidence.%%'")
    assert told == [("evidence.bundled", "evidence page", {"manifest_sha256": digest})]
    assert f"Manifest: {digest}" in verified(folder)[1]


async def test_film_that_cannot_be_read_is_missing_in_a_bundle(world: World, minute: Reel, tmp_path: Path) -> None:
    order_id = await collected(world, minute)
    Studio(world).files()[1].write_bytes(b"broken")
    answer = await world.client.get(at(world, order_id) + "/bundle.zip")
    (tmp_path / "b.zip").write_bytes(answer.content)
    with zipfile.ZipFile(tmp_path / "b.zip") as packed:
        [clip] = json.loads(packed.read("report.json"))["clips"]
        assert "Missing" in packed.read("report.html").decode()
    assert clip["clip"]["missing"] == [{"since": "2024-01-15T01:00:10Z", "until": "2024-01-15T01:00:17.300000Z"}]


async def test_so_many_bundles_are_made_at_once(world: World, minute: Reel) -> None:
    address = at(world, await collected(world, minute)) + "/bundle.zip"
    waiting = "SELECT count(*) FROM pg_locks WHERE relation = 'film_piece'::regclass AND NOT granted"
    asked = 2 * BUNDLES_AT_ONCE + 1
    async with world.desk.database.transaction() as tx:
        await tx.execute("LOCK TABLE film_piece IN ACCESS EXCLUSIVE MODE")
        asking = [asyncio.create_task(world.client.get(address)) for _ in range(asked)]
        async with asyncio.timeout(20):
            while len(world.desk.limiter._of(PAGES_OF_ADDRESS, "127.0.0.1")) < asked:
                await asyncio.sleep(0.01)
            while await tx.value(waiting) < BUNDLES_AT_ONCE:
                await asyncio.sleep(0.01)
        assert await tx.value(waiting) == BUNDLES_AT_ONCE
    assert {(await one).status_code for one in asking} == {200}


async def test_pictures_are_in_a_bundle_and_lost_ones_are_told(world: World, tmp_path: Path) -> None:
    order_id = await pictured(world)
    names = []
    for lost in (False, True):
        if lost:
            await world.desk.objects.delete(["proof/L-1"])
        found = await evidence.read(world.desk, account_id=ACCOUNT, order_id=order_id)
        with (tmp_path / "b.zip").open("wb") as file:
            await evidence.write_bundle(templates(), world.desk, found, file, by="x")
        with zipfile.ZipFile(tmp_path / "b.zip") as packed:
            names.append([name for name in packed.namelist() if name.startswith("pictures/")])
            missing = json.loads(packed.read("report.json"))["pictures_missing"]
    picture_id = found.pictures[0].id
    assert (names, missing) == ([[f"pictures/{picture_id}.png"], []], [picture_id])


@pytest.mark.parametrize("before", ["", OPENSSL])
async def test_a_good_bundle_is_verified_by_the_servers_key(folder: Path, before: str) -> None:
    code, said = verified(folder, *key_of(folder), before=before)
    assert (code, said.splitlines()[0]) == (VERIFIED, "VERIFIED: hashes, signature and key are right")
    packed = str(folder.parent / "bundle.zip")
    assert verified(folder, packed, *key_of(folder), before=before)[0] == VERIFIED
    fingerprint = said.splitlines()[-1].rpartition(" ")[2]
    assert verified(folder, "--key", fingerprint, before=before)[0] == VERIFIED


async def test_it_is_not_called_verified_without_a_key_or_a_signature(folder: Path) -> None:
    code, said = verified(folder)
    assert (code, said.startswith("NOT VERIFIED: ")) == (UNSURE, True)
    assert "whose key it is" in said
    code, said = verified(folder, *key_of(folder), before=OPENSSL, path="/nowhere")
    assert (code, said.startswith("NOT VERIFIED: only the hashes were looked at")) == (UNSURE, True)


def a_byte(folder: Path) -> None:
    [clip] = folder.glob("clips/*.mp4")
    content = bytearray(clip.read_bytes())
    content[len(content) // 2] ^= 1
    clip.write_bytes(content)


def removed(folder: Path) -> None:
    (folder / "report.json").unlink()


def added(folder: Path) -> None:
    (folder / "clips" / "more.mp4").write_bytes(b"x")


def swapped(folder: Path) -> None:
    signature = Ed25519PrivateKey.generate().sign((folder / "manifest.json").read_bytes())
    (folder / "manifest.sig").write_bytes(signature)


def manifest(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b'"evidence page"', b'"somebody else"'))


def forged(folder: Path, before: bytes = b"") -> None:
    """All anew, by a key of somebody else."""
    a_byte(folder)
    key = Ed25519PrivateKey.generate()
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / "public.pem").write_bytes(before + pem)
    told: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    told["order"] = "N-1\r\x1b[2J\nVERIFIED: hashes"
    for name in told["files"]:
        content = (folder / name).read_bytes()
        told["files"][name] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    said = json.dumps(told).encode()
    (folder / "manifest.json").write_bytes(said)
    (folder / "manifest.sig").write_bytes(key.sign(said))


def two_keys(folder: Path) -> None:
    """As `forged`; before the other key stands the server's, where OpenSSL reads nothing."""
    forged(folder, (folder / "public.pem").read_bytes().split(b"\n")[1] + b"\n")


def nested(folder: Path) -> None:
    (folder / "manifest.json").write_bytes(b"[" * 100_000)


def large(folder: Path) -> None:
    with (folder / "manifest.json").open("r+b") as file:
        file.truncate(2**24 + 1)


def a_pipe(folder: Path) -> None:
    (folder / "report.json").unlink()
    os.mkfifo(folder / "report.json")


@pytest.mark.parametrize("before", ["", OPENSSL])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (a_byte, ".mp4: changed"),
        (removed, "report.json: missing"),
        (added, "clips/more.mp4: not in the manifest"),
        (swapped, "the signature is not that of this manifest"),
        (manifest, "the signature is not that of this manifest"),
        (forged, "signed by another key"),
        (two_keys, "this is not a whole bundle (not a public key)"),
        (nested, "this is not a whole bundle"),
        (large, "manifest.json is too large"),
        (a_pipe, "report.json: cannot be read (no ordinary file)"),
    ],
)
async def test_a_changed_bundle_is_told(
    folder: Path, change: Callable[[Path], None], words: str, before: str
) -> None:
    change(folder)
    code, said = verified(folder, *key_of(folder), before=before)
    assert (code, said.startswith("CHANGED: "), words in said) == (CHANGED, True, True), said
    assert not any(line.startswith("VERIFIED") for line in said.splitlines())
    assert "\x1b" not in said


async def test_a_file_that_is_packed_twice_is_told(folder: Path) -> None:
    packed = folder.parent / "bundle.zip"
    with zipfile.ZipFile(packed, "a") as more, pytest.warns(UserWarning, match="Duplicate"):
        more.writestr("report.json", (folder / "report.json").read_bytes())
    code, said = verified(folder, str(packed), *key_of(folder))
    assert (code, "report.json: there twice" in said) == (CHANGED, True)


def in_front(packed: Path) -> None:
    packed.write_bytes(b"#!/bin/sh\n" + packed.read_bytes())


def between(packed: Path) -> None:
    """Another file, that only those see who do not read the list at the end."""
    with zipfile.ZipFile(packed, "a") as more:
        more.writestr("hidden.mp4", b"x" * 100)
        more.writestr("last", b"")
        more.filelist = [one for one in more.filelist if one.filename not in ("hidden.mp4", "last")]
        more._didModify = True  # type: ignore[attr-defined]


def a_comment(packed: Path) -> None:
    with zipfile.ZipFile(packed, "a") as more:
        more.comment = b"PK of another zip"


def marked(change: Callable[[zipfile.ZipInfo], None]) -> Callable[[Path], None]:
    """What the list at the end says of a file."""

    def mark(packed: Path) -> None:
        with zipfile.ZipFile(packed, "a") as more:
            change(more.getinfo("report.json"))
            more._didModify = True  # type: ignore[attr-defined]

    return mark


def a_link(one: zipfile.ZipInfo) -> None:
    one.external_attr = (stat.S_IFLNK | 0o777) << 16


def encrypted(one: zipfile.ZipInfo) -> None:
    one.flag_bits |= 1


def unknown_method(one: zipfile.ZipInfo) -> None:
    one.compress_type = 99


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (in_front, "bytes before it belong to no file"),
        (between, "bytes behind the files belong to none"),
        (a_comment, "bytes behind the files belong to none"),
        (marked(a_link), "report.json: cannot be read (a link)"),
        (marked(encrypted), "report.json: cannot be read"),
        (marked(unknown_method), "report.json: cannot be read"),
    ],
)
async def test_what_a_zip_can_hide_is_told(folder: Path, change: Callable[[Path], None], words: str) -> None:
    packed = folder.parent / "bundle.zip"
    change(packed)
    code, said = verified(folder, str(packed), *key_of(folder))
    assert (code, words in said) == (CHANGED, True), said
