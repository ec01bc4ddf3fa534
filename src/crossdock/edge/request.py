"""One request as it came in: raw bytes kept, because a signature may be over them."""

from functools import cached_property
from io import BytesIO
from itertools import chain
from urllib.parse import parse_qsl, unquote_to_bytes

from python_multipart import FormParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File
from yarl import query_to_pairs

from crossdock.base.errors import BodyMalformed

FORM_FIELDS_MAX = 10_000
FORM_TYPE = "application/x-www-form-urlencoded"
MULTIPART_TYPE = "multipart/form-data"
JSON_TYPE = "application/json"
_REPLACED = "\ufffd"


class Request:
    """`headers` are lower-case names and raw values as they came, underscores included."""

    def __init__(
        self,
        *,
        method: str,
        path: str,
        query_string: bytes,
        headers: list[tuple[bytes, bytes]],
        body: bytes,
        peer: str = "",
        scheme: str = "http",
        host: str = "",
    ) -> None:
        self.method = method
        self.path = path
        self.query_string = query_string
        self.headers = headers
        self.body = body
        self.peer = peer
        self.scheme = scheme
        self.host = host

    def header(self, name: str) -> str | None:
        """The first header of that name (any case); None when it was not sent."""
        wanted = name.lower().encode("latin-1")
        for key, value in self.headers:
            if key == wanted:
                return value.decode("latin-1")
        return None

    @cached_property
    def content_type(self) -> str:
        """The media type alone, lower-case, without parameters; empty when none was sent."""
        return (self.header("content-type") or "").split(";", 1)[0].strip().lower()

    @cached_property
    def query(self) -> list[tuple[str, str]]:
        """The query's pairs, decoded, in order, empty values kept. Errors: BodyMalformed."""
        return _pairs(self.query_string)

    @cached_property
    def form(self) -> list[tuple[str, str]]:
        """The pairs of a form body, urlencoded or multipart; empty for any other type. Errors: BodyMalformed."""
        if self.content_type == FORM_TYPE:
            return _pairs(self.body)
        if self.content_type == MULTIPART_TYPE:
            return _multipart(self.header("content-type") or "", self.body)
        return []


def decoded_path(raw: bytes) -> str:
    """Percent-encoded or raw, both are UTF-8; what is not becomes U+FFFD and fits no path."""
    return unquote_to_bytes(raw).decode(errors="replace")


def _pairs(raw: bytes) -> list[tuple[str, str]]:
    """Text may come percent-encoded or raw; both are UTF-8.

    yarl reads as the standard library does and many times as fast, but puts a mark where text is none: then the slow
    one says whether the mark was sent or made.
    """
    try:
        text = raw.decode()
        pairs = query_to_pairs(text, max_fields=FORM_FIELDS_MAX)
        if _REPLACED in "".join(chain.from_iterable(pairs)):
            return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=FORM_FIELDS_MAX)
        return pairs
    except ValueError as error:
        raise BodyMalformed(cause=str(error)) from error


def _multipart(content_type: str, body: bytes) -> list[tuple[str, str]]:
    """Text parts only; a file part is taken as text when it is text."""
    pairs: list[tuple[str, str]] = []
    ended = False

    def on_end() -> None:
        nonlocal ended
        ended = True

    def on_field(field: Field) -> None:
        pairs.append(((field.field_name or b"").decode(), (field.value or b"").decode()))

    def on_file(file: File) -> None:
        file.file_object.seek(0)
        pairs.append(((file.field_name or b"").decode(), file.file_object.read().decode()))

    boundary = next(
        (
            part.split("=", 1)[1].strip().strip('"')
            for part in content_type.split(";")
            if part.strip().lower().startswith("boundary=")
        ),
        "",
    )
    if not boundary:
        raise BodyMalformed(cause="multipart without boundary")
    try:
        parser = FormParser(
            MULTIPART_TYPE,
            on_field,
            on_file,
            on_end,
            boundary=boundary.encode(),
            config={"MAX_MEMORY_FILE_SIZE": len(body) + 1},
        )
        stream = BytesIO(body)
        while chunk := stream.read(65_536):
            parser.write(chunk)
        parser.finalize()
    except (FormParserError, UnicodeDecodeError) as error:
        raise BodyMalformed(cause=str(error)) from error
    if not ended:
        raise BodyMalformed(cause="multipart without its last boundary")
    if len(pairs) > FORM_FIELDS_MAX:
        raise BodyMalformed(cause=f"more than {FORM_FIELDS_MAX} fields")
    return pairs
