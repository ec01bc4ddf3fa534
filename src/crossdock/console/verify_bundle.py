#!/usr/bin/env python3
"""Verify a bundle of evidence, offline: python3 verify.py [BUNDLE.zip or its unpacked folder] [--key KEY]

KEY is the server's public key: a PEM file, or its fingerprint, 64 hex digits. Ask for it who runs the server
(`crossdock evidence --public-key`), not the bundle: whoever changed a bundle can put another key inside.

Exit code 0: verified. 1: the bundle was changed. 2: nothing wrong was found, but it is not verified.
Needs Python, and for the signature either the `cryptography` package or `openssl` 3.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import stat
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any, Union

MANIFEST, SIGNATURE, PUBLIC_KEY = "manifest.json", "manifest.sig", "public.pem"
VERIFIED, CHANGED, UNSURE = 0, 1, 2
CHUNK = 1 << 20
READ_BYTES_MAX = 1 << 24
"""Of manifest, signature and key; a manifest names each file in some hundred bytes."""
_HAS_DESCRIPTOR = 8
_DER = bytes.fromhex("302a300506032b6570032100")
"""What stands before the 32 bytes of an Ed25519 public key."""
BROKEN = (
    OSError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    RuntimeError,
    EOFError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
)
"""What reading something that was made to be hard to read raises."""


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> list[str]:
        return [
            one.relative_to(self.path).as_posix()
            for one in self.path.rglob("*")
            if not one.is_dir() or one.is_symlink()
        ]

    def open(self, name: str) -> IO[bytes]:
        if not stat.S_ISREG((self.path / name).lstat().st_mode):
            raise OSError("no ordinary file")
        return (self.path / name).open("rb")

    def beside(self) -> list[str]:
        return []


class Zip:
    def __init__(self, path: Path) -> None:
        self.zip = zipfile.ZipFile(path)
        self.file = path.open("rb")

    def names(self) -> list[str]:
        return [one.filename for one in self.zip.infolist() if one.file_size or not one.is_dir()]

    def open(self, name: str) -> IO[bytes]:
        if stat.S_ISLNK(self.zip.getinfo(name).external_attr >> 16):
            raise OSError("a link")
        return self.zip.open(name)

    def beside(self) -> list[str]:
        """Bytes that belong to no file: another program may read another zip out of the same bytes."""
        at = 0
        for one in sorted(self.zip.infolist(), key=lambda one: one.header_offset):
            if one.header_offset != at or one.flag_bits & _HAS_DESCRIPTOR:
                return [f"{one.filename}: bytes before it belong to no file"]
            self.file.seek(at)
            _, name_bytes, extra_bytes = struct.unpack("<26sHH", self.file.read(30))
            at += 30 + name_bytes + extra_bytes + one.compress_size
        if self.zip.comment or self.zip.start_dir != at:
            return ["bytes behind the files belong to none"]
        return []


Place = Union[Folder, Zip]  # noqa: UP007  # Python of a stranger may be old


def read(place: Place, name: str) -> bytes:
    with place.open(name) as file:
        content = file.read(READ_BYTES_MAX + 1)
    if len(content) > READ_BYTES_MAX:
        raise ValueError(f"{name} is too large")
    return content


def hashed(place: Place, name: str) -> dict[str, Any]:
    digest, size = hashlib.sha256(), 0
    with place.open(name) as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return {"sha256": digest.hexdigest(), "bytes": size}


def differences(place: Place, files: dict[str, Any]) -> list[str]:
    """What differs from the manifest, in words."""
    names = place.names()
    found = [f"{name}: there twice" for name in sorted({one for one in names if names.count(one) > 1})]
    found += place.beside()
    listed = {*files, MANIFEST, SIGNATURE}
    found += [f"{name}: not in the manifest" for name in sorted(set(names) - listed)]
    for name, told in files.items():
        if name not in names:
            found.append(f"{name}: missing")
            continue
        try:
            if hashed(place, name) != told:
                found.append(f"{name}: changed")
        except BROKEN as error:
            found.append(f"{name}: cannot be read ({error})")
    return found


def raw_key(pem: bytes) -> bytes:
    """The 32 bytes of an Ed25519 public key. One key and nothing beside it: of two, others may read the other."""
    lines = pem.decode("ascii").split()
    if lines[:3] != ["-----BEGIN", "PUBLIC", "KEY-----"] or lines[4:] != ["-----END", "PUBLIC", "KEY-----"]:
        raise ValueError("not a public key")
    der = base64.b64decode(lines[3], validate=True)
    if len(der) != 44 or not der.startswith(_DER):
        raise ValueError("not an Ed25519 public key")
    return der[12:]


def as_pem(key: bytes) -> bytes:
    return b"-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(_DER + key) + b"\n-----END PUBLIC KEY-----\n"


def signature_fits(key: bytes, manifest: bytes, signature: bytes) -> bool | None:
    """True or False; None where neither `cryptography` nor `openssl` is there to tell."""
    try:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  # may be absent
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
    except ImportError:
        return openssl_says(key, manifest, signature)
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, manifest)
    except InvalidSignature:
        return False
    return True


def openssl_says(key: bytes, manifest: bytes, signature: bytes) -> bool | None:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in (PUBLIC_KEY, MANIFEST, SIGNATURE)]
        contents = (as_pem(key), manifest, signature)
        for path, content in zip(paths, contents):  # noqa: B905  # Python of a stranger may be old
            path.write_bytes(content)
        pem, signed, sig = map(str, paths)
        words = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", pem, "-rawin", "-in", signed, "-sigfile", sig]
        try:
            done = subprocess.run(words, check=False, capture_output=True, text=True)
        except OSError:
            return None
    if done.returncode == 0 and "Signature Verified Successfully" in done.stdout:
        return True
    return False if "Signature Verification Failure" in done.stdout + done.stderr else None


def verdict(place: Place, wanted: str | None) -> tuple[int, list[str]]:
    """Exit code, and what is said."""
    try:
        manifest, signature, pem = (read(place, name) for name in (MANIFEST, SIGNATURE, PUBLIC_KEY))
        told = json.loads(manifest)
        found = differences(place, told["files"])
        key = raw_key(pem)
    except BROKEN as error:
        return CHANGED, [f"CHANGED: this is not a whole bundle ({error})"]
    if found:
        return CHANGED, ["CHANGED: files differ from the manifest", *found]
    fingerprint = hashlib.sha256(key).hexdigest()
    said = [f"Order {told.get('order')}, made at {told.get('made_at')} by {told.get('made_by')}."]
    said += [f"All {len(told['files'])} files have the hashes of the manifest."]
    said += [f"Manifest: {hashlib.sha256(manifest).hexdigest()}", f"Key in the bundle: {fingerprint}"]
    fits = signature_fits(key, manifest, signature)
    if fits is False:
        return CHANGED, ["CHANGED: the signature is not that of this manifest", *said]
    if wanted is not None and wanted != fingerprint:
        return CHANGED, [f"CHANGED: signed by another key than {wanted}", *said]
    if fits is None:
        why = "only the hashes were looked at: install `cryptography` for Python, or openssl 3"
        return UNSURE, [f"NOT VERIFIED: {why}", *said]
    if wanted is None:
        why = "the signature is that of the key in the bundle; whose key it is, say with --key"
        return UNSURE, [f"NOT VERIFIED: {why}", *said]
    return VERIFIED, ["VERIFIED: hashes, signature and key are right", *said]


def fingerprint_of(given: str) -> str:
    if len(given) == 64 and all(one in "0123456789abcdefABCDEF" for one in given):
        return given.lower()
    return hashlib.sha256(raw_key(Path(given).read_bytes())).hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--key")
    given = parser.parse_args()
    try:
        wanted = None if given.key is None else fingerprint_of(given.key)
        place: Place = Folder(given.bundle) if given.bundle.is_dir() else Zip(given.bundle)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        parser.error(str(error))
    code, said = verdict(place, wanted)
    for line in said:  # may hold what a stranger wrote: nothing that moves the cursor
        sys.stdout.write("".join(one if one.isprintable() else "?" for one in line) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
