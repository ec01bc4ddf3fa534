"""What a partner's client should have signed, and where its signature goes wrong."""

import hmac
import json
from difflib import get_close_matches
from importlib import import_module
from urllib.parse import parse_qsl

from msgspec import Struct
from rich.console import Console

from crossdock import dialects
from crossdock.base.errors import SetupFailed
from crossdock.edge.workbench import first_difference


class DialectUnknown(SetupFailed):
    """No dialect has this name. Facts: dialect, known."""


class HeaderMalformed(SetupFailed):
    """A header is written as 'name: value'. Facts: header."""


class Signed(Struct, frozen=True, kw_only=True):
    text: str
    signature: str
    """Empty for a dialect whose requests are not signed."""
    case_counts: bool = False
    """Whether the server refuses the same digits in the other case."""


def explain(dialect: str, raw: bytes, *, query: str, headers: list[str], secret: str) -> Signed:
    """Errors: DialectUnknown, HeaderMalformed, and those of the dialect for a body it cannot read."""
    known = dialects.names()
    if dialect not in known:
        meant = get_close_matches(dialect, known, n=1)
        raise DialectUnknown(dialect=dialect, known=", ".join(known), **({"meant": meant[0]} if meant else {}))
    module = import_module(f"crossdock.dialects.{dialect}")
    text, signature = module.explain(
        raw, query=query.removeprefix("?"), headers=dict(_header(header) for header in headers), secret=secret
    )
    return Signed(text=text, signature=signature, case_counts=getattr(module, "CASE_COUNTS", False))


def is_signed(dialect: str, raw: bytes, *, query: str, secret: str) -> bool:
    """Whether a callback bears the signature that its text should have: in its body, or as `sign` of its address.

    Errors: as explain; ValueError for a body that is no JSON.
    """
    wanted = explain(dialect, raw, query="", headers=[], secret=secret).signature
    body = json.loads(raw)
    said = body.get("sign") if isinstance(body, dict) else None
    given = said or dict(parse_qsl(query)).get("sign", "")
    return hmac.compare_digest(wanted.encode(), str(given).encode())


def show(signed: Signed, *, given: str, out: Console) -> bool:
    """Whether the given signature is right; True when none was given."""
    out.print("signed text:", style="dim")
    out.print(signed.text, markup=False, soft_wrap=True)
    out.print("signature:", style="dim")
    out.print(signed.signature or "this API signs no requests", markup=False, soft_wrap=True)
    if not given or not signed.signature:
        return True
    position = first_difference(given, signed.signature, case_counts=signed.case_counts)
    if position is None:
        out.print("The given signature is right.", style="green")
        return True
    out.print(f"The given signature differs at character {position}:", style="red")
    out.print(given.strip(), markup=False, soft_wrap=True)
    out.print(" " * (position - 1) + "^", markup=False, soft_wrap=True)
    return False


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise HeaderMalformed(header=text)
    return name.strip().lower(), value.strip()
