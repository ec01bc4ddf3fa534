"""A webhook of the platform as it was received, and mistakes that receivers make when they check it."""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping

from crossdock.dialects.heidian.auth import webhook_digest
from crossdock.edge.workbench import Claimed, Mistake

DOMAIN = "x-heyshop-shop-domain"
DIGESTS = ("x-heyshop-sha256", "x-heyshop-hmac-sha256")


def claimed(raw: bytes, *, query: str, headers: Mapping[str, str]) -> Claimed:
    digest = next((headers[name] for name in DIGESTS if headers.get(name)), "")
    return Claimed(key=headers.get(DOMAIN, ""), signature=digest)


def mistakes(raw: bytes, *, query: str, headers: Mapping[str, str], secret: str) -> Iterator[Mistake]:
    yield Mistake(cause="algorithm", signature=hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest())
    for algorithm in ("md5", "sha1", "sha512"):
        whole = raw + secret.encode()
        yield Mistake(cause="algorithm", signature=hashlib.new(algorithm, whole, usedforsecurity=False).hexdigest())
    yield Mistake(cause="secret_place", signature=webhook_digest(secret.encode() + raw, ""))
    yield Mistake(cause="no_secret", signature=webhook_digest(raw, ""))
    for body in (raw.strip(), raw + b"\n", raw.replace(b"\n", b"\r\n")):
        yield Mistake(cause="encoding", signature=webhook_digest(body, secret))
    try:
        value = json.loads(raw)
    except ValueError:
        return
    for ascii_only in (False, True):
        for separators in ((",", ":"), (", ", ": ")):
            for sort in (False, True):
                text = json.dumps(value, ensure_ascii=ascii_only, separators=separators, sort_keys=sort)
                cause = Mistake(
                    cause="order" if sort else "encoding", signature=webhook_digest(text.encode(), secret)
                )
                yield cause
