"""Papers over HTTP."""

import asyncio

import pytest

from crossdock.base.errors import Overloaded
from crossdock.console.papers import WAITING_MAX, Press
from crossdock.core.papers.product_label import ProductLabel

LABEL = ProductLabel(code="1", sku="1", name="n")


@pytest.mark.parametrize("more", [0, 1])
async def test_as_many_papers_as_may_wait_and_one_more(more: int) -> None:
    press = Press()
    asked = [press.printed(LABEL, "pdf") for _ in range(WAITING_MAX + more)]
    made = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(paper) for paper in made] == [bytes] * WAITING_MAX + [Overloaded] * more
    assert isinstance(await press.printed(LABEL, "pdf"), bytes)
