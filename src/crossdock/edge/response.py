"""One response: status, body, headers."""

from typing import Any

from crossdock.base import json

JSON_UTF8 = "application/json; charset=utf-8"


class Response:
    __slots__ = ("body", "headers", "status")

    def __init__(self, body: bytes = b"", *, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.status = status
        self.body = body
        self.headers = headers or {}


def json_response(
    value: Any, *, status: int = 200, content_type: str = JSON_UTF8, headers: dict[str, str] | None = None
) -> Response:
    return Response(json.encode(value), status=status, headers={"content-type": content_type, **(headers or {})})
