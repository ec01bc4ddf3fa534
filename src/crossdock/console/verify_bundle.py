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
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import IO, Any, Union

MANIFEST, SIGNATURE, PUBLIC_KEY = "manifest.json", "manifest.sig", "public.pem"
VERIFIED, CHANGED, UNSURE = 0, 1, 2
CHUNK = 1 << 20


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
        if (self.path / name).is_symlink():
            raise OSError("a link")
        return (self.path / name).open("rb")


class Zip:
    def __init__(self, path: Path) -> None:
        self.zip = zipfile.ZipFile(path)

    def names(self) -> list[str]:
        return [one for one in self.zip.namelist() if not one.endswith("/")]

    def open(self, name: str) -> IO[bytes]:
        return self.zip.open(name)


Place = Union[Folder, Zip]  # noqa: UP007  # Python of a stranger may be old


def read(place: Place, name: str) -> bytes:
    with place.open(name) as file:
        return file.read()


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
    listed = {*files, MANIFEST, SIGNATURE}
    found += [f"{name}: not in the manifest" for name in sorted(set(names) - listed)]
    for name, told in files.items():
        if name not in names:
            found.append(f"{name}: missing")
            continue
        try:
            if hashed(place, name) != told:
                found.append(f"{name}: changed")
        except (OSError, zipfile.BadZipFile) as error:
            found.append(f"{name}: cannot be read ({error})")
    return found


def raw_key(pem: bytes) -> bytes:
    """The 32 bytes of an Ed25519 public key."""
    lines = [line for line in pem.decode("ascii").splitlines() if line and not line.startswith("-")]
    der = base64.b64decode("".join(lines))
    if len(der) != 44 or not der.startswith(bytes.fromhex("302a300506032b6570032100")):
        raise ValueError("not an Ed25519 public key")
    return der[12:]


def signature_fits(pem: bytes, manifest: bytes, signature: bytes) -> bool | None:
    """True or False; None where neither `cryptography` nor `openssl` is there to tell."""
    try:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  # may be absent
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
    except ImportError:
        return openssl_says(pem, manifest, signature)
    try:
        Ed25519PublicKey.from_public_bytes(raw_key(pem)).verify(signature, manifest)
    except InvalidSignature:
        return False
    return True


def openssl_says(pem: bytes, manifest: bytes, signature: bytes) -> bool | None:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in (PUBLIC_KEY, MANIFEST, SIGNATURE)]
        for path, content in zip(paths, (pem, manifest, signature)):  # noqa: B905  # Python of a stranger may be old
            path.write_bytes(content)
        key, signed, sig = map(str, paths)
        words = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", key, "-rawin", "-in", signed, "-sigfile", sig]
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
    except (OSError, KeyError, ValueError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        return CHANGED, [f"CHANGED: this is not a whole bundle ({error})"]
    if found:
        return CHANGED, ["CHANGED: files differ from the manifest", *found]
    fingerprint = hashlib.sha256(key).hexdigest()
    said = [f"Order {told.get('order')}, made at {told.get('made_at')} by {told.get('made_by')}."]
    said += [f"All {len(told['files'])} files have the hashes of the manifest.", f"Key in the bundle: {fingerprint}"]
    fits = signature_fits(pem, manifest, signature)
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
    sys.stdout.write("\n".join([*said, ""]))
    return code


if __name__ == "__main__":
    sys.exit(main())
