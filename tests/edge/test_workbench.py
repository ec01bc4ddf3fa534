"""Which mistake explains a signature."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from crossdock.base.config import Config
from crossdock.core.accounts.model import Credential
from crossdock.edge.workbench import (
    MISTAKES_MAX,
    SECRET,
    Claimed,
    Examined,
    Mistake,
    Pasted,
    Workbench,
    always_in_time,
    examine,
)

NOW = datetime(2024, 8, 2, tzinfo=UTC)


def key(secret: str, name: str = "k") -> Credential:
    return Credential(id=1, account_id=47, dialect="x", key=name, secret=secret)  # type: ignore[arg-type]


def examined(received: str, **more: Any) -> Examined:
    def mistakes(raw: bytes, **given: Any) -> Iterator[Mistake]:
        for number in range(MISTAKES_MAX + 1):
            yield Mistake(cause="field_missing", field=str(number), signature=f"missing {number}")

    bench = Workbench(
        claimed=lambda raw, **given: Claimed(key="k", signature=received),
        explain=lambda raw, *, secret, **given: (f"{raw.decode()}{secret}", f"signed with {secret}"),
        mistakes=mistakes,
        in_time=always_in_time,
    )
    given: dict[str, Any] = {"credential": key("s3cret"), "others": [], "now": NOW, "config": Config(), **more}
    return examine(bench, Pasted(body=b"text "), **given)


def test_so_many_mistakes_are_tried() -> None:
    assert examined(f"missing {MISTAKES_MAX - 1}").field == str(MISTAKES_MAX - 1)
    assert examined(f"missing {MISTAKES_MAX}").cause in ("unknown", "length")


def test_no_secret_is_in_what_was_found() -> None:
    for received in ("signed with s3cret", "", "signed with oth3r", "nonsense"):
        found = examined(received, others=[key("s3cret"), key("oth3r", "other")])
        assert found.text == f"text {SECRET}"
        assert "oth3r" not in found.expected + found.text
    assert examined("signed with oth3r", others=[key("oth3r", "other")]).key == "other"


def test_a_key_nobody_goes_by_expects_nothing() -> None:
    found = examined("x", credential=None)
    assert (found.cause, found.expected, found.position, found.key) == ("no_key", "", None, "k")
