"""Every case of every dialect, asked over HTTP; and every call that is listed as done has one."""

import json
import re
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from crossdock import dialects
from crossdock.edge.dialect import Dialect
from tests.world import World

ROOT = Path(dialects.__file__).parent
ABSENT = object()


def cases() -> list[Any]:
    paths = sorted(ROOT.glob("*/cases/*.json"))
    return [pytest.param(path, id=f"{path.parent.parent.name}/{path.stem}") for path in paths]


@pytest.mark.parametrize("path", cases())
async def test_case(world: World, path: Path) -> None:
    case = json.loads(path.read_text())
    if "clock" in case:
        world.clock.set(datetime.fromisoformat(case["clock"]))
    for line in case.get("given", []):
        await world.given(line)
    for step in case.get("steps", [case]):
        answer = await send(world.client, step["send"])
        check(answer, step["expect"], step.get("unchecked", []))


async def send(client: httpx.AsyncClient, said: dict[str, Any]) -> httpx.Response:
    query = said.get("query")
    if isinstance(query, dict):
        query = str(httpx.QueryParams(query))
    headers = dict(said.get("headers", {}))
    content: dict[str, Any] = {}
    if "json" in said:
        content["content"] = json.dumps(said["json"], ensure_ascii=False).encode()
        headers.setdefault("content-type", "application/json")
    elif "form" in said:
        content["data"] = said["form"]
    elif "body" in said:
        content["content"] = said["body"].encode()
    url = said["path"] + (f"?{query}" if query else "")
    return await client.request(said.get("method", "POST"), url, headers=headers, **content)


def check(answer: httpx.Response, expect: dict[str, Any], unchecked: list[str]) -> None:
    assert answer.status_code == expect.get("status", 200), answer.text
    for name, value in expect.get("headers", {}).items():
        assert answer.headers.get(name) == value
    if "json" in expect:
        got, wanted = answer.json(), json.loads(json.dumps(expect["json"]))
        for dotted in unchecked:
            assert pop(got, dotted) is not ABSENT, f"{dotted} is not in the answer"
            pop(wanted, dotted)
        assert got == wanted
    if "body" in expect:
        assert answer.text == expect["body"]


def pop(value: Any, dotted: str) -> Any:
    """Take out what stands at `a.0.b`; ABSENT when nothing does."""
    *path, last = dotted.split(".")
    for step in path:
        value = _step(value, step)
        if value is ABSENT:
            return ABSENT
    found = _step(value, last)
    if found is not ABSENT:
        if isinstance(value, dict):
            del value[last]
        else:
            value[int(last)] = None
    return found


def _step(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return value.get(name, ABSENT)
    if isinstance(value, list) and name.isdigit() and int(name) < len(value):
        return value[int(name)]
    return ABSENT


# The lists ------------------------------------------------------------------------


def listed(dialect: Dialect) -> list[dict[str, Any]]:
    return tomllib.loads((ROOT / dialect.name / "endpoints.toml").read_text())["call"]


@pytest.mark.parametrize("dialect", dialects.load(), ids=lambda dialect: dialect.name)
def test_every_served_call_is_listed_as_done_and_every_done_call_is_served(dialect: Dialect) -> None:
    done = {call["path"] for call in listed(dialect) if call["state"] == "done"}
    assert done == {endpoint.call for endpoint in dialect.endpoints}


@pytest.mark.parametrize("dialect", dialects.load(), ids=lambda dialect: dialect.name)
def test_every_listed_call_names_its_source_and_an_exempt_one_its_reason(dialect: Dialect) -> None:
    for call in listed(dialect):
        assert call["state"] in ("done", "todo", "exempt")
        assert call["source"]
        assert call["state"] != "exempt" or call["because"]


@pytest.mark.parametrize("dialect", dialects.load(), ids=lambda dialect: dialect.name)
def test_every_done_call_has_a_case(dialect: Dialect) -> None:
    asked = [
        step["send"]
        for path in (ROOT / dialect.name / "cases").glob("*.json")
        for case in [json.loads(path.read_text())]
        for step in case.get("steps", [case])
    ]
    missing = [
        call["path"]
        for call in listed(dialect)
        if call["state"] == "done" and not any(is_asked(said, call["path"]) for said in asked)
    ]
    assert not missing


def is_asked(said: dict[str, Any], call: str) -> bool:
    """Whether a case asks a call: `[id]` is one segment; `?_mt=x` stands in the query or the body."""
    verb, _, target = call.partition(" ")
    if said.get("method", "POST") != verb:
        return False
    path, _, query = target.partition("?")
    pattern = re.escape(path.rstrip("/").lower()).replace(re.escape("[id]"), "[^/]+")
    if not re.fullmatch(pattern, said["path"].rstrip("/").lower()):
        return False
    everything = json.dumps(said)
    return all(part.partition("=")[2] in everything for part in query.split("&") if part)


def test_no_path_belongs_to_two_dialects() -> None:
    prefixes = [prefix.lower() for dialect in dialects.load() for prefix in dialect.prefixes]
    assert len(prefixes) == len(set(prefixes))
