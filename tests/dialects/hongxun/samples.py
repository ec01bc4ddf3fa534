"""The signed bodies of the manual, and a client of our own that signs without the code under test."""

import json
from collections.abc import Callable
from hashlib import md5
from pathlib import Path
from typing import Any, NamedTuple

CASES = Path(__file__).parents[3] / "src/crossdock/dialects/hongxun/cases"
TIMESTAMP = "2024-08-02 07:10:41"
SECRETS = {"HXDEMO": "c8f1e2d3b4a59687", "CARRIER01": "77aa55cc11ee33dd"}


class Sample(NamedTuple):
    title: str
    body: str

    @property
    def members(self) -> dict[str, Any]:
        return json.loads(self.body)  # type: ignore[no-any-return]

    @property
    def secret(self) -> str:
        return SECRETS[self.members["createBy"]]


class Example(NamedTuple):
    title: str
    request: str
    text: str
    digest: str


def samples() -> list[Sample]:
    """Blocks of `# title` and the body as printed."""
    blocks = (CASES / "signed_samples.txt").read_text("utf-8").removeprefix("# ").split("\n# ")
    return [Sample(*block.split("\n", 1)) for block in blocks]


def examples() -> list[Example]:
    """Blocks of `# title`, the request, the signed text, the digest."""
    blocks = (CASES / "worked_examples.txt").read_text("utf-8").removeprefix("# ").strip().split("\n\n# ")
    return [Example(*block.split("\n")) for block in blocks]


def sample(number: str) -> dict[str, Any]:
    """The body of one section, as `8.1`."""
    return next(one.members for one in samples() if one.title.startswith(f"{number} "))


def sign(
    request: Any,
    *,
    create_by: str = "HXDEMO",
    data_source: str = "DEMO_ERP",
    secret: str | None = None,
    timestamp: str = TIMESTAMP,
    write: Callable[[Any], str] | None = None,
) -> dict[str, Any]:
    """A signed body for requests whose numbers are whole; `write` prints them otherwise."""
    written = json.dumps(request, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    text = "&".join(
        (create_by, data_source, write(request) if write else written, secret or SECRETS[create_by], timestamp)
    )
    return {
        "createBy": create_by,
        "dataSource": data_source,
        "sign": md5(text.encode()).hexdigest(),
        "timestamp": timestamp,
        "request": request,
    }
