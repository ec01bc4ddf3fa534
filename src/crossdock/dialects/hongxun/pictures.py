"""承运商签收图片推送: pictures of who signed, as base64 or by their address."""

import base64
import binascii
import re
from hashlib import sha256
from typing import Any, Final

from crossdock.core.accounts.model import Caller
from crossdock.core.transport import pictures
from crossdock.core.transport import queries as transport
from crossdock.core.transport.errors import WaybillUnknown
from crossdock.core.transport.model import NewPicture
from crossdock.dialects.hongxun import words
from crossdock.dialects.hongxun.carriers import accounts_served, local_time
from crossdock.dialects.hongxun.fields import MISSING, NAME_CHARS_MAX, NOT_ALLOWED, REMARK_CHARS_MAX, Reader
from crossdock.dialects.hongxun.wire import BODY_BYTES_MAX, Call, object_reader
from crossdock.edge.desk import Desk

BASE64: Final = "imageBase64"
URL: Final = "imageUrl"
CONTENT: Final = ("imageContent", "imageBase64", "imageUrl", "url", "content", "image")
"""What a picture may stand under, for the page's four members are not stored: the first that is filled."""
PICTURES_MAX: Final = 50
PICTURE_BYTES_MAX: Final = 4 * 1024 * 1024
"""Decoded."""
URL_CHARS_MAX: Final = 1_024
TYPES: Final = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF8": "image/gif",
    b"BM": "image/bmp",
    b"RIFF": "image/webp",
    b"%PDF-": "application/pdf",
}
"""First bytes -> what it is."""
UNKNOWN_TYPE: Final = "application/octet-stream"
_DATA_URL: Final = re.compile(r"\s*data:[^,]{0,200};base64,")


async def sign_image_push(desk: Desk, caller: Caller, call: Call) -> None:
    """A picture is kept before its row is written; an address is passed on and never fetched.

    Errors: FieldsInvalid, WaybillUnknown.
    """
    reader = object_reader(call.request)
    reader.kept()
    mailno = reader.text("mailno", required=True)
    type_ = reader.text("imageType", required=True)
    if type_ and type_ not in (BASE64, URL):
        reader.complain("imageType", NOT_ALLOWED)
    zone = words.zone_of(caller.credential.scope)
    told: list[NewPicture] = []
    contents: dict[str, bytes] = {}
    for one in reader.objects("imageInfos", entries_max=PICTURES_MAX):
        content = one.text(_name(one), chars_max=BODY_BYTES_MAX if type_ == BASE64 else URL_CHARS_MAX, required=True)
        rest: dict[str, Any] = {
            "name": one.text("imageName", chars_max=NAME_CHARS_MAX),
            "remark": one.text("remark", chars_max=REMARK_CHARS_MAX),
            "signed_at": local_time(one, "signedTime", one.text("signedTime"), zone),
        }
        if type_ == URL:
            if content and not content.startswith(("http://", "https://")):
                one.complain(_name(one), NOT_ALLOWED)
            told.append(NewPicture(digest=sha256(content.encode("utf-8", "replace")).digest(), url=content, **rest))
        elif type_ == BASE64 and (picture := _decoded(one, content)):
            digest = sha256(picture)
            key = f"proofs/{digest.hexdigest()[:2]}/{digest.hexdigest()}"
            contents[key] = picture
            told.append(
                NewPicture(
                    digest=digest.digest(),
                    object_key=key,
                    content_type=content_type(picture),
                    size_bytes=len(picture),
                    **rest,
                )
            )
    reader.finish()
    served = await accounts_served(desk, caller)
    async with desk.database.transaction(readonly=True) as tx:
        if not await transport.newest(tx, account_ids=served, mailnos=[mailno]):
            raise WaybillUnknown(mailnos=mailno)
    for key, picture in contents.items():
        await desk.objects.put(key, picture)
    async with desk.database.transaction() as tx:
        await pictures.prove(
            tx, account_ids=served, mailno=mailno, pictures=told, dialect="hongxun", actor=caller.credential.key
        )


def content_type(picture: bytes) -> str:
    """By its first bytes."""
    return next((type_ for begin, type_ in TYPES.items() if picture.startswith(begin)), UNKNOWN_TYPE)


def _name(reader: Reader) -> str:
    return next((name for name in CONTENT if reader.filled(name)), CONTENT[0])


def _decoded(reader: Reader, text: str) -> bytes:
    """Without the prefix of a data address, and without line breaks. What is none is complained of, and empty."""
    if not text:
        return b""
    prefix = _DATA_URL.match(text)
    bare = text[prefix.end() if prefix else 0 :].translate({ord(sign): None for sign in " \r\n\t"})
    try:
        picture = base64.b64decode(bare, validate=True)
    except (binascii.Error, ValueError):
        reader.complain(_name(reader), "不是有效的base64")
        return b""
    if not picture:
        reader.complain(_name(reader), MISSING)
    if len(picture) > PICTURE_BYTES_MAX:
        reader.complain(_name(reader), f"不能超过{PICTURE_BYTES_MAX}字节")
        return b""
    return picture
