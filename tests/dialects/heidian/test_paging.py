"""Pages: which rows, and the links to the neighbours."""

from typing import Any

import pytest

from crossdock.dialects.heidian.asked import Asked, query_pairs
from crossdock.dialects.heidian.errors import PageInvalid
from crossdock.dialects.heidian.paging import PAGE_SIZE, PAGE_SIZE_MAX, origin, page_of, page_size
from crossdock.dialects.heidian.wire import Page
from crossdock.edge.request import Request

PATH = "/api/orders/pick_up_code/"


def asked(query: str, **headers: str) -> Asked:
    pairs = query_pairs(query.encode())
    names = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    request = Request(
        method="GET",
        path=PATH,
        query_string=query.encode(),
        headers=[(b"host", b"offline.heidian.io"), *names],
        body=b"",
    )
    return Asked(request=request, path=PATH, number=None, query=dict(pairs), pairs=pairs, body={})


async def page(query: str, total: int, **headers: str) -> Page:
    async def find(start: int, limit: int) -> tuple[int, list[int]]:
        assert 0 <= start < 2**63
        return total, list(range(total))[start : start + limit]

    return await page_of(asked(query, **headers), find, lambda row: row)


async def test_links_keep_the_other_parameters_sorted_by_name() -> None:
    found = await page(
        "key_status__in=unused,%20expired&stock_status=unprepare&page=1&page_size=1", 2, x_forwarded_proto="https"
    )

    assert found == Page(
        count=2,
        next="https://offline.heidian.io/api/orders/pick_up_code/"
        "?key_status__in=unused%2C+expired&page=2&page_size=1&stock_status=unprepare",
        previous=None,
        results=[0],
    )


async def test_the_link_to_the_first_page_names_no_page() -> None:
    assert (await page("page=2", 20)).previous == f"http://offline.heidian.io{PATH}"
    assert (await page("z=1&page=2&a=", 20)).previous == f"http://offline.heidian.io{PATH}?a=&z=1"
    assert (await page("page=3", 30)).previous == f"http://offline.heidian.io{PATH}?page=2"


async def test_a_repeated_parameter_stays_repeated_in_links() -> None:
    assert (await page("key=2&key=1&page_size=1", 2)).next == (
        f"http://offline.heidian.io{PATH}?key=2&key=1&page=2&page_size=1"
    )


async def test_the_last_page_has_no_next() -> None:
    found = await page("page=2", 20)

    assert found.next is None
    assert found.results == list(range(10, 20))


@pytest.mark.parametrize(("total", "results"), [(0, []), (10, list(range(10))), (11, [10])])
async def test_the_last_page_by_name(total: int, results: list[int]) -> None:
    assert (await page("page=last", total)).results == results


@pytest.mark.parametrize(
    "number", ["0", "-1", "2", "abc", "", "1.0", "9" * 18, "9" * 30, "99999999999999999", "Last"]
)
async def test_no_such_page(number: str) -> None:
    with pytest.raises(PageInvalid):
        await page(f"page={number}", 10)


async def test_an_empty_list_has_one_page() -> None:
    assert await page("page=1", 0) == Page(count=0, next=None, previous=None, results=[])


@pytest.mark.parametrize(
    ("asked_for", "size"),
    [
        (None, PAGE_SIZE),
        ("", PAGE_SIZE),
        ("0", PAGE_SIZE),
        ("-5", PAGE_SIZE),
        ("many", PAGE_SIZE),
        ("1", 1),
        (str(PAGE_SIZE_MAX), PAGE_SIZE_MAX),
        (str(PAGE_SIZE_MAX + 1), PAGE_SIZE_MAX),
        ("9" * 19, PAGE_SIZE_MAX),
    ],
)
def test_the_size_of_a_page(asked_for: str | None, size: int) -> None:
    assert page_size(asked_for) == size


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ("127.0.0.1:8080", "127.0.0.1:8080"),
        ("[::1]:8080", "[::1]:8080"),
        ("shop_1.example", "shop_1.example"),
        ("", "localhost"),
        ('a"><script>', "localhost"),
        ("a.example/evil?", "localhost"),
        ("user@a.example", "localhost"),
        ("a.example:80:80", "localhost"),
        ("a.example\n", "localhost"),
    ],
)
def test_links_name_a_host_that_can_be_one(host: str, named: str) -> None:
    request = Request(method="GET", path=PATH, query_string=b"", headers=[(b"host", host.encode())], body=b"")

    assert origin(request) == f"http://{named}"


@pytest.mark.parametrize(
    ("headers", "begins"),
    [
        ({}, "http://"),
        ({"x_forwarded_proto": "https"}, "https://"),
        ({"x_forwarded_proto": "HTTPS, http"}, "https://"),
        ({"x_forwarded_proto": "javascript"}, "http://"),
    ],
)
def test_links_begin_as_the_client_asked(headers: dict[str, Any], begins: str) -> None:
    assert origin(asked("", **headers).request) == f"{begins}offline.heidian.io"
