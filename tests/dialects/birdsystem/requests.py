"""Requests as the server hands them to the dialect, for tests that need no server."""

from crossdock.edge.request import Request


def request(
    *,
    method: str = "POST",
    path: str = "/client/consignment",
    query: str = "",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
) -> Request:
    return Request(
        method=method,
        path=path,
        query_string=query.encode(),
        headers=[(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
        body=body,
    )
